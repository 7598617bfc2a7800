from fixengine.actors.intake.burying import ENOUGH_BYTES, ENOUGH_LETTERS, Waiting
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
    waiting = Waiting()
    for offset in range(ENOUGH_LETTERS - 1):
        waiting.add(item(3, offset), 10)
        waiting.add(item(4, offset), 10)
    assert waiting.crowded() == frozenset()
    waiting.add(item(3, ENOUGH_LETTERS), 10)
    assert waiting.crowded() == {3}
    assert len(waiting) == 2 * ENOUGH_LETTERS - 1
    for offset in range(ENOUGH_LETTERS // 2):
        assert waiting.pop(Place(3, offset)) is not None
    assert waiting.crowded() == {3}
    waiting.pop(Place(3, ENOUGH_LETTERS))
    assert waiting.crowded() == frozenset()


def test_a_partition_whose_letters_are_too_large_is_crowded() -> None:
    waiting = Waiting()
    waiting.add(item(3, 1), ENOUGH_BYTES)
    waiting.add(item(4, 1), ENOUGH_BYTES - 1)
    assert waiting.crowded() == {3}
    waiting.pop(Place(3, 1))
    assert waiting.crowded() == frozenset()


def test_what_is_another_engines_is_forgotten() -> None:
    waiting = Waiting()
    waiting.add(item(3, 1), ENOUGH_BYTES)
    waiting.add(item(4, 1), 1)
    waiting.forget(frozenset({3}))
    assert waiting.crowded() == frozenset()
    assert list(waiting) == [Place(4, 1)]
    assert waiting.pop(Place(3, 1)) is None
