"""What wakes the thread that moves bytes."""

from waitress import trigger


class Trigger(trigger.trigger):
    """A pipe, in which one byte is enough for all who pull before it is read.

    Waitress pulls after each answer; under load most of that wakes a thread that is awake.
    """

    _pulled = False

    def _physical_pull(self) -> None:
        if not self._pulled:
            self._pulled = True
            super()._physical_pull()  # type: ignore[misc]  # its types leave it out

    def recv(self, size: int) -> bytes:
        """Take what was pulled; what others did until then, the next look at sockets sees."""
        pulled: bytes = super().recv(size)
        self._pulled = False
        return pulled
