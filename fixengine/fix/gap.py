"""Messages that came before their turn, and whether those in front of them were asked for.

The first that is early makes us ask for all that is missing, without an end; then we wait until
all before it have come, and ask again only if nothing comes for a while. What does not fit here is
dropped: it will be missing, and asked for. So is all of it, where the peer does not send what is
missing: a peer may have used a high number by mistake.
"""

from fixengine.fix.framing import LONGEST_BODY
from fixengine.fix.message import Message

MOST_HELD = 1_000
MOST_BYTES = 2**20
STALL_SECONDS = 10.0
MOST_ASKED = 3
"""How often we ask from the same number on, in a row. If something is missing indeed, whatever the
peer says next is early again, and so we ask again."""


assert LONGEST_BODY <= MOST_BYTES, "there is room for the message that shows a gap"


class Gap:
    """What is early. None is held for a message that was dealt with when it came."""

    def __init__(self) -> None:
        self._held: dict[int, Message | None] = {}
        self._bytes = 0
        self._open_until = 0  # the number before which something was missing when we asked
        self._ask_again_at: float | None = None
        self._asked = 0  # how often from the number that is expected

    @property
    def due(self) -> float | None:
        """Return when to ask again, unless something comes before; None: nothing is missing."""
        return self._ask_again_at

    @property
    def missing_before(self) -> int | None:
        """Return the number before which something is missing; None: nothing is."""
        return None if self._ask_again_at is None else self._open_until

    @property
    def waits_for(self) -> int | None:
        """Return the highest number that came early, and is here or asked for; None: there is none.

        What came without a gap before it is not here for long.
        """
        if not self._held and self._ask_again_at is None:
            return None
        return max(self._open_until, *self._held)

    @property
    def is_asked_enough(self) -> bool:
        """Whether to ask no more, as the peer sends nothing of it."""
        return self._asked > MOST_ASKED

    def hold(self, seq: int, message: Message | None) -> None:
        """Keep an early message, if there is room."""
        size = 0 if message is None else message.size
        is_room = len(self._held) < MOST_HELD and self._bytes + size <= MOST_BYTES
        if is_room and seq not in self._held:
            self._held[seq] = message
            self._bytes += size

    def has(self, seq: int) -> bool:
        """Say whether a message is here, or was dealt with."""
        return seq in self._held

    def take(self, seq: int) -> Message | None:
        """Give a message back; None when nothing is to be done for it."""
        message = self._held.pop(seq, None)
        self._bytes -= 0 if message is None else message.size
        return message

    def opens(self, seq: int, ticks: float) -> bool:
        """Say whether to ask for what is missing before a message, as nobody has asked yet."""
        if self._ask_again_at is not None:
            return False
        self._open_until = seq
        self._ask_again_at = ticks + STALL_SECONDS
        self._asked = 1
        return True

    def stalls(self, ticks: float) -> bool:
        """Say whether nothing came for too long, so that it is time to ask once more."""
        if self._ask_again_at is None or ticks < self._ask_again_at:
            return False
        self._ask_again_at = ticks + STALL_SECONDS
        self._asked += 1
        return True

    def skips(self, expected: int) -> None:
        """Forget what is before a number, as the peer will not send it."""
        for seq in [each for each in self._held if each < expected]:
            self.take(seq)

    def narrows(self, expected: int, ticks: float) -> None:
        """Take note of the number that is expected now."""
        self._asked = 0
        if self._ask_again_at is not None:
            self._ask_again_at = None if expected >= self._open_until else ticks + STALL_SECONDS
