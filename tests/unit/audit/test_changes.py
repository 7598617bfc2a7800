"""The audit accepts an execution that was changed, and finds each contradiction in its changes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from fixengine.audit.evidence import Case, Source, Stored
from fixengine.audit.judge import Judge
from fixengine.audit.terms import Expectations
from fixengine.rules.values import ChangeEntry, LedgerEntry
from tests.support.hand_made import EXECUTION, FILLS, FIRST, ORDER, PART_MESSAGE, SECOND, message

THIRD = SECOND + timedelta(seconds=10)
EXPIRES = THIRD


def evaluation(
    number: int, quantity: int, price: str | None, filled: int, total: str
) -> LedgerEntry:
    return LedgerEntry(
        execution_id=5,
        number=number,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
        filled_at=SECOND if number == 3 else THIRD,
        quantity_filled=Decimal(filled),
        total_amount=Decimal(total),
        version=1 + number,
        announced=filled > 0,
    )


REPLACED = ChangeEntry(
    execution_id=5,
    number=3,
    kind="REPLACE",
    quantity_before=ORDER.quantity_ordered,
    limit_before=ORDER.limit_price,
    quantity=Decimal(307),
    limit_price=None,
    request_key="more",
)
CANCELLED = ChangeEntry(
    execution_id=5,
    number=5,
    kind="CANCEL",
    quantity_before=Decimal(307),
    limit_before=None,
    quantity=Decimal(307),
    limit_price=None,
    request_key="enough",
)
# 107 of 134 are filled as the order says; 120 is 60 % of what is left of 307, at no limit
LEDGER = (
    *FILLS[:2],
    evaluation(3, 0, None, 107, "4627.75"),
    evaluation(4, 120, "50", 227, "10627.75"),
    evaluation(5, 0, None, 227, "10627.75"),
)
ROW = structs.replace(
    EXECUTION,
    execution_status="CPART",
    quantity_ordered=Decimal(307),
    limit_price=None,
    quantity_filled=Decimal(227),
    total_amount=Decimal("10627.75"),
    number_of_fills=5,
    version=6,
    last_fill_timestamp=THIRD,
)


def changed_message(state: bytes, sums: bytes) -> bytes:
    return (
        b'{"id":5,"executionServiceId":37,' + state + b',"tradeType":"BUY","destination":"ML",'
        b'"securityId":"68bda020e3644b42ebcb2bd3","ticker":"A","quantity":307,"receivedTimestamp"'
        b':1785240970.233793,"sentTimestamp":1785240970.31,"tradeServiceExecutionId":12,' + sums
    )


AS_REPLACED = changed_message(
    b'"isOpen":true,"executionStatus":"PART"',
    b'"lastFilledTimestamp":1785241001,"quantityFilled":107,"averagePrice":43.25,'
    b'"numberOfFills":3,"totalAmount":4627.75,"version":4}',
)
AS_FILLED = changed_message(
    b'"isOpen":true,"executionStatus":"PART"',
    b'"lastFilledTimestamp":1785241011,"quantityFilled":227,"averagePrice":46.8183,'
    b'"numberOfFills":4,"totalAmount":10627.75,"version":5}',
)
AS_CANCELLED = changed_message(
    b'"isOpen":false,"executionStatus":"CPART"',
    b'"lastFilledTimestamp":1785241011,"quantityFilled":227,"averagePrice":46.8183,'
    b'"numberOfFills":5,"totalAmount":10627.75,"version":6}',
)
VALUES = (PART_MESSAGE, AS_REPLACED, AS_FILLED, AS_CANCELLED)


def told(*values: bytes) -> dict[str, Any]:
    return {"messages": tuple(message(offset, value) for offset, value in enumerate(values))}


CHANGED = Case(
    key=b"37",
    sources=(Source(expected=ORDER),),
    stored=(Stored(execution=ROW, fills=LEDGER, changes=(REPLACED, CANCELLED)),),
    **told(*VALUES),
)
# nothing is filled; its time is over
UNFILLED = Case(
    key=b"37",
    sources=(Source(expected=replace(ORDER, expires_at=EXPIRES)),),
    stored=(
        Stored(
            execution=structs.replace(
                EXECUTION,
                execution_status="CNCLD",
                quantity_filled=Decimal(0),
                total_amount=Decimal(0),
                number_of_fills=2,
                version=3,
                last_fill_timestamp=THIRD,
                expires_at=EXPIRES,
            ),
            fills=(FILLS[0], evaluation(2, 0, None, 0, "0")),
            changes=(
                structs.replace(
                    CANCELLED,
                    number=2,
                    kind="EXPIRE",
                    quantity_before=ORDER.quantity_ordered,
                    limit_before=ORDER.limit_price,
                    quantity=ORDER.quantity_ordered,
                    limit_price=ORDER.limit_price,
                ),
            ),
        ),
    ),
)


def judged(case: Case, **expectations: Any) -> tuple[str, Judge]:
    judge = Judge(expectations=Expectations(**expectations))
    return "\n".join(f"{each.kind}: {each}" for each in judge.contradictions(case)), judge


def problems(case: Case) -> str:
    return judged(case)[0]


def stored(case: Case, **parts: Any) -> Case:
    (one,) = case.stored
    return replace(case, stored=(replace(one, **parts),))


def row(case: Case, **columns: Any) -> Case:
    (one,) = case.stored
    return stored(case, execution=structs.replace(one.execution, **columns))


def change(case: Case, index: int, **columns: Any) -> Case:
    changes = [*case.stored[0].changes]
    changes[index] = structs.replace(changes[index], **columns)
    return stored(case, changes=tuple(changes))


def fill(case: Case, number: int, **columns: Any) -> Case:
    fills = [*case.stored[0].fills]
    fills[number - 1] = structs.replace(fills[number - 1], **columns)
    return stored(case, fills=tuple(fills))


def test_changes_that_follow_from_one_another_hold_and_are_counted() -> None:
    found, judge = judged(CHANGED)
    assert found == ""
    assert judge.counts.summary() == (
        "the ledger holds: 1 orders, 1 executions, 0 full, 1 cancelled, 1 replaced, 5 fills, "
        "4 messages (0 repeated), 0 dead letters (0 repeated)"
    )
    assert judge.counts.as_dict()["replaced"] == 1


def test_an_execution_whose_time_was_over_before_anything_was_filled_holds() -> None:
    found, judge = judged(UNFILLED)
    assert found == ""
    assert "0 full, 1 expired, 2 fills" in judge.counts.summary()


def test_an_end_with_nothing_filled_is_told_of_only_where_empty_fills_are() -> None:
    everything = stored(
        UNFILLED,
        fills=tuple(structs.replace(each, announced=True) for each in UNFILLED.stored[0].fills),
    )
    assert "fill 2 is announced" in problems(everything)
    empty = PART_MESSAGE.replace(b'"averagePrice":43.25,', b"").replace(b":107,", b":0,")
    empty = empty.replace(b"4627.75", b"0")
    first = empty.replace(b"PART", b"WORK").replace(b'lls":2', b'lls":1').replace(b":3}", b":2}")
    last = empty.replace(b"PART", b"CNCLD").replace(b"true", b"false")
    last = last.replace(b"1785240971.02", b"1785241011")
    found, _ = judged(replace(everything, **told(first, last)), empty_fills_announced=True)
    assert found == ""


def test_a_replace_by_what_is_filled_ends_it_as_full() -> None:
    full = change(CHANGED, 0, quantity=Decimal(107))
    full = stored(full, fills=LEDGER[:3], changes=full.stored[0].changes[:1])
    full = row(
        full,
        execution_status="FULL",
        quantity_ordered=Decimal(107),
        quantity_filled=Decimal(107),
        total_amount=Decimal("4627.75"),
        number_of_fills=3,
        version=4,
        last_fill_timestamp=SECOND,
    )
    as_full = AS_REPLACED.replace(b"307", b"107").replace(b"true", b"false")
    as_full = as_full.replace(b"PART", b"FULL")
    assert problems(replace(full, **told(PART_MESSAGE, as_full))) == ""


def test_an_order_that_nobody_can_fill_may_be_cancelled() -> None:
    order = replace(ORDER, fillable=False)
    alone = stored(
        UNFILLED,
        fills=(evaluation(1, 0, None, 0, "0"),),
        changes=(structs.replace(CANCELLED, number=1, quantity_before=Decimal(134)),),
    )
    alone = change(
        alone, 0, limit_before=ORDER.limit_price, quantity=Decimal(134), limit_price=Decimal("44.1")
    )
    alone = row(alone, number_of_fills=1, version=2, expires_at=None)
    assert problems(replace(alone, sources=(Source(expected=order),))) == ""
    evaluated = replace(UNFILLED, sources=(Source(expected=replace(order, expires_at=EXPIRES)),))
    assert "although nobody prices" in problems(evaluated)


MORE = evaluation(6, 0, "43", 227, "10627.75")


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        (row(CHANGED, execution_status="PART"), "its last change says CPART"),
        (row(CHANGED, execution_status="CNCLD"), "its last change says CPART"),
        (row(UNFILLED, execution_status="CPART"), "its last change says CNCLD"),
        (row(CHANGED, is_open=True), "is_open is True although its last change says CPART"),
        (row(CHANGED, next_fill_timestamp=THIRD), "next_fill_timestamp is "),
        (row(CHANGED, quantity_ordered=Decimal(308)), "its last change led to 307 with no limit"),
        (row(CHANGED, limit_price=Decimal(60)), "the execution is of 307 with a limit of 60"),
        (change(CHANGED, 0, quantity_before=Decimal(135)), "order: order 37: quantity_ordered is"),
        (change(CHANGED, 0, limit_before=Decimal(60)), "order: order 37: limit_price is 60"),
        (change(CHANGED, 0, quantity=Decimal(306)), "the one before it led to 306"),
        (change(CHANGED, 0, limit_price=Decimal(60)), "led to 307 with a limit of 60"),
        (change(CHANGED, 1, quantity=Decimal(227)), "a CANCEL, has led from 307 with no limit to"),
        (change(CHANGED, 1, kind="PAUSE"), "a PAUSE, is of no kind that there is"),
        (change(CHANGED, 1, request_key="more"), "2 changes have the key 'more'"),
        (change(CHANGED, 0, quantity=Decimal(106)), "led to a quantity of 106, 107"),
        (change(CHANGED, 0, quantity=Decimal("NaN")), "state: order 37: quantity of change 3 is"),
        (change(CHANGED, 1, number=7), "the ledger has no fill 7, which was a CANCEL"),
        (fill(CHANGED, 3, quantity=Decimal(1)), "fill 3, a REPLACE, has filled 1 at None"),
        (fill(CHANGED, 5, price=Decimal(43)), "fill 5, a CANCEL, has filled 0 at 43"),
        (fill(CHANGED, 5, announced=False), "fill 5 is not announced"),
        (fill(CHANGED, 4, quantity=Decimal(201)), "fill 4 of 201 is none that the rules allow"),
        (change(CHANGED, 0, kind="CANCEL"), "fill 4 comes after a CANCEL"),
        (stored(CHANGED, fills=(*LEDGER, MORE)), "fill 6 comes after a CANCEL"),
        (stored(CHANGED, changes=(REPLACED,)), "execution_status is CPART, its quantities say"),
        (stored(CHANGED, changes=(CANCELLED,)), "order: order 37: quantity_ordered is 307"),
        (stored(CHANGED, changes=()), "order: order 37: quantity_ordered is 307"),
        (row(UNFILLED, expires_at=None), "order: order 37: expires_at is None, the order says"),
        (row(CHANGED, expires_at=EXPIRES), "the order says None"),
        (change(CHANGED, 1, kind="EXPIRE"), "a EXPIRE, is of an execution that does not expire"),
        (
            fill(UNFILLED, 2, filled_at=EXPIRES - timedelta(microseconds=1)),
            "a EXPIRE, was made at 2026-07-28 12:16:50.999999+00:00, before",
        ),
    ],
)
def test_a_change_that_contradicts_the_rest_is_found(case: Case, problem: str) -> None:
    assert problem in problems(case)


def test_the_limit_that_held_before_a_change_is_the_order_s() -> None:
    dear = fill(CHANGED, 2, price=Decimal("44.11"))
    assert "fill 2 at 44.11 is beyond the limit of 44.1" in problems(dear)


@pytest.mark.parametrize(
    ("index", "before", "after", "problem"),
    [
        (0, b'"quantity":134', b'"quantity":307', "message 2 has quantity 307 instead of 134"),
        (0, b'"limitPrice":44.1,', b"", "message 2 has limitPrice None instead of 44.1"),
        (1, b'"quantity":307', b'"quantity":134', "message 3 has quantity 134 instead of 307"),
        (3, b"CPART", b"CNCLD", "message 5 has executionStatus CNCLD instead of CPART"),
        (3, b"false", b"true", "message 5 has isOpen True instead of False"),
    ],
)
def test_a_message_has_the_terms_and_the_status_of_its_number(
    index: int, before: bytes, after: bytes, problem: str
) -> None:
    assert before in VALUES[index]
    values = [*VALUES]
    values[index] = values[index].replace(before, after)
    assert problem in problems(replace(CHANGED, **told(*values)))


def test_the_message_of_a_change_is_missed() -> None:
    assert "are of fills [2, 3, 4], announced are [2, 3, 4, 5]" in problems(
        replace(CHANGED, **told(*VALUES[:3]))
    )


def test_nothing_is_filled_once_the_time_of_an_execution_is_over() -> None:
    def expired(since: timedelta) -> str:
        expires_at = FIRST - since
        case = row(CHANGED, expires_at=expires_at)
        order = replace(ORDER, expires_at=expires_at)
        return problems(replace(case, sources=(Source(expected=order),)))

    assert "fill 4 was made at 2026-07-28 12:16:51+00:00, after its end" in expired(timedelta(0))
    assert "fill 1 was made at" not in expired(timedelta(seconds=5))
    assert "fill 1 was made at" in expired(timedelta(seconds=5, microseconds=1))


def test_a_time_that_was_moved_on_to_the_last_one_proves_nothing() -> None:
    """A database's clock may be set back; times of an execution are not."""
    order = replace(ORDER, expires_at=ORDER.received_timestamp)
    late = structs.replace(
        EXECUTION, expires_at=order.expires_at, sent_timestamp=SECOND, last_fill_timestamp=SECOND
    )
    fills = tuple(structs.replace(each, filled_at=SECOND) for each in FILLS)
    case = Case(
        key=b"37",
        sources=(Source(expected=order),),
        stored=(Stored(execution=late, fills=fills),),
    )
    assert "after its end" not in problems(case)
