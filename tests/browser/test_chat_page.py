"""The chat page in a real browser, as people use it."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    Route,
    WebSocketRoute,
    expect,
)
from sqlmodel import select

from bot.channels.base import MediaKind, OutboundMessage
from bot.conversation.model import Attachment
from bot.notifications.model import Conversation
from bot.settings import Settings
from tests.browser.conftest import DESK, PHONE
from tests.channels.enclosed import reply_with_file
from tests.support import pictures
from tests.support.site import Site, running
from tests.support.talk import at

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
WITH_KEYBOARD = {"width": 360, "height": 400}
OURS, OWN = ".message:not(.own)", ".message.own"

Window = Callable[..., Coroutine[Any, Any, BrowserContext]]


async def opened(window: Window, **options: Any) -> Page:
    """The chat, opened for the first time."""
    page = await (await window(**options)).new_page()
    await page.goto("/")
    return page


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Lời nhắn").fill(text)
    await page.get_by_role("button", name="Gửi", exact=True).click()


async def test_a_resident_writes_presses_and_sends_a_photo(
    window: Window, site: Site, tmp_path: Path
) -> None:
    page = await opened(window, has_touch=True, is_mobile=True)
    await expect(page.get_by_role("button", name="Việc của tôi")).to_be_visible()
    assert site.inbound() == []

    await say(page, STORY)
    await expect(page.locator(OWN)).to_contain_text(STORY)
    await expect(page.locator(OWN)).to_contain_text("đã nhận")
    await expect(page.locator(OURS)).to_contain_text("Xã làm tiếp nhé?")
    await expect(page.locator("#welcome")).to_be_hidden()

    (tmp_path / "anh.jpg").write_bytes(pictures.photo(1600, 1200))
    await page.locator("#file").set_input_files(tmp_path / "anh.jpg")
    await expect(page.locator(OURS).nth(1)).to_contain_text("1 ảnh")
    await expect(page.locator(OWN).nth(1).get_by_role("img")).to_be_visible()

    await page.get_by_role("button", name="Làm tiếp").click()
    await expect(page.locator(OWN).nth(2)).to_contain_text("Làm tiếp")
    await expect(page.locator(OURS).nth(2)).to_contain_text("Chỗ đó ở đâu?")
    await expect(page.get_by_role("button", name="Làm tiếp")).to_have_count(0)

    assert [body.payload for body in site.bodies()] == [None, None, "proceed"]
    with site.product.database.reading() as session:
        assert session.exec(select(Attachment)).one().mime == "image/jpeg"


async def test_the_talk_is_there_again_after_a_reload(window: Window) -> None:
    page = await opened(window)
    await page.get_by_role("button", name="Gửi kiến nghị").click()
    await expect(page.locator(OURS)).to_contain_text("kể việc")
    await say(page, STORY)
    await expect(page.locator(OURS).nth(1)).to_contain_text("Xã làm tiếp nhé?")
    before = await page.locator(".bubble").all_inner_texts()

    await page.reload()

    await expect(page.locator(".bubble")).to_have_text(before)
    await expect(page.locator("#welcome")).to_be_hidden()
    await page.get_by_role("button", name="Làm tiếp").click()
    await expect(page.locator(OURS).nth(2)).to_contain_text("Chỗ đó ở đâu?")


async def test_a_message_that_got_lost_is_sent_again_and_stored_once(
    window: Window, site: Site
) -> None:
    page = await (await window()).new_page()
    connections: list[WebSocketRoute] = []

    async def connect(route: WebSocketRoute) -> None:
        connections.append(route)
        server = route.connect_to_server()
        if len(connections) == 1:
            # What the page says arrives; what the server answers is lost.
            server.on_message(lambda text: "history" in str(text) and route.send(text))

    await page.route_web_socket(re.compile("/chat/ws"), connect)
    await page.goto("/")
    await say(page, STORY)
    await expect(page.locator(OWN)).to_contain_text("đang gửi")
    while not site.inbound():
        await asyncio.sleep(0.05)

    await connections[0].close(code=1012)

    await expect(page.locator(OWN)).to_contain_text("đã nhận")
    await expect(page.locator(OURS)).to_have_count(1)
    await expect(page.get_by_text("Đang xem tin")).to_be_hidden()
    assert len(connections) == 2
    assert len(site.inbound()) == 1


async def test_a_message_written_without_network_survives_a_reload(
    window: Window, site: Site
) -> None:
    page = await opened(window)
    is_down = True

    async def connect(route: WebSocketRoute) -> None:
        if is_down:
            await route.close(code=1012)
        else:
            route.connect_to_server()

    await page.route_web_socket(re.compile("/chat/ws"), connect)
    await page.reload()
    await expect(page.get_by_text("Đang mất mạng")).to_be_visible()
    await say(page, STORY)
    await expect(page.locator(OWN)).to_contain_text("đang gửi")
    await page.reload()
    is_down = False

    await expect(page.locator(OWN)).to_contain_text("đã nhận")
    await expect(page.get_by_text("Đang mất mạng")).to_be_hidden()
    assert [body.text for body in site.bodies()] == [STORY]


async def test_a_page_that_was_refused_for_haste_sends_everything_in_order(
    window: Window, settings: Settings
) -> None:
    hasty = settings.model_copy(
        update={
            "chat_burst": 2.0,
            "chat_per_second": 1.0,
            "data_dir": settings.data_dir / "2",
        }
    )
    async with running(hasty) as site:
        page = await opened(window, base_url=site.url)
        for word in ("mot", "hai", "ba", "bon"):
            await say(page, word)
        await expect(page.locator(OWN).nth(3)).to_contain_text(
            "đã nhận", timeout=20_000
        )
        assert [body.text for body in site.bodies()] == ["mot", "hai", "ba", "bon"]


async def test_an_upload_that_failed_is_repeated_with_a_tap(
    window: Window, site: Site, tmp_path: Path
) -> None:
    page = await opened(window)
    (tmp_path / "anh.jpg").write_bytes(pictures.photo())
    attempts = 0

    async def fail_once(route: Route) -> None:
        nonlocal attempts
        attempts += 1
        await (route.abort() if attempts == 1 else route.continue_())

    await page.route("**/chat/files", fail_once)
    await page.locator("#file").set_input_files(tmp_path / "anh.jpg")
    await page.get_by_role("button", name="Gửi lại").click()

    await expect(page.locator(OWN)).to_contain_text("đã nhận")
    assert site.bodies()[0].media[0][1] == "photo"


async def test_a_file_of_the_wrong_kind_is_explained(
    window: Window, site: Site, tmp_path: Path
) -> None:
    page = await opened(window)
    (tmp_path / "anh.jpg").write_bytes(b"\xff\xd8\xff" + pictures.HTML)
    await page.locator("#file").set_input_files(tmp_path / "anh.jpg")
    await expect(page.locator(OWN)).to_contain_text("Ảnh này bị hỏng")
    (tmp_path / "don.docx").write_bytes(b"PK\3\4" + b"\0" * 40)
    await page.locator("#file").set_input_files(tmp_path / "don.docx")
    await expect(page.locator(OWN).nth(1)).to_contain_text("Chỉ nhận được ảnh")
    assert site.inbound() == []


async def test_the_keyboard_is_enough(window: Window) -> None:
    page = await opened(window, viewport=DESK)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Lời nhắn")).to_be_focused()
    await page.keyboard.type("dong mot")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("dong hai")
    await page.keyboard.press("Enter")
    await expect(page.locator(OWN)).to_contain_text("dong mot\ndong hai")
    await expect(page.get_by_label("Lời nhắn")).to_have_value("")


async def test_leaving_a_shared_machine_shows_the_talk_to_nobody(
    window: Window,
) -> None:
    page = await opened(window)
    await say(page, STORY)
    await expect(page.locator(OURS)).to_have_count(1)

    await page.get_by_role("button", name="Về trang này").click()
    await page.get_by_role("button", name="Xóa trên máy này").click()

    await expect(page.get_by_role("button", name="Dự hội nghị")).to_be_visible()
    await expect(page.locator(".message")).to_have_count(0)


async def test_numbers_in_our_messages_can_be_called(window: Window) -> None:
    page = await opened(window)
    await say(page, "cuu voi chay nha roi")
    links = page.locator(f"{OURS} a")
    await expect(links.first).to_be_visible()
    assert await links.first.get_attribute("href") == "tel:114"


@pytest.mark.parametrize(
    ("viewport", "colours"),
    [(PHONE, "light"), (PHONE, "dark"), (WITH_KEYBOARD, "light"), (DESK, "light")],
)
async def test_everybody_can_read_and_touch_it(
    window: Window, viewport: dict[str, int], colours: str
) -> None:
    # The checks are scripts of the test; the page's own policy would refuse them.
    page = await opened(
        window, viewport=viewport, color_scheme=colours, bypass_csp=True
    )
    await check_access(page)
    await say(page, STORY)
    await expect(page.get_by_role("button", name="Làm tiếp")).to_be_visible()
    await check_access(page)
    await page.get_by_role("button", name="Về trang này").click()
    await check_access(page)


async def test_a_place_is_sent_only_when_it_was_asked_for(
    window: Window, site: Site
) -> None:
    context = await window(
        permissions=["geolocation"],
        geolocation={"latitude": 14.953, "longitude": 108.42},
    )
    page = await context.new_page()
    await page.goto("/")
    await say(page, "xin chao")
    place = page.get_by_role("button", name="Gửi vị trí của tôi")
    await expect(page.locator(OURS)).to_have_count(1)
    await expect(place).to_have_count(0)
    [cookie] = await context.cookies()
    peer = sha256(cookie["value"].encode()).hexdigest()
    question = OutboundMessage(99, peer, "Chỗ đó ở đâu?", request_location=True)
    await site.channel.send(question)

    await place.click()

    await expect(page.locator(OWN).nth(1)).to_contain_text("Vị trí của tôi")
    await expect(page.locator(OWN).nth(1)).to_contain_text("đã nhận")
    assert site.bodies()[1].location == (14.953, 108.42)


async def test_speaking_is_sent_as_a_file(window: Window, site: Site) -> None:
    page = await opened(window, permissions=["microphone"])
    await page.get_by_role("button", name="Ghi âm").click()
    await expect(page.get_by_text("0:01")).to_be_visible()
    await page.get_by_role("button", name="Gửi lời nói").click()
    await expect(page.locator(OWN)).to_contain_text("đã nhận")
    assert site.bodies()[0].media[0][1] == "voice"


async def test_a_code_can_be_read_and_copied_whole(window: Window) -> None:
    page = await opened(window)
    await say(page, "cuu voi nha ong Bay dang chay")
    await expect(page.locator(OURS)).to_have_count(1)
    await say(page, "o thon Ra Nhua")
    await expect(page.locator(OURS)).to_have_count(2)
    await say(page, "xong roi")
    await expect(page.locator(f"{OURS} .code")).to_have_text(
        re.compile(r"^STH-\d\d-0001-[A-Z]$")
    )


async def check_access(page: Page) -> None:
    results = await Axe().run(page)
    serious = [
        violation
        for violation in results.response["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    assert not serious, results.generate_report()
    assert await page.evaluate(SMALL_LETTERS) == []
    assert await page.evaluate(SMALL_TARGETS) == []
    assert await page.evaluate("document.body.scrollWidth <= innerWidth")


SMALL_LETTERS = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && [...e.childNodes].some(
    (n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim()))
  .filter((e) => parseFloat(getComputedStyle(e).fontSize) < 17)
  .map((e) => e.outerHTML)"""
