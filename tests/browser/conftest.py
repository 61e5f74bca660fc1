"""A real Chromium, the one that ``make test-deps`` installs."""

import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    async_playwright,
)
from structlog.testing import capture_logs

from bot.settings import Settings
from tests.support.site import Site, running

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that hums, so that speaking can be tried.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("no chromium: make test-deps", pytrace=False)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=_ARGUMENTS
        )
        yield browser
        await browser.close()


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    async with running(settings) as site:
        yield site


@pytest.fixture
async def window(
    browser: Browser, site: Site
) -> AsyncIterator[Callable[..., Coroutine[Any, Any, BrowserContext]]]:
    """``await window()`` opens a browser of its own, as wide as a cheap phone.

    A script that fails, or that breaks the page's own policy, fails the test.
    """
    contexts, complaints = [], []

    def listen(line: ConsoleMessage) -> None:
        if "Content Security Policy" in line.text:
            complaints.append(line.text)

    async def open_window(**options: Any) -> BrowserContext:
        context = await browser.new_context(
            **{"base_url": site.url, "viewport": PHONE, "locale": "vi-VN", **options}
        )
        context.set_default_timeout(20_000)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", listen)
        contexts.append(context)
        return context

    yield open_window
    for context in contexts:
        await context.close()
    assert not complaints
