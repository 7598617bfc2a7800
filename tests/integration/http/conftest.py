"""A real browser, for the tests of pages."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

from tests.programs import wanted

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def chromium() -> str:
    return wanted("chromium")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox"] if os.getuid() == 0 else [],
            timeout=PATIENCE_MS,
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """A tab that the tests of a file share: one of its own costs each a process."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    page.close()


@contextmanager
def blotter(tab: Page, url: str, *, rows: int, refused: bool = False) -> Iterator[Page]:
    """Lend the blotter, loaded anew, with its rows; none of its code may fail.

    The browser's console may name no error either, unless requests of the test are `refused`.
    """
    problems: list[str] = []

    def failed(error: Error) -> None:
        problems.append(str(error))

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not refused:
            problems.append(message.text)

    tab.set_viewport_size({"width": 1440, "height": 860})
    tab.on("pageerror", failed)
    tab.on("console", said)
    tab.goto(f"{url}/")
    expect(tab.locator("#rows tr")).to_have_count(rows)
    yield tab
    tab.unroute_all()
    tab.goto("about:blank")
    tab.remove_listener("pageerror", failed)
    tab.remove_listener("console", said)
    assert problems == []
