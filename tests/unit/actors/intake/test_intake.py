"""How records go from the poll that takes them to their end."""

from collections.abc import Iterator

import pytest

from fixengine.actors.intake.burying import ENOUGH_LETTERS
from fixengine.actors.intake.intake import LARGEST_BATCH
from fixengine.actors.intake.taking import ENOUGH_IN_HAND
from fixengine.actors.messages import OrdersStored
from fixengine.errors import RejectedError, UnavailableError
from fixengine.ports.kafka import Record
from fixengine.rules.shards import Shard
from tests.support.intake_desk import LATER, UNKNOWN, Desk, lend_desk, record
from tests.unit.supervision.family import wait_until

BAD = b"no order"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with lend_desk() as desk:
        desk.boot()
        yield desk


@pytest.fixture
def second() -> Iterator[Desk]:
    """The desk of the second of two databases."""
    with lend_desk(shard=Shard(2, 2)) as desk:
        desk.boot()
        yield desk


def test_an_order_is_stored_with_its_ticker_and_the_scheduler_is_told(desk: Desk) -> None:
    desk.poll(record(1), record(2))
    wait_until(lambda: desk.source.committed == {3: 3})
    assert desk.stored == [(1, "A"), (2, "A")]
    wait_until(lambda: desk.told == [OrdersStored(due_in=1.0)])


def test_an_order_waits_for_its_ticker_and_holds_back_no_other(desk: Desk) -> None:
    desk.poll(record(1, security_id=LATER), record(2))
    wait_until(lambda: desk.stored == [(2, "A")])
    desk.see_more()
    assert desk.source.committed.get(3, 1) == 1
    desk.resolve()
    wait_until(lambda: desk.source.committed == {3: 3})
    assert desk.stored == [(2, "A"), (1, "B")]


@pytest.mark.parametrize(
    ("bad", "failures", "reason"),
    [
        pytest.param(record(value=BAD), [], "the message is not an order", id="malformed"),
        pytest.param(record(security_id=UNKNOWN), [], "no such security", id="unknown security"),
        pytest.param(record(), [RejectedError("too large")], "too large", id="refused"),
    ],
)
def test_what_can_not_be_stored_is_buried_with_the_reason(
    desk: Desk, bad: Record, failures: list[Exception], reason: str
) -> None:
    desk.failures.extend(failures)
    desk.poll(bad)
    wait_until(lambda: desk.letters)
    assert reason in desk.letters[0].reason
    assert desk.letters[0].record == bad
    assert desk.stored == []
    desk.write_letters()
    wait_until(lambda: desk.source.committed == {3: 2})


def test_a_bad_orders_offset_is_committed_when_its_letter_is_written(desk: Desk) -> None:
    desk.poll(record(1, value=b"no order"), record(2), record(1, partition=4))
    wait_until(lambda: desk.source.committed == {3: 1, 4: 2})
    desk.see_more()
    assert desk.source.committed == {3: 1, 4: 2}
    desk.write_letters()
    wait_until(lambda: desk.source.committed == {3: 3, 4: 2})


def test_letters_that_wait_pause_their_own_partition_alone(desk: Desk) -> None:
    bad = [record(number, value=b"no order") for number in range(1, ENOUGH_LETTERS + 1)]
    desk.poll(*bad)
    wait_until(lambda: desk.source.paused == {3})
    desk.poll(record(1, partition=4))
    wait_until(desk.processed)
    desk.write_letters()
    wait_until(lambda: not desk.source.paused)
    assert desk.failed() == ENOUGH_LETTERS


@pytest.mark.parametrize("how", ["revoke", "lose"])
@pytest.mark.parametrize(
    ("waiting", "failures"),
    [
        pytest.param({"security_id": LATER}, [], id="resolving"),
        pytest.param({}, [UnavailableError("away")], id="storing"),
        pytest.param({"value": BAD}, [], id="burying"),
    ],
)
def test_a_record_whose_partition_is_taken_away_is_forgotten_in_any_state(
    how: str, waiting: dict[str, str | bytes], failures: list[Exception]
) -> None:
    with lend_desk() as desk:
        desk.failures.extend(failures)
        desk.poll(record(1, **waiting))  # type: ignore[arg-type]  # of several types
        desk.source.on_empty = lambda: getattr(desk.source, how)(frozenset({3}))
        desk.boot()
        wait_until(lambda: desk.source.empty > 0)
        desk.poll(record(7, partition=4))
        wait_until(lambda: desk.source.committed.get(4) == 8)
        desk.resolve()
        desk.write_letters()
        desk.see_more()
        assert desk.stored == [(7, "A")]
        assert desk.processed() + desk.failed() == 1
        assert desk.source.committed.get(3, 1) == 1


