"""A broadcast in a real browser: written by one, released and stopped by another."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.staff.model import Role
from tests.broadcasts.crowd import TEXT, chats
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_staff_pages import Window, check, invite, let_in, opened
from tests.support.site import Site


async def seen(page: Page, name: str) -> None:
    """Is within reach of everybody; kept as a picture where somebody wants to look."""
    await check(page)
    if folder := os.environ.get("PICTURES"):
        width = await page.evaluate("innerWidth")
        path = Path(folder) / f"broadcast-{width}-{name}.png"
        await page.screenshot(path=path, full_page=True)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_from_the_first_word_to_the_stop(
    window: Window, site: Site, viewport: dict[str, int]
) -> None:
    web = site.product.account("web")
    chats(site.product, [f"lan {number}" for number in range(12)], web)
    chats(site.product, ["bay"], web, blocked_at=site.product.clock())
    chats(site.product, ["tu", "nam"], web, subscribed_at=None)
    chats(site.product, ["sau"], site.product.account("zalo"))
    mai = await opened(window, viewport=viewport)
    await let_in(mai, invite(site, "mai", Role.OFFICE, "van_phong"))
    tinh = await opened(window, viewport=viewport)
    await let_in(tinh, invite(site, "tinh", Role.CHAIR))

    await mai.goto("/staff/broadcasts")
    await seen(mai, "1-empty")
    await mai.get_by_label("Nội dung").fill(TEXT)
    await mai.get_by_role("button", name="Xem trước").click()
    await expect(mai.get_by_role("heading", name="Gửi tới 12 người")).to_be_visible()
    await seen(mai, "2-written")

    await tinh.goto("/staff/broadcasts")
    await seen(tinh, "3-waits")
    await tinh.get_by_role("link", name=TEXT).click()
    await seen(tinh, "4-to-release")
    await tinh.get_by_role("button", name="Cho gửi tới 12 người").click()
    await expect(tinh.get_by_role("status")).to_contain_text("Đã cho gửi")
    await seen(tinh, "5-sending")
    await tinh.get_by_role("button", name="Dừng gửi").click()
    await expect(tinh.get_by_role("status")).to_contain_text("Đã dừng")
    await seen(tinh, "6-stopped")
    await expect(tinh.get_by_role("button", name="Gửi tiếp")).to_be_visible()
    await mai.goto("/staff/broadcasts")
    await seen(mai, "7-listed")
