from collections import Counter
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.rules.fills import (
    LONGEST_WAIT,
    SHARES,
    FillRules,
    amount,
    draw_quantity,
    draws_for,
    evaluate,
    outcome,
    wait_without_price,
    within_limit,
)
from fixengine.rules.values import Execution, Fill, TimeInForce
from tests.support.executions import SENT, execution

RULES = FillRules()
NOW = SENT + timedelta(seconds=1)
COLUMN = st.decimals(min_value="0.00000001", max_value="9999999999.99999999", places=8)
PRICES = st.decimals(min_value="0.0001", max_value="9999999999.99999999", places=8)


class Draws(Random):
    """Random draws that were decided beforehand."""

    def __init__(self, *draws: float, share: int = 0) -> None:
        super().__init__(0)
        self._draws = iter(draws)
        self._share = share

    def random(self) -> float:
        return next(self._draws)

    def choice(self, seq: Any) -> Any:
        return seq[self._share]

    def uniform(self, a: float, b: float) -> float:
        return b


def one_fill(**changes: Any) -> Fill:
    return evaluate(
        execution(**changes), price=Decimal("43.25"), now=NOW, rng=Draws(0.5, 0.5), rules=RULES
    )


def test_the_first_draw_fills_the_whole_remainder() -> None:
    assert draw_quantity(Decimal(50_000), Draws(0.0999)) == 50_000


def test_the_second_draw_fills_nothing() -> None:
    assert draw_quantity(Decimal(50_000), Draws(0.1, 0.0499)) == 0


@pytest.mark.parametrize("remaining", ["0.00000001", "99.5", "100"])
def test_up_to_a_hundred_is_filled_at_once(remaining: str) -> None:
    assert draw_quantity(Decimal(remaining), Draws(0.1, 0.05)) == Decimal(remaining)


@pytest.mark.parametrize(
    ("share", "remaining", "quantity"),
    [
        (0, "134", "107"),  # 107.2
        (1, "134", "80"),  # 80.4
        (2, "134", "134"),  # four times as much as there is
        (3, "134", "27"),  # 26.8
        (4, "134", "13"),  # 13.4
        (4, "125", "13"),  # 12.5, a half goes up
        (2, "134.5", "134.5"),  # never above what remains
        (0, "20000", "10000"),
        (2, "20000", "10000"),
        (3, "20000", "4000"),
    ],
)
def test_a_share_is_whole_units_up_to_ten_thousand(
    share: int, remaining: str, quantity: str
) -> None:
    drawn = draw_quantity(Decimal(remaining), Draws(0.1, 0.05, share=share))
    assert drawn == Decimal(quantity)


@given(remaining=COLUMN, seed=st.integers())
def test_a_draw_is_one_of_the_quantities_that_the_rules_name(remaining: Decimal, seed: int) -> None:
    shares = {
        min((remaining * share).quantize(Decimal(1), ROUND_HALF_UP), Decimal(10_000), remaining)
        for share in SHARES
    }
    allowed = {Decimal(0), remaining} if remaining <= 100 else {Decimal(0), remaining, *shares}
    assert draw_quantity(remaining, Random(seed)) in allowed


def test_the_share_of_400_percent_is_all_that_remains_up_to_the_largest_share() -> None:
    rng = Random(20260728)
    seen = {draw_quantity(Decimal(12_000), rng) for _ in range(1_000)}
    assert seen == {Decimal(n) for n in (12_000, 0, 9_600, 7_200, 10_000, 2_400, 1_200)}


def test_fill_sizes_are_distributed_as_the_rules_say() -> None:
    rng, draws = Random(20260728), 100_000
    seen = Counter(draw_quantity(Decimal(1000), rng) for _ in range(draws))
    rest = 0.9 * 0.95
    expected = {
        Decimal(1000): 0.1 + rest / 5,  # the whole, and 400 % of it
        Decimal(0): 0.9 * 0.05,
        **{Decimal(share): rest / 5 for share in (800, 600, 200, 100)},
    }
    assert seen.keys() == expected.keys()
    for quantity, probability in expected.items():
        deviation = (probability * (1 - probability) / draws) ** 0.5
        assert abs(seen[quantity] / draws - probability) < 5 * deviation


