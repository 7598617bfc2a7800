"""What a client of the driver logs: handed on, and heard by whoever needs to know."""

import logging
from collections.abc import Callable

_LIBRARY = logging.getLogger("librdkafka")


class ClientLog:
    """The `logger` of one client; `hear` gets each line and its facility, and must not raise.

    Lines come during the client's polls.
    """

    def __init__(self, hear: Callable[[str, str], None]) -> None:
        self._hear = hear

    def log(self, level: int, text: str, *args: str) -> None:
        """Take a line: facility, the client's name, thread and message."""
        _LIBRARY.log(level, text, *args)
        if len(args) == 3:
            facility, _, line = args
            self._hear(facility, line.partition("]: ")[2])
