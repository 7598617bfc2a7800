from hypothesis import given
from hypothesis import strategies as st

from fixengine.rules.offsets import Offsets


def test_nothing_is_committable_before_a_record_was_begun() -> None:
    assert Offsets().committable() == {}


def test_an_unfinished_record_holds_back_those_behind_it() -> None:
    offsets = Offsets()
    for offset in (10, 11, 12):
        offsets.begin(0, offset)
    offsets.finish(0, 11)
    offsets.finish(0, 12)
    assert offsets.committable() == {0: 10}
    offsets.finish(0, 10)
    assert offsets.committable() == {0: 13}


def test_a_record_that_is_set_aside_holds_back_its_partition_but_is_not_in_hand() -> None:
    offsets = Offsets()
    for offset in (10, 11):
        offsets.begin(0, offset, size=100)
    offsets.set_aside(0, 10)
    offsets.set_aside(0, 99)
    offsets.set_aside(7, 10)
    assert (len(offsets), offsets.size) == (1, 100)
    offsets.finish(0, 11)
    assert (len(offsets), offsets.size) == (0, 0)
    assert offsets.committable() == {0: 10}
    offsets.finish(0, 10)
    assert len(offsets) == 0
    assert offsets.committable() == {0: 12}
    offsets.begin(0, 12)
    offsets.set_aside(0, 12)
    offsets.forget([0])
    assert len(offsets) == 0


def test_what_is_left_of_a_record_that_was_set_aside_tells_it_from_others() -> None:
    offsets = Offsets()
    whole, rest = object(), object()
    offsets.begin(0, 10, what=whole)
    offsets.set_aside(0, 10, what=whole, kept=rest)
    offsets.finish(0, 10, what=whole)
    assert offsets.committable() == {0: 10}
    offsets.finish(0, 10, what=rest)
    assert offsets.committable() == {0: 11}


def test_partitions_do_not_hold_back_each_other() -> None:
    offsets = Offsets()
    offsets.begin(0, 5)
    offsets.begin(1, 7)
    offsets.finish(1, 7)
    offsets.committed({0: 5})
    assert offsets.committable() == {1: 8}


def test_a_position_is_handed_over_once_unless_it_was_refused() -> None:
    offsets = Offsets()
    offsets.begin(0, 5)
    offsets.finish(0, 5)
    offsets.committed(offsets.committable())
    assert offsets.committable() == {}
    offsets.recommit()
    assert offsets.committable() == {0: 6}


def test_a_partition_that_is_gone_is_forgotten() -> None:
    offsets = Offsets()
    offsets.begin(0, 5)
    offsets.begin(1, 5)
    offsets.forget({0})
    offsets.finish(0, 5)
    offsets.finish(1, 5)
    assert offsets.committable() == {1: 6}
    assert len(offsets) == 0


def test_the_bytes_in_hand_are_counted() -> None:
    offsets = Offsets()
    offsets.begin(0, 1, size=10)
    offsets.begin(1, 1, size=5)
    assert offsets.size == 15
    offsets.finish(0, 1)
    assert offsets.size == 5
    offsets.forget({1})
    assert offsets.size == 0


@given(st.data())
def test_every_record_below_a_committable_offset_is_finished(data: st.DataObject) -> None:
    offsets, unfinished = Offsets(), set[int]()
    begun = 0
    for _ in range(data.draw(st.integers(0, 30))):
        finishes = data.draw(st.booleans())
        if unfinished and finishes:
            offset = data.draw(st.sampled_from(sorted(unfinished)))
            unfinished.discard(offset)
            offsets.finish(0, offset)
        else:
            begun += 1 + data.draw(st.integers(0, 3))  # compaction leaves gaps
            unfinished.add(begun)
            offsets.begin(0, begun)
        expected = min(unfinished, default=begun + 1) if begun else None
        assert offsets.committable().get(0) == expected
        assert len(offsets) == len(unfinished)


def test_a_position_where_nothing_is_left_to_read_is_committable() -> None:
    offsets = Offsets()
    offsets.reach(0, 12)
    assert offsets.committable() == {0: 12}
    offsets.committed({0: 12})
    offsets.begin(0, 12)
    offsets.reach(0, 15)
    assert offsets.committable() == {}
    offsets.finish(0, 12)
    assert offsets.committable() == {0: 15}


def test_a_partition_made_anew_is_committed_from_its_beginning() -> None:
    offsets = Offsets()
    old, new = object(), object()
    offsets.begin(0, 7, what=old)
    offsets.committed({0: 7})
    offsets.begin(0, 3)
    offsets.finish(0, 3)
    assert offsets.committable() == {0: 4}
    offsets.reach(0, 7)
    offsets.begin(0, 7, what=new)
    # the one before it that had its offset is stored late, and is not this one
    offsets.finish(0, 7, what=old)
    assert offsets.committable() == {0: 7}
    offsets.finish(0, 7, what=new)
    assert offsets.committable() == {0: 8}


def test_an_empty_partition_made_anew_is_committed_at_its_end() -> None:
    offsets = Offsets()
    offsets.begin(0, 99)
    offsets.reach(0, 0)
    assert offsets.committable() == {0: 0}
