"""The blotter cancels and changes orders, and says what came of it, in a real browser."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from fixengine.demo.feed.feed import orders
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from tests.integration.http.conftest import blotter
from tests.support.engines import Surroundings, wait_until_ready

pytestmark = pytest.mark.any_broker

TOKEN = "a-token-for-operators"
ORDERS = 12
STATUSES = {"CNCLD": 2, "CPART": 1, "FULL": 1}
"""How many of the orders have each status; all others wait for their first fill."""


@pytest.fixture(scope="module")
def engine(chromium: str, shared: Surroundings) -> Iterator[Engine]:
    """Lend an engine whose orders wait an hour for their first fill."""
    with shared.engine(OPERATOR_TOKEN=TOKEN, FILL_DELAY_FIRST="3600") as engine:
        wait_until_ready(engine)
        shared.send(*islice(orders(seed=8), ORDERS))
        shared.wait_for("execution", ORDERS)
        with psycopg.connect(shared.dsn) as connection:
            first = 1
            for status, number in STATUSES.items():
                connection.execute(
                    "update execution set is_open = false, execution_status = %s, "
                    "next_fill_timestamp = null where id >= %s and id < %s",
                    [status, first, first + number],
                )
                first += number
        yield engine


@pytest.fixture
def page(tab: Page, engine: Engine) -> Iterator[Page]:
    url = f"http://127.0.0.1:{engine._rest.port}"
    with blotter(tab, url, rows=ORDERS, refused=True) as page:
        yield page


@dataclass
class Rest:
    """Answers requests to change in the place of REST, and keeps what it was asked."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    is_slow: bool = False
    held: list[Route] = field(default_factory=list)
    asked: list[tuple[str, str | None, dict[str, str]]] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        request = route.request
        path = request.url.partition("/api/v1/")[2]
        self.asked.append((path, request.post_data, request.headers))
        if self.status == 0:
            route.abort()
        elif self.text is not None:
            route.fulfill(status=self.status, body=self.text)
        elif self.is_slow:
            self.held.append(route)
        else:
            route.fulfill(status=self.status, headers=self.headers, body=json.dumps(self.body))

    @property
    def keys(self) -> list[str]:
        return [headers["idempotency-key"] for _, _, headers in self.asked]


@pytest.fixture
def rest(page: Page) -> Rest:
    rest = Rest()
    page.route("**/api/v1/execution/*/cancel", rest.answer)
    page.route("**/api/v1/execution/*/replace", rest.answer)
    return rest


def opened(page: Page, number: int = ORDERS) -> None:
    """Open an execution in the panel."""
    page.locator(f"#rows tr[data-id='{number}']").click()
    expect(page.locator("#facts dd").first).to_have_text(str(number))


def ask_to_cancel(page: Page, token: str = TOKEN) -> None:
    page.locator("#cancel").click()
    page.locator("#ask-token").fill(token)
    page.locator("#ask-act").click()


def said(page: Page, text: str) -> None:
    expect(page.locator("#ask-answer")).to_contain_text(text)


AFTER = {"executionStatus": "CPART", "quantity": 100, "quantityFilled": 40, "isOpen": False}


def test_statuses_of_cancelled_orders_are_counted_filtered_and_coloured(page: Page) -> None:
    for status, number in STATUSES.items():
        expect(page.locator(f"[data-number={status}]")).to_have_text(str(number))
    for status in ("CNCLD", "CPART"):
        page.locator("#status").select_option(f"status={status}")
        expect(page.locator("#rows tr")).to_have_count(STATUSES[status])
        expect(page.locator("#rows td.status").first).to_have_text(status)
    page.locator("#status").select_option("")
    expect(page.locator("#rows tr")).to_have_count(ORDERS)
    colours = {
        page.locator(f"#rows td.{status}").first.evaluate("cell => getComputedStyle(cell).color")
        for status in ("WORK", "FULL", "CNCLD", "CPART")
    }
    assert len(colours) == 4
    assert page.locator("#rows td.status").first.evaluate("cell => cell.scrollWidth") <= 76


