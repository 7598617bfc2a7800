"""Signs of life: when one of ours is due, and when the peer's are missing."""

from enum import Enum, auto

_GRACE = 1.2
"""How many intervals a peer may be silent: its message needs some time on the way."""


class Beat(Enum):
    """What is due."""

    HEARTBEAT = auto()
    TEST_REQUEST = auto()
    GONE = auto()


class Pulse:
    """The times of one connection; an interval of 0 asks for no signs of life.

    Whatever is sent or heard counts. While the answer to a TestRequest is awaited, no heartbeat
    goes out: the TestRequest was one.
    """

    def __init__(self, interval_seconds: int, ticks: float) -> None:
        self.interval_seconds = interval_seconds
        self._sent = self._heard = ticks
        self._tested: float | None = None

    @property
    def due(self) -> float | None:
        """Return when something is due, unless anything happens before; None: never."""
        if not self.interval_seconds:
            return None
        if self._tested is not None:
            return self._tested + self._patience
        return min(self._sent + self.interval_seconds, self._heard + self._patience)

    def beat(self, ticks: float) -> Beat | None:
        """Return what is due now."""
        due = self.due
        if due is None or ticks < due:
            return None
        if self._tested is not None:
            return Beat.GONE
        if ticks < self._heard + self._patience:
            return Beat.HEARTBEAT
        self._tested = ticks
        return Beat.TEST_REQUEST

    def owes_a_sign(self, ticks: float) -> bool:
        """Say whether nothing was sent for an interval, whatever is heard."""
        return bool(self.interval_seconds) and ticks >= self._sent + self.interval_seconds

    def sent(self, ticks: float) -> None:
        """Take note that something was sent."""
        self._sent = ticks

    def heard(self, ticks: float) -> None:
        """Take note that a message came."""
        self._heard, self._tested = ticks, None

    @property
    def _patience(self) -> float:
        return self.interval_seconds * _GRACE
