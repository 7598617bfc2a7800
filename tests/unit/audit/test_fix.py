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


BODIES = (
    b"37=5\x0117=5-0\x0138=134\x0114=0\x01151=134\x016=0\x01",
    b"37=5\x0117=5-2\x0138=134\x0114=107\x01151=27\x016=43.25\x0132=107\x0131=43.25\x01",
    b"37=5\x0117=5-3\x0138=134\x0114=134\x01151=0\x016=43.25\x0132=27\x0131=43.25\x01",
)


def worded(*bodies: bytes, strange: int = 0) -> Case:
    (stored,) = SOUND.stored
    told = Told(sent=(0, 2, 3), waiting=(), bodies=bodies, strange=strange)
    return replace(SOUND, stored=(replace(stored, told=told),))


def test_reports_have_the_figures_of_the_ledger() -> None:
    assert found(worded(*BODIES)) == []


@pytest.mark.parametrize(
    ("report", "was", "becomes", "said"),
    [
        (0, b"37=5", b"37=6", "report of 0 has ExecID 5-0, not 6-0"),
        (1, b"37=5", b"37=6", "report of 2 has OrderID 6, not 5"),
        (0, b"17=5-0", b"17=5-1", "report of 0 has ExecID 5-1, not 5-0"),
        (0, b"38=134", b"38=135", "report of 0 has OrderQty 135, not 134"),
        (1, b"14=107", b"14=108", "report of 2 has CumQty 108, not 107"),
        (1, b"151=27", b"151=26", "report of 2 has LeavesQty 26, not 27"),
        (1, b"\x016=43.25", b"\x016=43.26", "report of 2 has AvgPx 43.26, not 43.25"),
        (2, b"32=27", b"32=NaN", "report of 3 has LastQty NaN, not 27"),
        (2, b"31=43.25", b"31=43.2", "report of 3 has LastPx 43.2, not 43.25"),
        (2, b"151=0", b"999=0", "report of 3 has LeavesQty nothing, not 0"),
        (2, b"14=134", b"14=\xff\x1b", r"report of 3 has CumQty \xff\x1b, not 134"),
    ],
)
def test_a_report_with_another_figure_is_found(
    report: int, was: bytes, becomes: bytes, said: str
) -> None:
    bodies = [*BODIES]
    assert was in bodies[report]
    bodies[report] = bodies[report].replace(was, becomes)
    ((kind, words),) = found(worded(*bodies))
    assert kind is Kind.TOLD
    assert said in words


def test_a_report_to_another_client_is_found() -> None:
    assert found(worded(*BODIES, strange=1)) == [
        (Kind.TOLD, "order -5: 1 reports of it are another session's")
    ]


def test_an_order_may_have_another_number_after_a_restore() -> None:
    former = BODIES[0].replace(b"37=5", b"37=4").replace(b"17=5-0", b"17=4-0")
    assert found(worded(former, *BODIES[1:])) == []