def test_only_an_open_execution_can_be_changed(page: Page, rest: Rest) -> None:
    opened(page, 1)
    expect(page.locator("#actions")).to_be_hidden()
    page.keyboard.press("x")
    expect(page.locator("#ask")).to_be_hidden()
    opened(page)
    expect(page.locator("#actions")).to_be_visible()
    assert rest.asked == []


def test_nothing_is_asked_for_before_the_question_is_answered(page: Page, rest: Rest) -> None:
    opened(page)
    page.keyboard.press("x")
    dialog = page.get_by_role("dialog", name="Cancel")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("0 of")
    expect(dialog).to_contain_text("This can't be undone")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#execution")).to_be_visible()
    leave = page.get_by_role("button", name="Leave it as it is")

    def is_asked() -> bool:
        """Whether a key leads to the question: the page may still be closing the one before."""
        page.keyboard.press("c")
        return leave.is_visible()

    wait_until(is_asked, 60, "the question")
    leave.click()
    expect(page.locator("#ask")).to_be_hidden()
    assert rest.asked == []


def test_keys_move_nothing_behind_the_question(page: Page, rest: Rest) -> None:
    opened(page)
    page.keyboard.press("x")
    page.locator("#ask-leave").focus()
    page.keyboard.press("j")
    page.keyboard.press("/")
    expect(page.locator("#ask-leave")).to_be_focused()
    expect(page.locator(f"#rows tr[data-id='{ORDERS}']")).to_have_attribute("aria-selected", "true")


def test_a_cancel_says_what_was_filled(page: Page, rest: Rest) -> None:
    rest.body = AFTER
    opened(page)
    ask_to_cancel(page)
    expect(page.get_by_role("status").last).to_have_text("Cancelled: CPART, 40 of 100 are filled.")
    expect(page.locator("#ask")).to_be_hidden()
    ((path, body, headers),) = rest.asked
    assert (path, body) == (f"execution/{ORDERS}/cancel", "{}")
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["idempotency-key"].startswith("blotter-")


def test_the_token_is_asked_for_once_and_kept_nowhere_but_in_the_page(
    page: Page, rest: Rest
) -> None:
    rest.body = AFTER
    opened(page)
    ask_to_cancel(page)
    expect(page.locator("#ask")).to_be_hidden()
    page.keyboard.press("x")
    expect(page.locator("#ask-token")).to_be_hidden()
    page.locator("#ask-act").click()
    expect(page.locator("#ask")).to_be_hidden()
    assert len(set(rest.keys)) == 2
    stored = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    assert page.evaluate(stored) == '[{},{},""]'
    assert TOKEN not in page.content()
    assert TOKEN not in page.url
    assert page.locator("#ask-token").input_value() == ""
    page.reload()
    opened(page)
    page.locator("#cancel").click()
    expect(page.locator("#ask-token")).to_be_visible()


def test_a_change_sends_the_digits_that_were_typed_and_only_what_differs(
    page: Page, rest: Rest
) -> None:
    rest.body = AFTER | {"executionStatus": "WORK", "quantityFilled": 0, "limitPrice": 12.5}
    opened(page)
    page.locator("#replace").click()
    page.locator("#ask-token").fill(TOKEN)
    page.locator("#ask-act").click()
    said(page, "Nothing is different")
    page.locator("#ask-quantity").fill("many")
    page.locator("#ask-act").click()
    said(page, "The quantity is no number")
    assert rest.asked == []
    page.locator("#ask-quantity").fill("0123456789012.12345678")
    page.locator("#ask-quantity").press("Enter")
    expect(page.locator("#done")).to_contain_text(
        "Changed: WORK, 0 of 100 are filled, limit 12.50."
    )
    page.keyboard.press("c")
    page.locator("#ask-limit").fill("12.50")
    page.locator("#ask-act").click()
    expect(page.locator("#ask")).to_be_hidden()
    assert [(path, body) for path, body, _ in rest.asked] == [
        (f"execution/{ORDERS}/replace", '{"quantity":123456789012.12345678}'),
        (f"execution/{ORDERS}/replace", '{"limitPrice":12.50}'),
    ]


