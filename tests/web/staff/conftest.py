"""The officers whose pages are looked at."""

import pytest

from bot.staff.model import Role
from tests.support.console import Browser, Desk


@pytest.fixture
def hung(desk: Desk) -> Browser:
    """The unit that the petitions of these tests are for."""
    return desk.officer("hung", Role.OFFICER, "phong_kinh_te")


@pytest.fixture
def binh(desk: Desk) -> Browser:
    """Another unit."""
    return desk.officer("binh", Role.OFFICER, "cong_an")


@pytest.fixture
def admin(desk: Desk) -> Browser:
    return desk.officer("quantri", Role.ADMIN)