def test_delays_are_uniform_between_five_seconds_and_two_minutes() -> None:
    rng = Random(20260728)
    subject = execution(quantity_ordered=Decimal(10**9))
    delays = []
    for _ in range(100_000):
        after = evaluate(subject, price=Decimal(1), now=NOW, rng=rng, rules=RULES).execution
        if after.next_fill_timestamp is not None:
            delays.append((after.next_fill_timestamp - NOW).total_seconds())
    assert min(delays) >= 5
    assert max(delays) <= 120
    tenths = Counter(int((delay - 5) // 11.5) for delay in delays)
    for tenth in range(10):
        assert abs(tenths[tenth] / len(delays) - 0.1) < 0.006


@pytest.mark.parametrize(
    ("trade_type", "price", "fits"),
    [
        ("BUY", "44.10", True),
        ("BUY", "44.11", False),
        ("COVER", "44.10", True),
        ("COVER", "44.11", False),
        ("SELL", "44.10", True),
        ("SELL", "44.09", False),
        ("SHORT", "44.10", True),
        ("SHORT", "44.09", False),
        ("EXRC", "1", True),
        ("EXRC", "1000", True),
    ],
)
def test_a_price_beyond_the_limit_fills_nothing(trade_type: str, price: str, fits: bool) -> None:
    subject = execution(trade_type=trade_type, limit_price=Decimal("44.1"))
    assert within_limit(subject, Decimal(price)) is fits
    fill = evaluate(subject, price=Decimal(price), now=NOW, rng=Draws(0.05), rules=RULES)
    assert fill.quantity == (134 if fits else 0)


def test_a_limit_of_nothing_is_no_limit() -> None:
    """As rows of the Go service may have it."""
    assert within_limit(execution(limit_price=Decimal("0E-8")), Decimal(1000))


def test_an_evaluation_that_fills_nothing_still_counts() -> None:
    fill = one_fill(limit_price=Decimal(1))
    after = fill.execution
    assert (fill.quantity, fill.announced, outcome(fill)) == (0, False, "none")
    assert (after.number_of_fills, after.version) == (1, 2)
    assert (after.is_open, after.execution_status) == (True, "WORK")
    assert after.last_fill_timestamp == NOW
    assert after.next_fill_timestamp == NOW + timedelta(seconds=120)


def test_an_empty_fill_is_announced_once_anything_was_filled() -> None:
    fill = one_fill(limit_price=Decimal(1), quantity_filled=Decimal(4), total_amount=Decimal(4))
    assert (fill.quantity, fill.announced) == (0, True)
    assert fill.execution.execution_status == "PART"


def test_empty_fills_are_announced_when_asked_for() -> None:
    rules = FillRules(announce_empty=True)
    subject = execution(limit_price=Decimal(1))
    fill = evaluate(subject, price=Decimal(2), now=NOW, rng=Draws(0.05), rules=rules)
    assert (fill.quantity, fill.announced) == (0, True)


def test_the_last_fill_closes_the_execution() -> None:
    fill = evaluate(
        execution(quantity_filled=Decimal(34), total_amount=Decimal("1000.5"), version=4),
        price=Decimal("43.25"),
        now=NOW,
        rng=Draws(0.05),
        rules=RULES,
    )
    after = fill.execution
    assert fill.quantity == 100
    assert after.total_amount == Decimal("5325.5")
    assert (after.is_open, after.execution_status) == (False, "FULL")
    assert after.next_fill_timestamp is None
    assert after.version == 5
    assert outcome(fill) == "full"


def test_a_fill_is_never_before_the_order_was_sent_or_last_filled() -> None:
    early = SENT - timedelta(seconds=9)
    last = SENT + timedelta(seconds=5)
    for changes, expected in (({}, SENT), ({"last_fill_timestamp": last}, last)):
        fill = evaluate(
            execution(**changes), price=Decimal(1), now=early, rng=Draws(0.05), rules=RULES
        )
        assert fill.execution.last_fill_timestamp == expected


@given(ordered=COLUMN, prices=st.lists(PRICES, min_size=1, max_size=30), seed=st.integers())
def test_any_run_of_fills_keeps_the_books(
    ordered: Decimal, prices: list[Decimal], seed: int
) -> None:
    rng = Random(seed)
    before: Execution = execution(quantity_ordered=ordered)
    for price in prices:
        if not before.is_open:
            break
        fill = evaluate(before, price=price, now=NOW, rng=rng, rules=RULES)
        after = fill.execution
        assert 0 <= fill.quantity <= before.remaining
        assert after.quantity_filled == before.quantity_filled + fill.quantity
        assert after.total_amount == before.total_amount + amount(fill.quantity, price)
        assert after.total_amount < Decimal(10) ** 20
        assert after.number_of_fills == before.number_of_fills + 1
        assert after.is_open is (after.quantity_filled < ordered)
        before = after


def test_amounts_of_36_digits_are_rounded_once_and_half_up() -> None:
    assert amount(Decimal("0.00000001"), Decimal("0.5")) == Decimal("0.00000001")
    assert amount(Decimal("9999999999.99999999"), Decimal("9999999999.99999999")) == Decimal(
        99999999999999999800
    )


def test_with_a_seed_the_draws_depend_on_order_and_number_alone() -> None:
    first = draws_for("7", execution(id=1, ticker="A")).random()
    assert draws_for("7", execution(id=99, ticker="B", version=8)).random() == first
    assert draws_for("8", execution()).random() != first
    assert draws_for("7", execution(execution_service_id=38)).random() != first
    assert draws_for("7", execution(number_of_fills=1)).random() != first


def test_without_a_seed_draws_differ() -> None:
    assert draws_for(None, execution()).random() != draws_for(None, execution()).random()


def test_a_fill_is_never_before_its_order_was_received() -> None:
    """Rows of the Go service may have been sent, by its clock, before they were received."""
    received = SENT + timedelta(seconds=3)
    fill = evaluate(
        execution(received_timestamp=received, last_fill_timestamp=SENT - timedelta(seconds=9)),
        price=Decimal(1),
        now=SENT,
        rng=Draws(0.05),
        rules=RULES,
    )
    assert fill.execution.last_fill_timestamp == received
    assert fill.execution.sent_timestamp == received


def test_waits_without_a_price_double_up_to_a_ceiling() -> None:
    subject, now, waits = execution(), SENT + timedelta(seconds=1), []
    for _ in range(9):
        wait = wait_without_price(subject, now=now, has_none=True, rules=RULES)
        waits.append(wait.total_seconds())
        now += wait
    assert waits[:4] == [5, 6, 12, 24]
    assert waits[-1] == LONGEST_WAIT.total_seconds()


def test_a_wait_without_a_price_begins_with_the_last_fill() -> None:
    filled_at = SENT + timedelta(minutes=5)
    subject = execution(last_fill_timestamp=filled_at)
    now = filled_at + timedelta(seconds=20)
    wait = wait_without_price(subject, now=now, has_none=True, rules=RULES)
    assert wait == timedelta(seconds=20)


@pytest.mark.parametrize("seconds", [2, 3600])
def test_an_execution_is_due_at_its_end_if_that_comes_before_its_next_fill(seconds: int) -> None:
    ends = NOW + timedelta(seconds=seconds)
    due = one_fill(quantity_ordered=Decimal(1000), expires_at=ends).execution.next_fill_timestamp
    assert due == min(ends, due or ends)
    assert (due == ends) is (seconds == 2)


def test_a_ticker_that_could_not_be_asked_for_is_tried_again_soon() -> None:
    now = SENT + timedelta(hours=1)
    wait = wait_without_price(execution(), now=now, has_none=False, rules=RULES)
    assert wait == timedelta(seconds=5)


@pytest.mark.parametrize("time_in_force", TimeInForce)
def test_what_an_evaluation_leaves_of_an_order_that_may_not_wait_is_due_at_once(
    time_in_force: TimeInForce,
) -> None:
    after = one_fill(quantity_ordered=Decimal(1000), time_in_force=time_in_force).execution
    assert after.is_open
    assert after.next_fill_timestamp == NOW


def test_an_immediate_order_is_filled_as_far_as_the_draw_goes() -> None:
    fill = one_fill(quantity_ordered=Decimal(1000), time_in_force=TimeInForce.IOC)
    assert fill.quantity == 800


@pytest.mark.parametrize(("share", "quantity"), [(0, 0), (2, 1000)])
def test_a_fill_or_kill_order_is_filled_whole_or_not_at_all(share: int, quantity: int) -> None:
    """The draw is 80 %, or all of it."""
    fill = evaluate(
        execution(quantity_ordered=Decimal(1000), time_in_force="FOK"),  # as a row has it
        price=Decimal(10),
        now=NOW,
        rng=Draws(0.5, 0.5, share=share),
        rules=RULES,
    )
    assert fill.quantity == quantity
    assert fill.execution.is_open == (quantity == 0)


def test_a_fill_or_kill_order_keeps_its_limit() -> None:
    fill = one_fill(
        quantity_ordered=Decimal(50), limit_price=Decimal(43), time_in_force=TimeInForce.FOK
    )
    assert fill.quantity == 0


@given(seed=st.integers(), quantity=st.decimals(min_value=1, max_value=10**6, places=2))
def test_a_time_in_force_changes_no_draw(seed: int, quantity: Decimal) -> None:
    """So that the same seed fills a whole order alike, whatever its time in force."""
    drawn = [
        evaluate(
            execution(quantity_ordered=quantity, time_in_force=each),
            price=Decimal(10),
            now=NOW,
            rng=Random(seed),
            rules=RULES,
        ).quantity
        for each in (None, TimeInForce.IOC, TimeInForce.FOK)
    ]
    assert drawn[1] == drawn[0]
    assert drawn[2] in {0, quantity}
    assert (drawn[2] == quantity) == (drawn[0] == quantity)


@pytest.mark.parametrize(
    ("number", "announce_fix", "announced"),
    [(37, False, True), (-5, False, False), (-5, True, True)],
)
def test_fills_of_orders_by_fix_are_announced_where_that_is_wanted(
    number: int, announce_fix: bool, announced: bool
) -> None:
    fill = evaluate(
        execution(execution_service_id=number),
        price=Decimal(10),
        now=NOW,
        rng=Draws(0.0),
        rules=FillRules(announce_fix=announce_fix),
    )
    assert fill.announced == announced
