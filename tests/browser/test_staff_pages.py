"""The console in a real browser: what only a browser does."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect
from sqlmodel import select

from bot.duties import service as duties
from bot.duties.model import Duty
from bot.petitions import service
from bot.petitions.details import Details
from bot.petitions.model import Alert, Kind, Petition
from bot.petitions.service import NewPetition
from bot.staff import service as staff
from bot.staff.model import Role
from tests.browser.conftest import DESK, PHONE
from tests.support.site import Site

PASSWORD = "mat khau rat dai"

Window = Callable[..., Coroutine[Any, Any, BrowserContext]]


def invite(site: Site, login: str, role: Role, unit: str | None = None) -> str:
    """A new account's one-time token."""
    product, now = site.product, site.product.clock()
    with product.database.writing() as session:
        account = staff.add(
            session,
            product.profile.id,
            login=login,
            name="Nguyễn Thị Mai",
            role=role,
            unit_id=unit,
            on_duty=role is Role.OFFICE,
            by="test",
            now=now,
        )
        return staff.invite(session, account, now)


def file(site: Site, content: str = "đèn đường hư, tối om") -> Petition:
    product = site.product
    new = NewPetition(
        content=content,
        kind=Kind.PHAN_ANH,
        field="dien_chieu_sang",
        programme_id="doi_thoai",
        details=Details(name="Đinh Thị Lan", phone="+84905123406"),
        field_confidence=0.9,
        evidence=("đèn đường",),
    )
    with product.database.writing() as session:
        return service.file(session, product.registry, new, now=product.clock())[0]


def first_duty(site: Site) -> str:
    """The address of the month's report, which exists without a conference."""
    product = site.product
    with product.database.writing() as session:
        profile, calendar = product.profile, product.registry.calendar
        duties.ensure(session, profile, calendar, product.clock())
        row = session.exec(select(Duty)).first()
    assert row is not None
    return f"/staff/duties/{row.id}"


async def opened(window: Window, **options: Any) -> Page:
    """A page whose browser complains of nothing."""
    page = await (await window(**options)).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("console", lambda line: line.type == "error" and pytest.fail(line.text))
    return page


async def let_in(page: Page, token: str) -> None:
    await page.goto(f"/staff/invitation#{token}")
    await page.get_by_label("Mật khẩu mới").fill(PASSWORD)
    await page.get_by_label("Gõ lại").fill(PASSWORD)
    await page.get_by_role("button", name="Đặt mật khẩu").click()


async def test_the_token_of_a_link_is_in_no_address_that_is_sent(
    window: Window, site: Site
) -> None:
    token = invite(site, "mai", Role.OFFICE, "van_phong")
    page = await opened(window, viewport=PHONE)
    sent: list[str] = []
    page.on("request", lambda r: sent.extend((r.url, r.headers.get("referer", ""))))

    await let_in(page, token)

    await expect(page.get_by_role("heading", name="Hộp việc")).to_be_visible()
    assert token not in page.url
    assert not [address for address in sent if token in address]


async def test_the_office_confirms_and_sends_on_with_the_keyboard_alone(
    window: Window, site: Site
) -> None:
    petition = file(site)
    page = await opened(window, viewport=DESK)
    await let_in(page, invite(site, "mai", Role.OFFICE, "van_phong"))

    await page.get_by_role("link", name=petition.code).focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Xác nhận: giao Phòng Kinh tế").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Đã xác nhận")
    await page.get_by_text("Chuyển nơi khác").focus()
    await page.keyboard.press("Enter")
    form = page.locator("form[action$='/assignment']").filter(
        has=page.get_by_role("button", name="Chuyển và báo")
    )
    await form.get_by_label("Lĩnh vực").select_option("An ninh, trật tự")
    await expect(form.get_by_label("Đơn vị")).to_have_value("cong_an")
    await form.get_by_label("Lý do").select_option("Máy xếp sai lĩnh vực")
    await page.get_by_role("button", name="Chuyển và báo").focus()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("status")).to_contain_text("Đã chuyển")
    with site.product.database.reading() as session:
        assert session.get_one(Petition, petition.id).unit_id == "cong_an"


async def test_an_alert_comes_up_on_a_page_that_is_open(
    window: Window, site: Site
) -> None:
    page = await opened(window, viewport=DESK)
    await page.clock.install()
    await let_in(page, invite(site, "mai", Role.OFFICE, "van_phong"))
    await expect(page).to_have_title(re.compile("^Hộp việc"))
    await page.get_by_label("Tìm trong").fill("chưa tìm xong")

    async with site.visitor() as tu, tu.connected():
        await tu.say(text="co nguoi bi dien giat o ruong, cuu voi")
        await page.clock.fast_forward(21_000)
        alarm = page.get_by_role("region", name="Báo động")
        await expect(alarm).to_contain_text("dien giat")
        assert (await page.title()).startswith("(1!)")
        await expect(page.get_by_label("Tìm trong")).to_have_value("chưa tìm xong")
        await alarm.get_by_role("button", name="Đã nhận").click()
        await expect(page.get_by_role("status")).to_contain_text("Đã ghi nhận")
        assert "đã nhận lúc" in (await tu.next())["text"]

    with site.product.database.reading() as session:
        assert session.exec(select(Alert)).one().acknowledged_at is not None


async def test_a_page_whose_log_in_has_ended_leads_to_the_log_in(
    window: Window, site: Site
) -> None:
    page = await opened(window, viewport=DESK)
    await page.clock.install()
    await let_in(page, invite(site, "mai", Role.OFFICE, "van_phong"))
    await expect(page.get_by_role("heading", name="Hộp việc")).to_be_visible()
    await page.context.clear_cookies()

    await page.clock.fast_forward(21_000)

    await expect(page.get_by_role("heading", name="Đăng nhập")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_every_page_is_within_reach_of_everybody(
    window: Window, site: Site, viewport: dict[str, int], scheme: str
) -> None:
    petition = file(site)
    async with site.visitor() as tu, tu.connected():
        await tu.say(text="co nguoi bi dien giat o ruong, cuu voi")
    page = await opened(window, viewport=viewport, color_scheme=scheme)
    await page.goto("/staff/login")
    await check(page)
    await let_in(page, invite(site, "mai", Role.OFFICE, "van_phong"))
    one = f"/staff/petitions/{petition.code}"
    duty = first_duty(site)
    pages = (
        "/staff",
        one,
        "/staff/new",
        "/staff/calls",
        "/staff/duties",
        duty,
        "/staff/plans",
    )
    for address in (*pages, "/staff/chats"):
        await page.goto(address)
        for folded in await page.locator("main summary").all():
            await folded.click()
        await check(page)
    page = await opened(window, viewport=viewport, color_scheme=scheme)
    await let_in(page, invite(site, "quantri", Role.ADMIN))
    await check(page)


async def check(page: Page) -> None:
    """WCAG 2 AA as far as a program can tell, and nothing to scroll sideways for."""
    found = await Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
    )
    assert found.violations_count == 0, found.generate_report()
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not await page.evaluate(wide), page.url