def test_a_limit_can_be_taken_away(page: Page, rest: Rest, shared: Surroundings) -> None:
    rest.body = AFTER
    with psycopg.connect(shared.dsn) as connection:
        connection.execute("update execution set limit_price = 7.25 where id = %s", [ORDERS])
    opened(page)
    expect(page.locator("#facts")).to_contain_text("7.25")
    page.keyboard.press("c")
    page.locator("#ask-limit").fill("")
    page.locator("#ask-token").fill(TOKEN)
    page.locator("#ask-act").click()
    expect(page.locator("#ask")).to_be_hidden()
    assert [body for _, body, _ in rest.asked] == ['{"limitPrice":null}']


def test_too_late_says_how_much_was_filled(page: Page, rest: Rest) -> None:
    full = AFTER | {"executionStatus": "FULL", "quantityFilled": 100}
    rest.status, rest.body = 409, {"detail": "the execution is closed", "execution": full}
    opened(page)
    ask_to_cancel(page)
    said(page, "Too late: it is FULL, 100 of 100 are filled.")
    expect(page.locator("#ask-act")).to_be_hidden()
    expect(page.locator("#ask-leave")).to_be_focused()


def test_a_quantity_below_what_is_filled_is_explained(page: Page, rest: Rest) -> None:
    part = AFTER | {"executionStatus": "PART", "isOpen": True}
    rest.status, rest.body = 409, {"detail": "more is filled", "execution": part}
    opened(page)
    page.keyboard.press("c")
    page.locator("#ask-quantity").fill("1")
    page.locator("#ask-token").fill(TOKEN)
    page.locator("#ask-act").click()
    said(page, "40 are filled already: the quantity can't be less.")
    expect(page.locator("#ask-act")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "body", "headers", "words", "may_ask_again"),
    [
        (400, {"detail": "quantity is 0: give more"}, {}, "Quantity is 0: give more.", True),
        (403, {"detail": "set OPERATOR_TOKEN"}, {}, "Set OPERATOR_TOKEN.", False),
        (403, {}, {}, "Writes are off: set OPERATOR_TOKEN", False),
        (404, {"detail": "there is none"}, {}, "There is no such execution any more.", False),
        (429, {}, {"Retry-After": "7"}, "Wait 7 s, then ask again.", True),
        (413, {"detail": "the body is too large"}, {}, "The body is too large.", False),
        (418, {}, {}, "The engine answers 418.", False),
    ],
)
def test_a_refusal_says_what_to_do(
    page: Page,
    rest: Rest,
    status: int,
    body: dict[str, str],
    headers: dict[str, str],
    words: str,
    may_ask_again: bool,
) -> None:
    rest.status, rest.body, rest.headers = status, body, headers
    opened(page)
    ask_to_cancel(page)
    said(page, words)
    assert page.locator("#ask-act").is_visible() is may_ask_again


def test_a_wrong_token_is_forgotten(page: Page, rest: Rest) -> None:
    rest.status = 401
    opened(page)
    ask_to_cancel(page, "a-wrong-token-of-somebody")
    said(page, "This is not the operator token.")
    expect(page.locator("#ask-token")).to_be_focused()
    rest.status, rest.body = 200, AFTER
    page.locator("#ask-token").fill(TOKEN)
    page.locator("#ask-act").click()
    expect(page.locator("#done")).to_contain_text("Cancelled")


@pytest.mark.parametrize("status", [0, 500, 502, 503])
def test_a_request_without_an_outcome_is_asked_again_with_its_key(
    page: Page, rest: Rest, status: int
) -> None:
    rest.status, rest.body = status, {"detail": "the desk did not decide in time"}
    opened(page)
    page.keyboard.press("c")
    page.locator("#ask-quantity").fill("7")
    page.locator("#ask-token").fill(TOKEN)
    page.locator("#ask-act").click()
    said(page, "It is done once, however often you ask.")
    page.locator("#ask-act").click()
    expect(page.locator("#ask-act")).to_be_enabled()
    page.locator("#ask-quantity").fill("8")
    rest.status, rest.body = 200, AFTER
    page.locator("#ask-act").click()
    expect(page.locator("#ask")).to_be_hidden()
    first, second, other = rest.keys
    assert first == second != other


