"""What a request to cancel or replace does to an execution."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.rules.changes import (
    ChangeRequest,
    Refusal,
    as_after,
    change,
    has_expired,
    is_same,
    refusal,
)
from fixengine.rules.fills import FillRules
from fixengine.rules.values import (
    Change,
    ChangeKind,
    Execution,
    LedgerEntry,
    Terms,
    TimeInForce,
)
from tests.support.executions import SENT, execution

NOW = SENT + timedelta(seconds=9)
RULES = FillRules()
AMOUNTS = st.decimals(min_value="0.00000001", max_value="1000000", places=8)


def request(kind: ChangeKind = ChangeKind.CANCEL, **changes: Any) -> ChangeRequest:
    return ChangeRequest(execution_id=5, kind=kind, key="k", **changes)


def changed(asked: ChangeRequest, before: Execution, *, rules: FillRules = RULES) -> Change:
    assert refusal(before, asked) is None
    return change(before, asked, now=NOW, rules=rules)


def partly(filled: str = "34", **changes: Any) -> Execution:
    return execution(
        execution_status="PART",
        quantity_filled=Decimal(filled),
        total_amount=Decimal(filled) * 10,
        number_of_fills=1,
        version=2,
        last_fill_timestamp=SENT + timedelta(seconds=1),
        **changes,
    )


def test_an_execution_without_a_fill_is_cancelled_and_nobody_is_told() -> None:
    done = changed(request(), execution())
    after = done.fill.execution
    assert (after.is_open, after.execution_status) == (False, "CNCLD")
    assert (after.number_of_fills, after.version) == (1, 2)
    assert after.next_fill_timestamp is None
    assert after.last_fill_timestamp == NOW
    assert (done.fill.quantity, done.fill.price, done.fill.announced) == (0, None, False)
    assert (done.kind, done.key) == (ChangeKind.CANCEL, "k")


def test_where_empty_evaluations_are_announced_so_is_its_cancel() -> None:
    assert changed(request(), execution(), rules=FillRules(announce_empty=True)).fill.announced


@pytest.mark.parametrize("kind", [ChangeKind.CANCEL, ChangeKind.EXPIRE])
def test_what_is_filled_stays_filled(kind: ChangeKind) -> None:
    before = partly()
    done = changed(request(kind), before)
    after = done.fill.execution
    assert (after.is_open, after.execution_status) == (False, "CPART")
    assert after.quantity_filled == before.quantity_filled
    assert after.total_amount == before.total_amount
    assert after.terms == before.terms
    assert done.fill.announced


def test_a_replace_sets_what_it_names_and_leaves_the_rest() -> None:
    before = partly(limit_price=Decimal(9))
    more = changed(request(ChangeKind.REPLACE, quantity=Decimal(500)), before)
    assert more.fill.execution.terms == Terms(Decimal(500), Decimal(9))
    assert more.before == Terms(Decimal(134), Decimal(9))
    market = changed(request(ChangeKind.REPLACE, limit_price=None), before)
    assert market.fill.execution.terms == Terms(Decimal(134), None)
    after = market.fill.execution
    assert (after.is_open, after.execution_status) == (True, "PART")
    assert after.next_fill_timestamp == before.next_fill_timestamp


def test_a_replace_before_the_first_fill_leaves_it_at_work() -> None:
    after = changed(request(ChangeKind.REPLACE, quantity=Decimal(1)), execution()).fill.execution
    assert (after.is_open, after.execution_status) == (True, "WORK")


def test_a_replace_by_what_is_filled_makes_it_full() -> None:
    after = changed(request(ChangeKind.REPLACE, quantity=Decimal(34)), partly()).fill.execution
    assert (after.is_open, after.execution_status) == (False, "FULL")
    assert after.next_fill_timestamp is None


def test_no_replace_goes_below_what_is_filled() -> None:
    asked = request(ChangeKind.REPLACE, quantity=Decimal("33.99999999"))
    assert refusal(partly(), asked) is Refusal.FILLED


def test_what_another_program_filled_beyond_its_quantity_can_be_ended() -> None:
    before = partly("150")
    assert refusal(before, request(ChangeKind.REPLACE, limit_price=None)) is Refusal.FILLED
    after = changed(request(), before).fill.execution
    assert (after.is_open, after.execution_status) == (False, "CPART")


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_what_is_closed_does_not_change(kind: ChangeKind) -> None:
    closed = partly(is_open=False)
    assert refusal(closed, request(kind)) is Refusal.CLOSED


def test_a_request_for_another_version_is_refused_before_all_else() -> None:
    assert refusal(partly(is_open=False), request(version=1)) is Refusal.MOVED_ON
    assert refusal(partly(), request(version=2)) is None


def test_nothing_expires_before_its_time_whatever_the_clock_says() -> None:
    due = SENT + timedelta(hours=1)
    before = partly(expires_at=due)
    for kind, moment in ((ChangeKind.EXPIRE, due), (ChangeKind.CANCEL, NOW)):
        done = change(before, request(kind), now=NOW, rules=FillRules())
        assert done.fill.execution.last_fill_timestamp == moment


def test_time_never_goes_back() -> None:
    late = NOW + timedelta(seconds=5)
    before = partly()
    done = change(
        before,
        request(),
        now=SENT - timedelta(days=1),
        rules=FillRules(),
    )
    assert done.fill.execution.last_fill_timestamp == before.last_fill_timestamp
    sent_late = changed(request(), execution(sent_timestamp=late)).fill.execution
    assert sent_late.last_fill_timestamp == late


@given(filled=AMOUNTS, more=AMOUNTS, quantity=AMOUNTS, kind=st.sampled_from(list(ChangeKind)))
def test_no_change_touches_what_is_filled_or_allows_more(
    filled: Decimal, more: Decimal, quantity: Decimal, kind: ChangeKind
) -> None:
    before = partly(str(filled), quantity_ordered=filled + more)
    asked = request(kind, quantity=quantity)
    if refusal(before, asked) is not None:
        assert quantity < filled
        return
    after = change(before, asked, now=NOW, rules=FillRules()).fill.execution
    assert after.quantity_filled == filled <= after.quantity_ordered
    assert after.is_open == (kind is ChangeKind.REPLACE and filled < after.quantity_ordered)
    assert after.version == before.version + 1


def test_an_execution_is_known_as_it_was_after_each_evaluation() -> None:
    """Whatever has happened since: its message comes out the same, whenever it is sent."""
    first = changed(request(ChangeKind.REPLACE, quantity=Decimal(200)), partly())
    second = changed(request(ChangeKind.CANCEL), first.fill.execution)
    for done, before in ((first, partly()), (second, first.fill.execution)):
        after = done.fill.execution
        assert done.before == before.terms
        rebuilt = as_after(second.fill.execution, entry(done), kind=done.kind, terms=after.terms)
        assert rebuilt == as_after(after, entry(done), kind=done.kind, terms=after.terms)
        assert rebuilt.execution_status == after.execution_status
        assert (rebuilt.is_open, rebuilt.version) == (after.is_open, after.version)


def entry(done: Change) -> LedgerEntry:
    after = done.fill.execution
    return LedgerEntry(
        execution_id=after.id,
        number=after.number_of_fills,
        quantity=done.fill.quantity,
        price=done.fill.price,
        filled_at=after.last_fill_timestamp,
        quantity_filled=after.quantity_filled,
        total_amount=after.total_amount,
        version=after.version,
        announced=done.fill.announced,
    )


def test_a_request_is_the_same_by_what_it_led_to() -> None:
    after = Terms(Decimal(200), None)
    more = request(ChangeKind.REPLACE, quantity=Decimal(200))
    assert is_same(more, kind=ChangeKind.REPLACE, after=after)
    assert not is_same(more, kind=ChangeKind.CANCEL, after=after)
    other = request(ChangeKind.REPLACE, quantity=Decimal(201))
    assert not is_same(other, kind=ChangeKind.REPLACE, after=after)


@pytest.mark.parametrize("time_in_force", TimeInForce)
def test_what_may_not_wait_is_over_once_it_was_evaluated(time_in_force: TimeInForce) -> None:
    assert not has_expired(execution(time_in_force=time_in_force), NOW)
    assert has_expired(partly(time_in_force=time_in_force), NOW)
    assert not has_expired(partly(), NOW)


def test_what_may_not_wait_can_be_cancelled_and_not_replaced() -> None:
    before = execution(time_in_force=TimeInForce.IOC)
    assert refusal(before, request(ChangeKind.REPLACE, quantity=Decimal(9))) is Refusal.AT_ONCE
    assert refusal(before, request()) is None


@pytest.mark.parametrize(("announce_fix", "announced"), [(False, False), (True, True)])
def test_changes_of_orders_by_fix_are_announced_where_that_is_wanted(
    announce_fix: bool, announced: bool
) -> None:
    rules = FillRules(announce_fix=announce_fix)
    assert changed(request(), partly(execution_service_id=-5), rules=rules).fill.announced == (
        announced
    )


def test_a_quantity_below_what_is_filled_becomes_that_where_the_request_says_so() -> None:
    asked = request(ChangeKind.REPLACE, quantity=Decimal(20), or_filled=True)
    done = changed(asked, partly("34"))
    after = done.fill.execution
    assert (after.quantity_ordered, after.is_open, after.execution_status) == (34, False, "FULL")
    assert done.before.quantity == 134
    assert is_same(asked, kind=ChangeKind.REPLACE, after=after.terms)
    assert not is_same(asked, kind=ChangeKind.REPLACE, after=Terms(Decimal(10), None))
    more = request(ChangeKind.REPLACE, quantity=Decimal(50), or_filled=True)
    assert changed(more, partly("34")).fill.execution.quantity_ordered == 50
