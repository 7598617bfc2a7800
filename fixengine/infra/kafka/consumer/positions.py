"""Up to where a consumer has read, and what was deleted before it came there."""

import re

_RESET = re.compile(r".* \[(\d+)\]: offset reset \(at offset (\d+)\b.* to offset BEGINNING\b.*")


class Positions:
    """Follows what a poll brings, in its order.

    `reached` has the next offset to read, `unread` how many records were deleted before anybody
    read them: both by partition, and of the last poll alone.
    """

    def __init__(self) -> None:
        self._resets: dict[int, int] = {}
        self.reached: dict[int, int] = {}
        self.unread: dict[int, int] = {}

    def begin(self) -> None:
        """Begin a poll."""
        self.reached, self.unread = {}, {}

    def logged(self, line: str) -> None:
        """Take a line of the driver's log: it may say where there was nothing to read any more.

        Nothing else says so.
        """
        match = _RESET.fullmatch(line)
        if match is not None:
            self._resets[int(match[1])] = int(match[2])

    def came(self, partition: int, offset: int) -> None:
        """Take note of a record."""
        self._at(partition, offset)
        self.reached[partition] = offset + 1

    def ended(self, partition: int, offset: int) -> None:
        """Take note of the end: nothing is left to read below this offset."""
        self._at(partition, offset)
        self.reached[partition] = offset

    def forget(self, partitions: frozenset[int]) -> None:
        """Let go of what is another member's now."""
        for partition in partitions:
            self._resets.pop(partition, None)
            self.reached.pop(partition, None)

    def _at(self, partition: int, offset: int) -> None:
        wanted = self._resets.pop(partition, None)
        # below it, the topic was made anew
        if wanted is not None and offset > wanted:
            self.unread[partition] = offset - wanted