def test_half_an_answer_is_none(page: Page, rest: Rest) -> None:
    rest.text = '{"executionStatus":'
    opened(page)
    ask_to_cancel(page)
    said(page, "it is not known whether it is done")
    expect(page.locator("#ask-act")).to_be_enabled()


def left(page: Page, rest: Rest) -> Route:
    """Ask to cancel, leave before the answer, and return what will be answered."""
    rest.is_slow = True
    ask_to_cancel(page)
    expect(page.locator("#ask-act")).to_be_disabled()
    page.keyboard.press("Escape")

    def is_held() -> bool:
        """Whether the question is gone, and its request has come; to ask the page lets it come."""
        return page.locator("#ask").is_hidden() and bool(rest.held)

    wait_until(is_held, 60, "the request")
    (route,) = rest.held
    return route


def test_an_answer_is_told_though_the_question_was_left(page: Page, rest: Rest) -> None:
    opened(page)
    left(page, rest).fulfill(status=503, body="{}")
    expect(page.locator("#done")).to_contain_text("it is not known whether it is done")


def test_a_late_answer_is_not_taken_for_that_to_the_next_question(page: Page, rest: Rest) -> None:
    opened(page)
    late = left(page, rest)
    opened(page, ORDERS - 2)
    page.locator("#cancel").click()
    expect(page.locator("#ask-act")).to_be_enabled()
    with page.expect_response("**/cancel"):
        late.fulfill(status=200, body=json.dumps(AFTER))
    expect(page.locator("#ask-right")).to_be_hidden()  # the token is known to be right now
    expect(page.locator("#ask")).to_be_visible()
    expect(page.locator("#done")).to_have_text("")


def test_on_a_phone_the_question_fits_the_screen(page: Page, rest: Rest) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page)
    page.locator("#replace").click()
    for each in ("#ask-quantity", "#ask-limit", "#ask-token", "#ask-leave", "#ask-act"):
        expect(page.locator(each)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_order_is_changed_and_then_cancelled_and_the_ledger_shows_both(
    page: Page, shared: Surroundings
) -> None:
    number = ORDERS - 1
    opened(page, number)
    page.keyboard.press("c")
    page.locator("#ask-quantity").fill("77.5")
    page.locator("#ask-limit").fill("12.25")
    page.locator("#ask-token").fill(TOKEN)
    page.locator("#ask-act").click()
    expect(page.locator("#done")).to_have_text("Changed: WORK, 0 of 77.5 are filled, limit 12.25.")
    expect(page.locator("#fills tr .changed")).to_have_text(["changed to 77.5, limit 12.25"])
    page.keyboard.press("x")
    page.locator("#ask-act").click()
    expect(page.locator("#done")).to_contain_text("Cancelled: CNCLD, 0 of 77.5 are filled")
    expect(page.locator("#actions")).to_be_hidden()
    expect(page.locator("#fills tr .changed")).to_have_text(
        ["cancelled", "changed to 77.5, limit 12.25"]
    )
    expect(page.locator(f"#rows tr[data-id='{number}'] td.status")).to_have_text("CNCLD")
    assert shared.count(f"change where execution_id = {number}") == 2


def test_the_engine_refuses_a_wrong_token_and_nothing_happens(
    page: Page, shared: Surroundings
) -> None:
    opened(page, ORDERS - 2)
    ask_to_cancel(page, "another-token-of-somebody")
    said(page, "This is not the operator token.")
    assert shared.count(f"execution where id = {ORDERS - 2} and is_open") == 1


def test_an_order_that_expires_is_shown_so(page: Page, shared: Surroundings) -> None:
    row = {
        "executionId": ORDERS,
        "number": 1,
        "quantity": 0,
        "quantityFilled": 0,
        "totalAmount": 0,
        "version": 2,
        "filledTimestamp": 1_700_000_000,
        "announced": False,
        "change": "EXPIRE",
    }
    page.route("**/fills?*", lambda route: route.fulfill(body=json.dumps([row])))
    opened(page)
    expect(page.locator("#fills tr .changed")).to_have_text(["expired"])
