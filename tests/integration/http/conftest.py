"""A real browser, for the tests of pages."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

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
