"""What has come on a session's line and is not taken yet."""

from collections import deque
from threading import Lock

from fixengine.actors.gateway.live import Life
from fixengine.actors.gateway.messages import BytesCame, LineLost
from fixengine.supervision.refs import ActorRef, tell


class Inbox:
    """Filled by the thread that moves all bytes, emptied by the session's own.

    Of several pieces that come before the session looks, only the first is told. What came before
    the end of the line is taken before the end is told: the client has sent it.
    """

    def __init__(self, ref: ActorRef, life: Life) -> None:
        self._ref = ref
        self._life = life
        self._lock = Lock()
        self._pieces: deque[bytes] = deque()
        self._lost: str | None = None  # why

    def received(self, data: bytes) -> None:
        """Take bytes, cut anywhere."""
        self._life.heard()
        with self._lock:
            is_first = not self._pieces
            self._pieces.append(data)
        if is_first:
            tell(self._ref, BytesCame())

    def lost(self, why: str) -> None:
        """Take note that the line is closed."""
        self._life.ended()
        self._lost = why
        self.remind()

    @property
    def is_empty(self) -> bool:
        """Say whether all that came is taken."""
        return not self._pieces

    def take(self, most: int) -> bytes:
        """Return what came first, until it is so much; the session is told if that is not all."""
        taken = bytearray()
        with self._lock:
            while self._pieces and len(taken) < most:
                taken += self._pieces.popleft()
        self.remind()
        return bytes(taken)

    def remind(self) -> None:
        """Tell the session if anything waits, and that the line is lost when nothing does."""
        if self._pieces:
            tell(self._ref, BytesCame())
        elif self._lost is not None:
            tell(self._ref, LineLost(why=self._lost))
