"""A running site for each test."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.settings import Settings
from tests.support.site import Site, Visitor, running


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What was logged, as data: drawing a traceback for nobody takes seconds."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    async with running(settings) as site:
        yield site


@pytest.fixture
async def lan(site: Site) -> AsyncIterator[Visitor]:
    """Bà Lan, who has opened the page."""
    async with site.visitor() as visitor, visitor.connected():
        yield visitor


@pytest.fixture
async def hung(site: Site) -> AsyncIterator[Visitor]:
    """Anh Hùng, who is somebody else."""
    async with site.visitor() as visitor, visitor.connected():
        yield visitor