@pytest.mark.parametrize("how", ["revoke", "lose"])
def test_what_was_in_hand_of_a_partition_that_is_gone_holds_up_no_other(
    desk: Desk, how: str
) -> None:
    desk.poll(*(record(number, security_id=LATER) for number in range(1, ENOUGH_IN_HAND + 1)))
    wait_until(lambda: desk.source.paused == desk.source.assigned)
    desk.source.on_empty = lambda: getattr(desk.source, how)(frozenset({3}))
    wait_until(lambda: not desk.source.paused)
    desk.poll(record(7, partition=4))
    wait_until(lambda: desk.stored == [(7, "A")])


def test_what_is_final_is_committed_before_its_partition_goes(desk: Desk) -> None:
    gone_with: list[dict[int, int]] = []

    def revoke_once_it_is_final() -> None:
        if desk.failed() == 0:
            desk.source.on_empty = revoke_once_it_is_final
            return
        desk.source.revoke(frozenset({3}))
        gone_with.append(dict(desk.source.committed))

    desk.source.on_empty = revoke_once_it_is_final
    desk.poll(record(1, value=BAD))
    wait_until(lambda: desk.letters)
    desk.write_letters()
    wait_until(lambda: gone_with)
    assert gone_with == [{3: 2}]


def test_with_a_pause_orders_are_taken_one_by_one() -> None:
    with lend_desk(pause=0.01) as desk:
        desk.boot()
        desk.see_more()
        assert set(desk.source.limits) == {1}


def test_without_a_pause_they_are_taken_in_batches(desk: Desk) -> None:
    desk.see_more()
    assert set(desk.source.limits) == {LARGEST_BATCH}


def test_while_the_database_is_away_no_more_is_taken(desk: Desk) -> None:
    desk.failures.extend([UnavailableError("away")] * 5)
    desk.poll(record(1))
    wait_until(lambda: desk.source.paused == desk.source.assigned)
    wait_until(lambda: not desk.source.paused)
    assert desk.stored == [(1, "A")]


def test_a_stop_brings_what_is_in_hand_to_its_end_and_commits_it() -> None:
    with lend_desk() as desk:
        desk.poll(record(1), record(2, value=BAD), record(3))
        desk.boot()
        wait_until(lambda: desk.letters)
        desk.intake.stop()
        assert desk.stored == [(1, "A"), (3, "A")]
        assert desk.source.left_with == {3: 4}


def test_a_stop_leaves_what_has_no_ticker_in_time_to_another_engine() -> None:
    with lend_desk() as desk:
        desk.poll(record(1), record(2, security_id=LATER), record(3))
        desk.boot()
        wait_until(lambda: len(desk.stored) == 2)
        desk.intake.stop()
        assert desk.stored == [(1, "A"), (3, "A")]
        assert desk.source.left_with == {3: 2}


def test_an_order_of_another_database_is_passed_over(second: Desk) -> None:
    second.poll(record(1), record(2), record(3))
    wait_until(lambda: second.source.committed == {3: 4})
    assert second.stored == [(2, "A")]
    assert second.letters == []
    assert (second.processed(), second.failed()) == (1, 0)


def test_what_is_no_order_is_buried_by_the_first_database_alone(second: Desk) -> None:
    with lend_desk(shard=Shard(1, 2)) as first:
        first.boot()
        for desk in (first, second):
            desk.poll(record(1, value=BAD))
        wait_until(lambda: second.source.committed == {3: 2})
        wait_until(lambda: first.letters)
    assert second.letters == []
    assert second.failed() == 0


def test_an_order_that_can_not_be_stored_is_buried_by_its_own_database(second: Desk) -> None:
    second.poll(record(1, security_id=UNKNOWN), record(2, security_id=UNKNOWN))
    wait_until(lambda: second.letters)
    second.see_more()
    assert [letter.record.offset for letter in second.letters] == [2]


def test_orders_of_another_database_hold_nobody_up_on_purpose() -> None:
    with lend_desk(pause=30.0, shard=Shard(2, 2)) as slow:
        slow.boot()
        for number in (1, 3, 5):
            slow.poll(record(number))
        wait_until(lambda: slow.source.committed == {3: 6})
