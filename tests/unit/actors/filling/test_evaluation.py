"""What becomes of a claim, by the prices that are known and the time that is left."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from fixengine.actors.filling.evaluation import evaluate_claim, tickers_of
from fixengine.actors.messages import Prices
from fixengine.ports.stores import Claim
from fixengine.rules.fills import FillRules
from fixengine.rules.values import ChangeKind, Execution, TimeInForce
from tests.support.executions import SENT, execution

NOW = SENT + timedelta(minutes=1)
RULES = FillRules(delay_min=5, delay_max=5)


def claim(*executions: Execution) -> Claim:
    return Claim(executions=executions, now=NOW, next_due_in=None, more=False)


OVER = execution(id=1, ticker="A", expires_at=NOW)
PRICED = execution(
    id=2, ticker="B", expires_at=NOW + timedelta(seconds=3), quantity_ordered=Decimal(10**6)
)
UNPRICED = execution(id=3, ticker="C", expires_at=NOW + timedelta(seconds=2))


def test_what_is_over_ends_what_has_a_price_is_filled_and_the_rest_is_put_off() -> None:
    prices = Prices(known={"A": Decimal(1), "B": Decimal(1)})
    outcome = evaluate_claim(claim(OVER, PRICED, UNPRICED), prices, rules=RULES, seed="1")
    assert [each.execution.id for each in outcome.fills] == [2]
    assert [(each.kind, each.fill.execution.id) for each in outcome.ended] == [
        (ChangeKind.EXPIRE, 1)
    ]
    assert [each.execution_id for each in outcome.postponed] == [3]
    assert not outcome.only_ends


def test_nothing_waits_beyond_its_end() -> None:
    outcome = evaluate_claim(
        claim(PRICED, UNPRICED), Prices(known={"B": Decimal(1)}), rules=RULES, seed="1"
    )
    assert outcome.fills[0].execution.is_open
    assert [*outcome.next_times()] == [PRICED.expires_at, UNPRICED.expires_at]


def test_nobody_needs_a_price_of_what_is_over() -> None:
    assert tickers_of(claim(OVER, PRICED)) == {"B"}
    outcome = evaluate_claim(claim(OVER), Prices(), rules=RULES, seed=None)
    assert outcome.only_ends
    assert [*outcome.next_times()] == []


def test_an_end_is_announced_where_something_is_filled_or_all_is_announced() -> None:
    filled = execution(id=1, expires_at=NOW, quantity_filled=Decimal(1))
    for rules, announced in (
        (RULES, [False, True]),
        (replace(RULES, announce_empty=True), [True] * 2),
    ):
        outcome = evaluate_claim(claim(OVER, filled), Prices(), rules=rules, seed=None)
        assert [each.fill.announced for each in outcome.ended] == announced


def test_what_may_not_wait_is_evaluated_once_and_ends_with_the_next_claim() -> None:
    immediate = execution(id=1, time_in_force=TimeInForce.IOC, quantity_ordered=Decimal(10**6))
    (first,) = evaluate_claim(
        claim(immediate), Prices(known={"A": Decimal(1)}), rules=RULES, seed="1"
    ).fills
    assert first.execution.next_fill_timestamp == NOW
    assert tickers_of(claim(first.execution)) == frozenset()
    (end,) = evaluate_claim(claim(first.execution), Prices(), rules=RULES, seed="1").ended
    assert (end.kind, end.fill.execution.is_open) == (ChangeKind.EXPIRE, False)


def test_what_may_not_wait_waits_for_a_price_all_the_same() -> None:
    immediate = execution(id=1, time_in_force=TimeInForce.FOK)
    outcome = evaluate_claim(claim(immediate), Prices(), rules=RULES, seed="1")
    assert [each.execution_id for each in outcome.postponed] == [1]
