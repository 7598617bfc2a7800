"""What wakes the thread that moves bytes."""

from waitress import trigger


class Trigger(trigger.trigger):
    """A pipe: one byte in it is enough for all who pull before that byte is read.

    Waitress pulls after each answer; under load most of that wakes a thread that is awake.
    """

    _pulled = False

    def _physical_pull(self) -> None:
        if not self._pulled:
            self._pulled = True
            super()._physical_pull()  # type: ignore[misc]  # its types leave it out

    def recv(self, size: int) -> bytes:
        """Read the byte. Whatever was done before it, the next look at sockets sees."""
        pulled: bytes = super().recv(size)
        self._pulled = False
        return pulled
