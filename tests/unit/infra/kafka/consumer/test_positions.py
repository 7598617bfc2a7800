"""Up to where is read, and what was deleted before, from records, ends and the driver's log."""

from fixengine.infra.kafka.consumer.positions import Positions

RESET = (
    "orders [3]: offset reset (at offset 300 (leader epoch 0), broker 1) to offset BEGINNING "
    "(leader epoch -1): fetch failed due to requested offset not available on the broker: "
    "Broker: Offset out of range"
)


def test_the_end_counts_where_it_is_beyond_the_last_record() -> None:
    positions = Positions()
    positions.begin()
    positions.came(3, 10)
    assert positions.reached == {3: 11}
    positions.ended(3, 13)
    assert positions.reached == {3: 13}
    positions.begin()
    assert positions.reached == {}


def test_what_was_deleted_unread_is_counted_once() -> None:
    positions = Positions()
    positions.begin()
    positions.logged(RESET)
    positions.came(4, 900)
    positions.came(3, 340)
    positions.came(3, 341)
    assert positions.unread == {3: 40}
    positions.begin()
    positions.came(3, 342)
    assert positions.unread == {}


def test_where_all_was_deleted_the_end_counts() -> None:
    positions = Positions()
    positions.logged(RESET)
    positions.begin()
    positions.ended(3, 350)
    assert positions.unread == {3: 50}


def test_a_topic_made_anew_has_deleted_nothing() -> None:
    positions = Positions()
    positions.begin()
    positions.logged(RESET)
    positions.came(3, 0)
    assert positions.unread == {}


def test_other_lines_mean_nothing() -> None:
    positions = Positions()
    positions.begin()
    positions.logged("orders [3]: offset reset (at offset END, broker 1) to something else")
    positions.came(3, 340)
    assert positions.unread == {}


def test_a_partition_that_another_has_now_is_forgotten() -> None:
    positions = Positions()
    positions.begin()
    positions.came(3, 10)
    positions.logged(RESET)
    positions.forget(frozenset({3}))
    assert positions.reached == {}
    positions.came(3, 340)
    assert positions.unread == {}
