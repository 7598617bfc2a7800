"""Whether a client reads what it is sent."""

from time import monotonic

from fixengine.actors.gateway.limits import SessionLimits
from fixengine.ports.lines import Line


class Room:
    """Nothing more is read for a client that has too much to read already."""

    def __init__(self, line: Line, limits: SessionLimits) -> None:
        self._line = line
        self._limits = limits
        self._full_since: float | None = None

    def is_there(self) -> bool:
        """Say whether there is room for more."""
        if self._line.unwritten <= self._limits.unwritten:
            self._full_since = None
            return True
        self._full_since = self._full_since or monotonic()
        return False

    @property
    def is_given_up(self) -> bool:
        """Whether there has been none for too long."""
        since = self._full_since
        return since is not None and monotonic() - since > self._limits.patience
