"""The audit finds each kind of corruption in a ledger that held before."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from fixengine.audit.ledger import allowed_quantities
from fixengine.demo.audit.remains import Unpublished
from fixengine.demo.audit.report import Expectations
from tests.support.hand_made import (
    BAD,
    DEAD_HEADERS,
    EXECUTION,
    FILLS,
    FULL_MESSAGE,
    GOOD,
    ORDER,
    PART_MESSAGE,
    SECOND,
    Run,
    fill,
    message,
)


def run(**evidence: Any) -> Run:
    return Run(evidence=replace(Run().evidence, **evidence))


def problems_of(changed: Run) -> str:
    report = changed.judged()
    assert not report.ok
    return "\n".join(report.problems)


def test_a_sound_run_holds_and_is_counted() -> None:
    report = Run().judged()
    assert report.problems == ()
    assert report.ok
    assert report.summary() == (
        "the ledger holds: 1 orders, 1 executions, 1 full, 3 fills, "
        "2 messages (0 repeated), 1 dead letters (0 repeated)"
    )


def test_an_order_without_an_execution_is_found() -> None:
    assert "order 37 has no execution" in problems_of(
        run(executions=(), fills=(), announcements=())
    )


def test_an_execution_of_no_order_is_found() -> None:
    stray = structs.replace(EXECUTION, id=6, execution_service_id=38)
    found = problems_of(run(executions=(EXECUTION, stray)))
    assert "execution 6 is of order 38, which nobody sent" in found


def test_two_executions_of_one_order_are_found() -> None:
    twin = structs.replace(EXECUTION, id=6)
    assert "more than one execution" in problems_of(run(executions=(EXECUTION, twin)))


@pytest.mark.parametrize(
    "columns",
    [
        {"trade_type": "SELL"},
        {"destination": "RBC"},
        {"security_id": "0" * 24},
        {"ticker": "garbage"},
        {"quantity_ordered": Decimal(135)},
        {"limit_price": None},
        {"limit_price": Decimal("44.11")},
        {"received_timestamp": EXECUTION.received_timestamp + timedelta(microseconds=1)},
        {"trade_service_execution_id": None},
    ],
)
def test_a_wrong_column_is_found(columns: dict[str, Any]) -> None:
    (name,) = columns
    assert f"order 37: {name} is " in problems_of(
        run(executions=(structs.replace(EXECUTION, **columns),))
    )


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"is_open": True}, "is_open is True"),
        ({"execution_status": "PART"}, "execution_status is PART"),
        ({"next_fill_timestamp": SECOND}, "next_fill_timestamp is "),
        ({"number_of_fills": 4}, "number_of_fills is 4, the ledger has 3 fills"),
        ({"total_amount": Decimal("5795.49")}, "its ledger ends with"),
        ({"version": 5}, "its ledger ends with"),
        ({"last_fill_timestamp": None}, "last_fill_timestamp is None"),
        ({"quantity_filled": Decimal(135)}, "135 are filled, more than the 134"),
        ({"sent_timestamp": SECOND}, "from before what precedes it"),
        ({"sent_timestamp": ORDER.received_timestamp - timedelta(seconds=1)}, "is before received"),
    ],
)
def test_a_wrong_state_is_found(columns: dict[str, Any], problem: str) -> None:
    assert problem in problems_of(run(executions=(structs.replace(EXECUTION, **columns),)))


@pytest.mark.parametrize(
    ("index", "columns", "problem"),
    [
        (1, {"quantity": Decimal(100)}, "fill 2 of 100 is none that the rules allow"),
        (1, {"price": Decimal("44.11")}, "fill 2 at 44.11 is beyond the limit"),
        (1, {"price": Decimal("43.24")}, "fill 2 leads to"),
        (1, {"quantity_filled": Decimal(106)}, "fill 2 leads to"),
        (2, {"total_amount": Decimal("5795.50000001")}, "fill 3 leads to"),
        (2, {"version": 3}, "fill 3 leads to"),
        (0, {"announced": True}, "fill 1 is announced"),
        (2, {"announced": False}, "fill 3 is not announced"),
        (2, {"filled_at": SECOND - timedelta(minutes=1)}, "fill 3 is from before"),
        (1, {"number": 3}, "numbers its fills [1, 3, 3]"),
    ],
)
def test_a_wrong_ledger_row_is_found(index: int, columns: dict[str, Any], problem: str) -> None:
    fills = list(FILLS)
    fills[index] = structs.replace(fills[index], **columns)
    assert problem in problems_of(run(fills=tuple(fills)))


def test_a_missing_ledger_row_is_found() -> None:
    assert "numbers its fills [1, 3]" in problems_of(run(fills=(FILLS[0], FILLS[2])))


def test_a_fill_after_the_order_was_full_is_found() -> None:
    late = fill(4, "0", "43.25", "134", "5795.50")
    found = problems_of(run(fills=(*FILLS, late)))
    assert "fill 4 of 0 is none that the rules allow" in found


def test_a_fill_of_no_execution_is_found() -> None:
    stray = structs.replace(FILLS[0], execution_id=6)
    assert "fills of execution 6, which does not exist" in problems_of(run(fills=(*FILLS, stray)))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([PART_MESSAGE], "[2]"),
        ([FULL_MESSAGE], "[3]"),
        ([FULL_MESSAGE, PART_MESSAGE], "[3, 2]"),
        ([PART_MESSAGE, FULL_MESSAGE, PART_MESSAGE], "[2, 3, 2]"),
        ([PART_MESSAGE, PART_MESSAGE + b" ", FULL_MESSAGE], "[2, 2, 3]"),
        ([PART_MESSAGE, b"garbage", FULL_MESSAGE], "[2, None, 3]"),
        ([PART_MESSAGE, None, FULL_MESSAGE], "[2, None, 3]"),
    ],
)
def test_missing_reordered_and_changed_messages_are_found(
    values: list[bytes | None], told: str
) -> None:
    messages = tuple(message(offset, value) for offset, value in enumerate(values))
    found = problems_of(run(announcements=messages))
    assert f"of fills {told}, announced are [2, 3]" in found


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (b'"quantity":134,', b'"quantity":134.0,', "quantity 134.0 instead of 134"),
        (b'"quantity":134,', b'"quantity":"134",', "quantity 134 instead of 134"),
        (b'"quantity":134,', b'"quantity":1.34E+2,', "quantity 1.34E+2 instead of 134"),
        (b"44.1,", b"44.10,", "limitPrice 44.10 instead of 44.1"),
        (b'"averagePrice":43.25,', b"", "averagePrice None instead of 43.25"),
        (b'"isOpen":false', b'"isOpen":true', "isOpen True instead of False"),
        (b'"version":4', b'"version":4,"extra":null,"more":1', "more 1 instead of None"),
        (b"1785241001,", b"1785241001.000001,", "lastFilledTimestamp 1785241001.000001 instead"),
    ],
)
def test_a_message_that_differs_from_its_ledger_row_is_found(
    before: bytes, after: bytes, problem: str
) -> None:
    assert before in FULL_MESSAGE
    messages = (message(0, PART_MESSAGE), message(1, FULL_MESSAGE.replace(before, after)))
    found = problems_of(run(announcements=messages))
    assert problem in found
    assert "its last message differs from its row" in found


def test_messages_on_two_partitions_are_found() -> None:
    messages = (structs.replace(message(0, PART_MESSAGE), partition=2), message(0, FULL_MESSAGE))
    assert "on more than one partition" in problems_of(run(announcements=messages))


@pytest.mark.parametrize("key", [b"5", b"037", None])
def test_a_message_under_another_key_is_found(key: bytes | None) -> None:
    messages = (message(0, PART_MESSAGE), structs.replace(message(1, FULL_MESSAGE), key=key))
    assert f"have the key {key!r}, which no" in problems_of(run(announcements=messages))


def test_a_repeated_message_is_counted_and_may_be_forbidden() -> None:
    repeating = run(
        announcements=tuple(
            message(offset, value)
            for offset, value in enumerate((PART_MESSAGE, PART_MESSAGE, FULL_MESSAGE))
        )
    )
    assert repeating.judged().ok
    assert repeating.judged().counts.repeated_messages == 1
    strict = replace(repeating, expectations=Expectations(repeats_allowed=False))
    assert strict.judged().problems == ("1 fills are on their topic more than once",)


def test_a_fill_in_the_outbox_is_a_problem_unless_it_is_allowed() -> None:
    waiting = run(
        outbox=(Unpublished(execution_id=5, fill_number=3),),
        announcements=(message(0, PART_MESSAGE),),
    )
    assert waiting.judged().problems == ("order 37: its fill 3 is not published yet",)
    lenient = replace(waiting, expectations=Expectations(all_published=False))
    assert lenient.judged().ok


def test_an_open_execution_is_a_problem_unless_it_is_allowed() -> None:
    partial = structs.replace(
        EXECUTION,
        is_open=True,
        execution_status="PART",
        quantity_filled=Decimal(107),
        total_amount=Decimal("4627.75"),
        number_of_fills=2,
        version=3,
        last_fill_timestamp=FILLS[1].filled_at,
        next_fill_timestamp=SECOND,
    )
    unfinished = run(
        executions=(partial,), fills=FILLS[:2], announcements=(message(0, PART_MESSAGE),)
    )
    assert "order 37: it is not full: 107 of 134" in problems_of(unfinished)
    assert replace(unfinished, expectations=Expectations(complete=False)).judged().ok


def test_an_unpriceable_order_must_stay_open_and_empty() -> None:
    unpriceable = replace(GOOD, expected=replace(ORDER, fillable=False))
    found = problems_of(replace(Run(), fed=(unpriceable, BAD)))
    assert "it was filled although nobody prices A" in found


def test_empty_fills_on_the_topic_are_right_only_where_they_are_asked_for() -> None:
    asked = replace(Run(), expectations=Expectations(empty_fills_announced=True))
    assert "fill 1 is not announced" in problems_of(asked)


def test_a_bad_order_that_was_not_dead_lettered_is_found() -> None:
    found = problems_of(run(dead_letters=()))
    assert "a bad order (not JSON, key None) is not on the dead-letter topic" in found


def test_a_bad_order_that_came_twice_has_two_dead_letters() -> None:
    evidence = Run().evidence
    (letter,) = evidence.dead_letters
    good, bad = evidence.orders
    orders = (good, bad, structs.replace(bad, offset=7))
    again = structs.replace(letter, offset=1, headers=(*letter.headers, ("dlq.offset", b"7")))
    assert run(orders=orders, dead_letters=(letter, again)).judged().ok
    found = problems_of(run(orders=orders))
    assert "a bad order (not JSON, key None) is not on the dead-letter topic" in found


def test_a_good_order_that_was_dead_lettered_is_found() -> None:
    found = problems_of(replace(Run(), fed=(GOOD,)))
    assert "the order with key None is on the dead-letter topic, but was not bad" in found


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"value": b"\xfe"}, "has another key or value"),
        ({"key": b""}, "has another key or value"),
        ({"headers": DEAD_HEADERS}, "lacks headers of the order"),
        ({"headers": (*BAD.headers, *DEAD_HEADERS[1:])}, "has no header dlq.reason"),
        ({"headers": (*BAD.headers, *DEAD_HEADERS[:-1])}, "has no header dlq.failed_at"),
        ({"headers": (*BAD.headers, *DEAD_HEADERS[:2])}, "does not say which record"),
        (
            {"headers": (*BAD.headers, *DEAD_HEADERS, ("dlq.topic", b"other"))},
            "has the header dlq.topic b'other'",
        ),
        (
            {"headers": (*BAD.headers, *DEAD_HEADERS, ("dlq.offset", b"7"))},
            "says that it was the record 3/7 of the orders topic, where none is",
        ),
    ],
)
def test_a_wrong_dead_letter_is_found(columns: dict[str, Any], problem: str) -> None:
    (letter,) = Run().evidence.dead_letters
    assert problem in problems_of(run(dead_letters=(structs.replace(letter, **columns),)))


LONG = replace(
    BAD, key=b"a long key", value=b"\xff a long value", headers=(("a", b"1"), ("b", b"2"))
)
ALL_CUT = (
    ("dlq.shortened", b"14"),
    ("dlq.shortened_key", b"10"),
    ("dlq.shortened_headers", b"2"),
)


def judged_of_a_long_order(columns: dict[str, Any]) -> str:
    """Return the problems of a run whose bad order is long, and its letter as it is said."""
    evidence = Run().evidence
    (letter,) = evidence.dead_letters
    good, bad = evidence.orders
    whole = {"key": LONG.key, "value": LONG.value, "headers": LONG.headers}
    changed = run(
        orders=(good, structs.replace(bad, **whole)),
        dead_letters=(structs.replace(letter, **(whole | columns)),),
    )
    return "\n".join(replace(changed, fed=(GOOD, GOOD, LONG)).judged().problems)


@pytest.mark.parametrize(
    "columns",
    [
        {"headers": (*LONG.headers, *DEAD_HEADERS)},
        {
            "value": b"\xff a",
            "headers": (*LONG.headers, ("dlq.shortened", b"14"), *DEAD_HEADERS),
        },
        {
            "value": b"",
            "key": b"a l",
            "headers": (("a", b"1"), *ALL_CUT, *DEAD_HEADERS),
        },
    ],
)
def test_a_letter_may_be_shortened_if_it_says_so(columns: dict[str, Any]) -> None:
    assert judged_of_a_long_order(columns) == ""


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"value": b"\xff a", "headers": (*LONG.headers, *DEAD_HEADERS)}, "another key or value"),
        (
            {"value": b"long", "headers": (*LONG.headers, *ALL_CUT[:1], *DEAD_HEADERS)},
            "is not the beginning",
        ),
        (
            {
                "value": b"\xff",
                "headers": (*LONG.headers, ("dlq.shortened", b"13"), *DEAD_HEADERS),
            },
            "another length in a header",
        ),
        (
            {"key": b"a", "headers": (*LONG.headers, *ALL_CUT[:1], *DEAD_HEADERS)},
            "the beginning of the key",
        ),
        (
            {"headers": (*LONG.headers[1:], *ALL_CUT, *DEAD_HEADERS)},
            "has not the first headers",
        ),
        ({"headers": (*LONG.headers, *ALL_CUT, *DEAD_HEADERS)}, "was shortened, and was not"),
    ],
)
def test_a_letter_that_is_shortened_wrongly_is_found(columns: dict[str, Any], problem: str) -> None:
    assert problem in judged_of_a_long_order(columns)


def test_a_repeated_dead_letter_is_counted() -> None:
    (letter,) = Run().evidence.dead_letters
    report = run(dead_letters=(letter, structs.replace(letter, offset=1))).judged()
    assert report.ok
    assert report.counts.repeated_dead_letters == 1


@pytest.mark.parametrize(
    ("remaining", "allowed"),
    [
        ("100", {"100", "0"}),
        ("0.5", {"0.5", "0"}),
        ("101", {"101", "0", "81", "61", "20", "10"}),
        ("125", {"125", "0", "100", "75", "25", "13"}),
        ("60000", {"60000", "0", "10000", "6000"}),
        ("0", set()),
    ],
)
def test_the_allowed_quantities_are_the_rules(remaining: str, allowed: set[str]) -> None:
    assert allowed_quantities(Decimal(remaining)) == {Decimal(quantity) for quantity in allowed}
