"""What is early is held once, and no more of it than there is room for."""

from fixengine.fix.gap import MOST_BYTES, Gap
from fixengine.fix.message import Message


def message(size: int, text: bytes = b"x") -> Message:
    return Message(((35, b"B"), (58, text)), None, size)


def test_room_is_free_again_when_a_message_is_taken() -> None:
    gap = Gap()
    for seq in range(3, 30):
        gap.hold(seq, message(MOST_BYTES))
        assert gap.take(seq) is not None
    gap.hold(40, message(MOST_BYTES))
    gap.hold(41, message(1))
    assert not gap.has(41)
    gap.skips(41)
    gap.hold(42, message(MOST_BYTES))
    assert gap.has(42)


def test_the_first_of_two_with_the_same_number_is_held() -> None:
    gap = Gap()
    gap.hold(5, message(1, b"first"))
    gap.hold(5, message(1, b"second"))
    held = gap.take(5)
    assert held is not None
    assert held.get(58) == b"first"
    gap.hold(6, None)
    gap.hold(6, message(1))
    assert gap.take(6) is None
