from fixengine.actors.intake.burying import ENOUGH_BYTES, ENOUGH_LETTERS, Buried
from fixengine.actors.intake.in_hand import InHand
from fixengine.ports.kafka import Record
from fixengine.wire.letters import Place


def item(partition: int, offset: int) -> InHand:
    record = Record(
        topic="orders",
        partition=partition,
        offset=offset,
        key=None,
        value=None,
        headers=(),
        timestamp_ms=None,
    )
    return InHand(record=record)


def test_a_partition_with_too_many_letters_is_crowded_until_half_are_written() -> None:
    buried = Buried()
    for offset in range(ENOUGH_LETTERS - 1):
        buried.add(item(3, offset), 10)
        buried.add(item(4, offset), 10)
    assert buried.crowded() == frozenset()
    buried.add(item(3, ENOUGH_LETTERS), 10)
    assert buried.crowded() == {3}
    assert len(buried) == 2 * ENOUGH_LETTERS - 1
    for offset in range(ENOUGH_LETTERS // 2):
        assert buried.pop(Place(3, offset)) is not None
    assert buried.crowded() == {3}
    buried.pop(Place(3, ENOUGH_LETTERS))
    assert buried.crowded() == frozenset()


def test_a_partition_whose_letters_are_too_large_is_crowded() -> None:
    buried = Buried()
    buried.add(item(3, 1), ENOUGH_BYTES)
    buried.add(item(4, 1), ENOUGH_BYTES - 1)
    assert buried.crowded() == {3}
    buried.pop(Place(3, 1))
    assert buried.crowded() == frozenset()


def test_what_is_another_engines_is_forgotten() -> None:
    buried = Buried()
    buried.add(item(3, 1), ENOUGH_BYTES)
    buried.add(item(4, 1), 1)
    buried.forget(frozenset({3}))
    assert buried.crowded() == frozenset()
    assert list(buried) == [Place(4, 1)]
    assert buried.pop(Place(3, 1)) is None