SMALL_TARGETS = """() => [...document.querySelectorAll("button, textarea, nav a")]
  .filter((e) => e.checkVisibility())
  .filter((e) => e.getBoundingClientRect().height < 48
    || e.getBoundingClientRect().width < 48)
  .map((e) => e.outerHTML)"""


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_files_of_ours_are_seen_and_saved(
    settings: Settings, browser: Browser, viewport: dict[str, int], tmp_path: Path
) -> None:
    """At an hour at which residents are told things."""
    by_day = settings.model_copy(update={"now": at("2025-12-01 19:42")})
    async with running(by_day) as site:
        context = await browser.new_context(base_url=site.url, viewport=viewport)
        page = await context.new_page()
        await page.goto("/")
        await say(page, "alo")
        await expect(page.locator(OURS)).to_have_count(1)
        with site.product.database.reading() as session:
            chat = session.exec(select(Conversation)).one().id or 0
        reply_with_file(site.product, chat, pictures.photo(900, 700), MediaKind.PHOTO)
        image = page.locator(f"{OURS} .received img")
        await expect(image).to_be_visible()
        await image.evaluate("image => image.decode()")
        box = await image.bounding_box()
        assert box is not None
        assert 150 < box["width"] <= viewport["width"]
        reply_with_file(site.product, chat, b"%PDF-1.7 x", MediaKind.DOCUMENT)
        link = page.get_by_role("link", name="Tải về: 41-UBND-VP.pdf")
        async with page.expect_download() as saving:
            await link.click()
        saved = await (await saving.value).path()
        assert saved.read_bytes() == b"%PDF-1.7 x"
        await page.reload()
        await image.evaluate("image => image.decode()")
        await check_access(page)
        await page.screenshot(path=tmp_path / "files.png")
        await context.close()
