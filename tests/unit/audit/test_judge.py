"""What the judge tolerates, and where its tolerance ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import structs

from fixengine.audit.evidence import Case, Source, Stored
from fixengine.audit.judge import Judge
from fixengine.audit.terms import Expectations, Horizon
from fixengine.audit.verdict import Kind
from fixengine.wire.letters import Place
from tests.support.hand_made import (
    EXECUTION,
    FILLS,
    FIRST,
    FULL_MESSAGE,
    ORDER,
    PART_MESSAGE,
    RECEIVED,
    SECOND,
    SENT,
    message,
)

SOUND = Case(
    key=b"37",
    sources=(Source(expected=ORDER, place=Place(3, 0)),),
    stored=(Stored(execution=EXECUTION, fills=FILLS),),
    messages=(message(0, PART_MESSAGE), message(1, FULL_MESSAGE)),
)
HUGE = b'{"receivedTimestamp":1E+999999999}'
MOMENT = timedelta(microseconds=1)
BURIED = Source(expected=ORDER, place=Place(3, 0), buried=True)


def judged(case: Case, horizon: Horizon | None = None) -> tuple[set[Kind], Judge]:
    judge = Judge(
        expectations=Expectations(complete=False, all_published=False, empty_fills_announced=None),
        horizon=horizon or Horizon(),
    )
    return {found.kind for found in judge.contradictions(case)}, judge


def kinds(case: Case, horizon: Horizon | None = None) -> set[Kind]:
    return judged(case, horizon)[0]


def judged_with_added_partitions(case: Case) -> tuple[set[Kind], Judge]:
    judge = Judge(
        expectations=Expectations(complete=False, all_published=False, partitions_are_fixed=False)
    )
    return {found.kind for found in judge.contradictions(case)}, judge


def test_a_sound_case_is_no_contradiction() -> None:
    assert kinds(SOUND) == set()


def test_a_contradiction_names_where_to_look() -> None:
    judge = Judge(expectations=Expectations())
    wrong = structs.replace(EXECUTION, destination="XX")
    found = next(
        judge.contradictions(replace(SOUND, stored=(Stored(execution=wrong, fills=FILLS),)))
    )
    assert dict(found.evidence()) == {"executions": "5", "orders": "3/0", "fills": "3/0, 3/1"}


def test_of_an_order_that_came_twice_either_may_be_stored() -> None:
    another = replace(ORDER, quantity_ordered=Decimal(7), version=3)
    first = Source(expected=another, place=Place(2, 9))
    assert kinds(replace(SOUND, sources=(first, *SOUND.sources))) == set()
    assert kinds(replace(SOUND, sources=(first,))) == {Kind.ORDER, Kind.LEDGER}


def test_an_order_that_is_buried_and_comes_again_is_stored() -> None:
    assert kinds(replace(SOUND, sources=(BURIED, *SOUND.sources))) == set()


def test_an_order_that_is_buried_has_no_execution() -> None:
    assert kinds(Case(key=b"37", sources=(BURIED,))) == set()
    assert kinds(replace(SOUND, sources=(BURIED,))) == {Kind.STORED_AND_BURIED}


def test_an_order_that_no_engine_has_taken_is_not_lost_yet() -> None:
    waiting = Case(key=b"37", sources=(Source(expected=ORDER, settled=False),))
    found, judge = judged(waiting)
    assert (found, judge.counts.waiting_orders) == (set(), 1)
    assert kinds(Case(key=b"37", sources=SOUND.sources)) == {Kind.LOST}


def test_an_execution_may_be_younger_than_what_was_read_of_orders() -> None:
    young = replace(SOUND, sources=())
    assert kinds(young, Horizon(newest=(4,))) == set()
    assert kinds(young, Horizon(newest=(5,))) == {Kind.NOBODY_SENT}


def test_an_order_may_be_gone_from_its_topic() -> None:
    without = replace(SOUND, sources=())
    assert kinds(without, Horizon(orders_since=RECEIVED + MOMENT)) == set()
    assert kinds(without, Horizon(orders_since=RECEIVED)) == {Kind.NOBODY_SENT}


def test_an_order_that_is_gone_may_have_come_before_another_of_its_id() -> None:
    later = replace(ORDER, trade_type="SELL")
    second = replace(SOUND, sources=(Source(expected=later),))
    assert kinds(second, Horizon(orders_since=RECEIVED + MOMENT)) == set()
    assert kinds(second, Horizon(orders_since=RECEIVED)) == {Kind.ORDER}


def test_first_messages_may_be_gone_from_their_topic() -> None:
    rest = replace(SOUND, messages=SOUND.messages[1:])
    assert kinds(rest, Horizon(fills_since=FIRST + MOMENT)) == set()
    assert kinds(rest, Horizon(fills_since=FIRST)) == {Kind.FILLS}


def test_a_last_message_that_is_gone_while_one_before_is_there_is_missing() -> None:
    begun = replace(SOUND, messages=SOUND.messages[:1])
    assert kinds(begun, Horizon(fills_since=SECOND + MOMENT)) == {Kind.FILLS}


def test_an_execution_may_be_deleted_after_its_time() -> None:
    deleted = replace(SOUND, stored=())
    found, judge = judged(deleted, Horizon(kept_since=RECEIVED + MOMENT))
    assert (found, judge.counts.executions_gone) == (set(), 1)
    assert kinds(deleted, Horizon(kept_since=RECEIVED)) == {Kind.LOST, Kind.MESSAGE}


def test_messages_of_a_deleted_execution_tell_when_its_order_was_received() -> None:
    untold = replace(SOUND, sources=(), stored=())
    assert kinds(untold, Horizon(kept_since=RECEIVED + MOMENT)) == set()
    assert kinds(untold, Horizon(kept_since=RECEIVED)) == {Kind.MESSAGE}


def test_what_was_filled_before_there_was_a_ledger_is_adopted() -> None:
    adopted = Horizon(ledger_since=SENT + MOMENT)
    untold = replace(SOUND, messages=())
    without = replace(untold, stored=(Stored(execution=EXECUTION),))
    found, judge = judged(without, adopted)
    assert (found, judge.counts.adopted) == (set(), 1)
    assert kinds(without, Horizon(ledger_since=SENT)) == {Kind.LEDGER}
    later = replace(untold, stored=(Stored(execution=EXECUTION, fills=FILLS[2:]),))
    assert kinds(later, adopted) == set()
    spoiled = structs.replace(FILLS[2], quantity_filled=Decimal(133))
    assert kinds(
        replace(untold, stored=(Stored(execution=EXECUTION, fills=(spoiled,)),)), adopted
    ) == {Kind.LEDGER}


def test_what_is_out_of_range_is_not_judged() -> None:
    wrong = replace(SOUND, stored=(Stored(execution=EXECUTION),))
    assert kinds(wrong, Horizon(since=SENT + MOMENT)) == set()
    assert kinds(wrong, Horizon(until=SENT)) == set()
    assert Kind.LEDGER in kinds(wrong, Horizon(since=SENT, until=SENT + MOMENT))


def test_a_fill_in_the_outbox_may_have_a_message_or_none() -> None:
    waiting = replace(SOUND, stored=(Stored(execution=EXECUTION, fills=FILLS, unpublished=3),))
    assert kinds(waiting) == set()
    assert kinds(replace(waiting, messages=SOUND.messages[:1])) == set()
    assert kinds(replace(waiting, messages=())) == {Kind.FILLS}


def test_an_outbox_with_a_fill_that_the_ledger_lacks_is_found() -> None:
    for number in (1, 4):  # the first was not announced
        stored = Stored(execution=EXECUTION, fills=FILLS, unpublished=number)
        assert kinds(replace(SOUND, stored=(stored,))) == {Kind.LEDGER}


def test_an_outbox_with_a_fill_before_the_last_is_found() -> None:
    """No execution is filled again before its fill is published."""
    stored = Stored(execution=EXECUTION, fills=FILLS, unpublished=2)
    assert kinds(replace(SOUND, stored=(stored,))) == {Kind.LEDGER}


def test_empty_fills_may_be_announced_or_not() -> None:
    told = structs.replace(FILLS[0], announced=True)
    stored = Stored(execution=EXECUTION, fills=(told, *FILLS[1:]))
    assert kinds(replace(SOUND, stored=(stored,))) == {Kind.FILLS}
    untold = structs.replace(FILLS[2], announced=False)
    stored = Stored(execution=EXECUTION, fills=(*FILLS[:2], untold))
    assert Kind.LEDGER in kinds(replace(SOUND, stored=(stored,)))


def test_a_repeated_message_is_counted() -> None:
    part, full = SOUND.messages
    found, judge = judged(replace(SOUND, messages=(part, part, full, full)))
    assert (found, judge.counts.repeated_messages) == (set(), 2)


def test_numbers_that_are_none_and_messages_of_any_depth_are_contradictions() -> None:
    row = structs.replace(EXECUTION, total_amount=Decimal("NaN"))
    assert kinds(replace(SOUND, stored=(Stored(execution=row, fills=FILLS),))) == {Kind.STATE}
    for value in (b"[" * 100_000, b'{"numberOfFills":' + b"9" * 10_000 + b"}", b"\xff", None, HUGE):
        assert kinds(replace(SOUND, messages=(message(0, value),))) == {Kind.FILLS}
        assert kinds(
            Case(key=b"x", messages=(message(0, value),)),
            Horizon(kept_since=datetime.now(UTC)),
        ) == {Kind.MESSAGE}


ADDED_PARTITION = 7


def spread(*places: int) -> Case:
    """Return the sound case with messages on these partitions."""
    return replace(
        SOUND,
        messages=tuple(
            structs.replace(record, partition=partition)
            for record, partition in zip(SOUND.messages, places, strict=True)
        ),
    )


def test_messages_may_be_on_several_partitions_where_some_may_have_been_added() -> None:
    for case in (spread(3, ADDED_PARTITION), spread(ADDED_PARTITION, 3)):
        found, judge = judged_with_added_partitions(case)
        assert found == set()
        assert judge.counts.spread == 1
        (said,) = judge.counts.not_judged()
        assert "on several partitions" in said
    assert kinds(spread(3, ADDED_PARTITION)) == {Kind.FILLS}


def test_the_order_on_each_partition_holds_also_where_some_were_added() -> None:
    part, full = SOUND.messages
    added = structs.replace(full, partition=ADDED_PARTITION)
    disordered = replace(SOUND, messages=(full, part, added))
    assert judged_with_added_partitions(disordered)[0] == {Kind.FILLS}


def test_a_message_that_is_missing_on_all_partitions_is_found() -> None:
    alone = replace(SOUND, messages=spread(3, ADDED_PARTITION).messages[1:])
    assert judged_with_added_partitions(alone)[0] == {Kind.FILLS}


def test_a_fill_that_is_published_again_after_partitions_were_added_is_repeated() -> None:
    part, full = SOUND.messages
    again = structs.replace(full, partition=ADDED_PARTITION)
    found, judge = judged_with_added_partitions(replace(SOUND, messages=(part, full, again)))
    assert found == set()
    assert judge.counts.repeated_messages == 1
