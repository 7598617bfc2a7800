"""The audit accepts what FIX clients ordered, and finds what contradicts it all the same."""

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from fixengine.audit.evidence import Case, Stored
from fixengine.audit.judge import Judge
from fixengine.audit.terms import Expectations, Horizon
from fixengine.audit.verdict import Kind
from fixengine.infra.postgres.audit_pages import Told
from fixengine.rules.values import ChangeEntry, LedgerEntry
from tests.support.hand_made import EXECUTION, FILLS, FIRST, RECEIVED, SECOND

SILENT = tuple(structs.replace(fill, announced=False) for fill in FILLS)
ROW = structs.replace(EXECUTION, execution_service_id=-5, trade_service_execution_id=None)
TOLD = Told(sent=(0, 2), waiting=(3,))  # the first evaluation fills nothing
SOUND = Case(key=b"-5", stored=(Stored(execution=ROW, fills=SILENT, told=TOLD),))


def found(case: Case, horizon: Horizon | None = None) -> list[tuple[Kind, str]]:
    judge = Judge(expectations=Expectations(), horizon=horizon or Horizon())
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
    told = Told(
        sent=(0, *(number for number, quantity in enumerate(filled, 1) if quantity), len(fills)),
        waiting=(),
    )
    stored = Stored(execution=row, fills=tuple(fills), changes=(end,), told=told)
    return Case(key=b"-5", stored=(stored,))


def test_no_topic_has_an_order_by_fix_nor_its_fills() -> None:
    judge = Judge(expectations=Expectations())
    assert [*judge.contradictions(SOUND)] == []
    assert judge.counts.by_fix == judge.counts.executions == 1
    assert "1 executions (1 by FIX)" in judge.counts.summary()


def test_fills_that_are_announced_have_their_messages() -> None:
    announced = replace(SOUND, stored=(Stored(execution=ROW, fills=FILLS, told=TOLD),))
    assert {kind for kind, _ in found(announced)} == {Kind.FILLS}


def test_what_fills_nothing_is_not_announced_either() -> None:
    fills = (structs.replace(SILENT[0], announced=True), *SILENT[1:])
    case = replace(SOUND, stored=(Stored(execution=ROW, fills=fills, told=TOLD),))
    assert (Kind.LEDGER, "order -5: fill 1 is announced") in found(case)


def test_a_ledger_that_does_not_lead_to_the_execution_is_found() -> None:
    tampered = structs.replace(ROW, total_amount=ROW.total_amount + 1)
    case = replace(SOUND, stored=(Stored(execution=tampered, fills=SILENT, told=TOLD),))
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


def told(sent: tuple[int, ...], *waiting: int) -> Case:
    (stored,) = SOUND.stored
    return replace(SOUND, stored=(replace(stored, told=Told(sent=sent, waiting=waiting)),))


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (told((0, 2)), "its client is not told of [3]"),
        (told((2, 3)), "its client is not told of [0]"),
        (told((0, 1, 2, 3, 4)), "its client is told of [1, 4], where the ledger has nothing"),
        (told((0, 2, 3), 3), "its client is told twice of [3]"),
        (told((0, 2), 3, 3), "its client is told twice of [3]"),
    ],
)
def test_a_client_is_told_of_each_fill_once(case: Case, said: str) -> None:
    ((kind, words),) = found(case)
    assert kind is Kind.TOLD
    assert said in words


def test_what_a_client_was_told_may_be_gone_where_not_all_is_kept() -> None:
    assert found(told((), 3), Horizon(kept_since=RECEIVED)) == []


def test_an_execution_by_fix_that_no_client_ordered_is_found() -> None:
    (stored,) = SOUND.stored
    forged = replace(SOUND, stored=(replace(stored, told=None),))
    assert {kind for kind, _ in found(forged)} == {Kind.NOBODY_SENT}
