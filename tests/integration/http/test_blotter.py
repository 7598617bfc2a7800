"""The blotter in a real browser, on a running engine."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from fixengine.demo.feed.feed import orders
from fixengine.engine.children import STOP_SHARES
from fixengine.engine.engine import Engine
from fixengine.telemetry.health import ENGINE_NEEDS
from tests.integration.http.conftest import blotter
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.network.gateway import gateway
from tests.support.rows import one

pytestmark = pytest.mark.any_broker

ORDERS = 130
ONE = "A<b>&"
"""A ticker that is markup where it is not text."""


@pytest.fixture(scope="module")
def engine(chromium: str, shared: Surroundings) -> Iterator[Engine]:
    with shared.engine() as engine:
        wait_until_ready(engine)
        fed = tuple(islice(orders(seed=8), ORDERS))
        shared.send(*fed)
        shared.wait_until_done(fed)
        with psycopg.connect(shared.dsn) as connection:
            connection.execute(
                "update execution set ticker = %s where execution_service_id = 40", [ONE]
            )
        yield engine


@pytest.fixture
def page(tab: Page, engine: Engine) -> Iterator[Page]:
    with blotter(tab, f"http://127.0.0.1:{engine._rest.port}", rows=100) as page:
        yield page


@pytest.fixture
def newest(engine: Engine, shared: Surroundings) -> list[int]:
    """The executions that there are, newest first: tests of this file add to them."""
    found: list[int] = one(shared.dsn, "select array_agg(id order by id desc) from execution")
    return found


def ids(page: Page) -> list[int]:
    return [int(text) for text in page.locator("#rows td.id").all_text_contents()]


def test_it_shows_what_rest_says(page: Page, newest: list[int]) -> None:
    expect(page.locator("#ready")).to_have_text("ready")
    expect(page.locator("[data-number=FULL]")).to_have_text(str(len(newest)))
    assert ids(page) == newest[:100]
    expect(page.locator("#actors tr")).to_have_count(len(STOP_SHARES) - 1)  # no housekeeping
    expect(page.locator("#parts li")).to_have_text([*ENGINE_NEEDS.reached, *ENGINE_NEEDS.held_up])
    first = page.locator("#rows tr").first
    expect(first.locator(".status")).to_have_text("FULL")
    assert first.locator(".bar i").get_attribute("style") == "width: 100%;"


def test_pages_lead_to_older_ones_and_back(page: Page, newest: list[int]) -> None:
    page.keyboard.press("]")
    expect(page.locator("#rows tr")).to_have_count(len(newest) - 100)
    assert ids(page) == newest[100:]
    page.locator("#newest").click()
    expect(page.locator("#rows tr")).to_have_count(100)


def test_search_is_by_ticker_or_order_and_filters_narrow_it(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("7")
    expect(page.locator("#rows td.order")).to_have_text(["7"])
    ticker = page.locator("#rows td.ticker").inner_text()
    page.locator("#search").fill(ticker.lower())
    expect(page.locator("#rows td.ticker").first).to_have_text(ticker)
    page.locator("#status").select_option(label="open")
    expect(page.locator("#nothing")).to_be_visible()


def test_columns_sort(page: Page) -> None:
    page.get_by_role("button", name="ticker").click()
    tickers = page.locator("#rows td.ticker").all_text_contents()
    assert tickers == sorted(tickers)
    page.get_by_role("button", name="ticker").click()
    assert page.locator("#rows td.ticker").all_text_contents() == tickers[::-1]


def test_an_execution_opens_by_keys_with_its_fills(page: Page, newest: list[int]) -> None:
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.locator("#execution")
    expect(panel).to_be_visible()
    expect(panel.locator("dd").first).to_have_text(str(newest[1]))
    expect(panel.locator("#fills tr").first).to_be_visible()
    last_fill = panel.locator("#fills tr").first.locator("td")
    average = panel.locator("dd").nth(4).inner_text()
    assert last_fill.nth(5).inner_text() == average
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_what_happens_is_seen_without_a_reload(page: Page, shared: Surroundings) -> None:
    page.locator("#rows tr", has_text=str(ORDERS)).first.click()
    expect(page.locator("#which")).to_be_visible()
    fed = list(islice(orders(seed=8, first_id=1_000), 1))
    shared.send(*fed)
    expect(page.locator("#rows td.order").first).to_have_text("1000")
    expect(page.locator("#rows td.status").first).to_have_text("FULL")


def test_an_order_by_fix_has_no_number_at_execution_service(page: Page) -> None:
    def as_by_fix(route: Route) -> None:
        answer = route.fetch()
        first, *others = answer.json()
        by_fix = {**first, "executionServiceId": -first["id"]}
        route.fulfill(response=answer, json=[by_fix, *others])

    page.route("**/api/v1/executions?*", as_by_fix)
    expect(page.locator("#rows td.order").first).to_have_text("FIX")


def test_what_orders_bring_is_text(page: Page) -> None:
    page.locator("#search").fill("40")
    expect(page.locator("#rows td.ticker")).to_have_text([ONE])
    page.locator("#rows tr").first.click()
    expect(page.locator("#which")).to_contain_text(ONE)
    assert page.locator("b").count() == 0


def test_it_works_behind_a_gateway_and_so_does_trying_out_rest(
    tab: Page, engine: Engine, newest: list[int]
) -> None:
    with gateway(engine._rest.port) as before, blotter(tab, before.url, rows=100) as page:
        page.keyboard.press("]")
        expect(page.locator("#rows tr")).to_have_count(len(newest) - 100)
        page.get_by_role("link", name="REST").click()
        page.locator("#operations-default-get_api_v1_summary .opblock-summary").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        asked = page.locator(".request-url pre")
        expect(asked).to_have_text(f"{before.url}/api/v1/summary")
        expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text(
            "200"
        )
        assert before.astray == []


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#rows tr").nth(3).click()
    expect(page.locator("#close")).to_be_in_viewport()
    page.locator("#close").click()
    expect(page.locator("#execution")).to_be_hidden()


def test_an_outage_is_said_and_what_was_seen_stays(
    browser: Browser, shared: Surroundings, engine: Engine, tmp_path: Path
) -> None:
    assert engine is not None
    with shared.engine() as other:
        wait_until_ready(other)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{other._rest.port}/")
        expect(page.locator("#rows tr")).to_have_count(100)
    expect(page.locator("#outage")).to_contain_text("The engine does not answer.", timeout=10_000)
    expect(page.locator("#outage")).to_contain_text("What is shown is of")
    expect(page.locator("#ready")).to_have_text("no answer")
    expect(page.locator("#rows tr")).to_have_count(100)
    page.close()
