"""Where a FIX client keeps its numbers while it is not connected."""

from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from fixengine.errors import ConflictError, MalformedError


class Numbers(NamedTuple):
    """The number that the peer's next message has to have, and that of our own next one."""

    next_in: int = 1
    next_out: int = 1


class NumberStore(Protocol):
    """Keeps numbers between two connections."""

    def load(self) -> Numbers:
        """Return what was saved last; both are 1 at first."""

    def save(self, numbers: Numbers) -> None:
        """Keep these."""


class NumbersInMemory:
    """For a client that comes back within one process."""

    def __init__(self) -> None:
        self._numbers = Numbers()

    def load(self) -> Numbers:
        """Return what was saved last."""
        return self._numbers

    def save(self, numbers: Numbers) -> None:
        """Keep these."""
        self._numbers = numbers


class NumbersInFile:
    """For a client that comes back in another process: two numbers as a JSON array."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Numbers:
        """Return what was saved last; raise MalformedError for a file that holds something else."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Numbers)
        except FileNotFoundError:
            return Numbers()
        except (OSError, msgspec.MsgspecError) as error:
            raise MalformedError(
                f"{self._path} has no numbers of a session ({error}): name another file, or a new "
                "one to begin at 1"
            ) from error

    def save(self, numbers: Numbers) -> None:
        """Put another file in the place of the old one, so that there always is a whole one.

        Raises ConflictError where it can't be written.
        """
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.write_bytes(msgspec.json.encode(numbers))
            new.replace(self._path)
        except OSError as error:
            raise ConflictError(
                f"{self._path} can't be written: {error.strerror}: name a file that can"
            ) from error
