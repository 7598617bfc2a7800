"""The audit accepts what FIX clients ordered, and finds what contradicts it all the same."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from fixengine.audit.evidence import Case, Stored
from fixengine.audit.judge import Judge
from fixengine.audit.terms import Expectations
from fixengine.audit.verdict import Kind
from fixengine.rules.values import ChangeEntry, LedgerEntry
from tests.support.hand_made import EXECUTION, FILLS, FIRST, SECOND

SILENT = tuple(structs.replace(fill, announced=False) for fill in FILLS)
ROW = structs.replace(EXECUTION, execution_service_id=-5, trade_service_execution_id=None)
SOUND = Case(key=b"-5", stored=(Stored(execution=ROW, fills=SILENT),))


def found(case: Case, **expectations: Any) -> list[tuple[Kind, str]]:
    judge = Judge(expectations=Expectations(**expectations))
    return [(each.kind, each.said) for each in judge.contradictions(case)]


def ended(time_in_force: str, *filled: int) -> Case:
    """Return an order for 500 of which so much was filled in turn, before its time was over."""
    fills: list[LedgerEntry] = []
    total = 0
    for number, quantity in enumerate((*filled, None), 1):
        total += quantity or 0
        fills.append(
            LedgerEntry(
                execution_id=5,
                number=number,
                quantity=Decimal(quantity or 0),
                price=None if quantity is None else Decimal(2),
                filled_at=FIRST if number == 1 else SECOND,
                quantity_filled=Decimal(total),
                total_amount=Decimal(2 * total),
                version=1 + number,
                announced=False,
            )
        )
    end = ChangeEntry(5, len(fills), "EXPIRE", Decimal(500), None, Decimal(500), None, None)
    row = structs.replace(
        ROW,
        is_open=False,
        execution_status="CPART" if total else "CNCLD",
        quantity_ordered=Decimal(500),
        limit_price=None,
        quantity_filled=Decimal(total),
        total_amount=Decimal(2 * total),
        number_of_fills=len(fills),
        version=1 + len(fills),
        last_fill_timestamp=fills[-1].filled_at,
        next_fill_timestamp=None,
        time_in_force=time_in_force,
    )
    return Case(key=b"-5", stored=(Stored(execution=row, fills=tuple(fills), changes=(end,)),))


def test_no_topic_has_an_order_by_fix_nor_its_fills() -> None:
    judge = Judge(expectations=Expectations())
    assert [*judge.contradictions(SOUND)] == []
    assert judge.counts.by_fix == judge.counts.executions == 1
    assert "1 executions (1 by FIX)" in judge.counts.summary()


def test_fills_that_are_announced_have_their_messages() -> None:
    announced = replace(SOUND, stored=(Stored(execution=ROW, fills=FILLS),))
    assert {kind for kind, _ in found(announced)} == {Kind.FILLS}


def test_a_ledger_that_does_not_lead_to_the_execution_is_found() -> None:
    tampered = structs.replace(ROW, total_amount=ROW.total_amount + 1)
    case = replace(SOUND, stored=(Stored(execution=tampered, fills=SILENT),))
    assert {kind for kind, _ in found(case)} == {Kind.LEDGER}


@pytest.mark.parametrize(
    "case", [ended("IOC", 400), ended("IOC", 0), ended("FOK", 0)], ids=["part", "none", "killed"]
)
def test_what_may_not_wait_ends_after_its_first_evaluation(case: Case) -> None:
    assert found(case) == []


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (ended("FOK", 400), "fill 1 of 400 is none that the rules allow"),
        (ended("IOC", 300, 120), "fill 2 is not the first, and it is IOC"),
        (ended("IOC"), "fill 1, a EXPIRE, is of an execution that was not evaluated"),
    ],
    ids=["a part of all or nothing", "twice", "never"],
)
def test_what_a_time_in_force_forbids_is_found(case: Case, said: str) -> None:
    ((kind, words),) = found(case)
    assert kind is Kind.LEDGER
    assert said in words
