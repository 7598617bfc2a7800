"""A real browser, for the tests of pages."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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


@contextmanager
def blotter(browser: Browser, url: str, *, rows: int, refused: bool = False) -> Iterator[Page]:
    """Lend the blotter with its rows; none of its code may fail.

    The browser's console may name no error either, unless requests of the test are `refused`.
    """
    page = browser.new_page(viewport={"width": 1440, "height": 860})
    page.set_default_timeout(PATIENCE_MS)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    if not refused:
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
    page.goto(f"{url}/")
    expect(page.locator("#rows tr")).to_have_count(rows)
    yield page
    page.close()
    assert problems == []
