"""What an audit says: each contradiction and the verdict in a line, and how far it has come."""

import sys
from time import monotonic

import msgspec

from fixengine.audit.verdict import Contradiction, Counts
from fixengine.errors import ConflictError
from fixengine.infra.process.logs import complain, log_lines

_LONGEST = 1_000  # characters of what a record may have been made to say
_ON_A_TERMINAL, _IN_A_FILE = 2.0, 60.0  # seconds between lines of progress


def say(line: str) -> None:
    """Write a line to standard output; raises ConflictError when nobody takes it."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError as error:
        raise ConflictError(
            f"what it says can't be written to standard output: {error.strerror}"
        ) from error


class Progress:
    """Says on standard error how far the audit has come, now and then."""

    def __init__(self) -> None:
        self._pause = _ON_A_TERMINAL if log_lines.isatty() else _IN_A_FILE
        self._next = monotonic() + self._pause

    def __call__(self, what: str, count: int) -> None:
        """Take what is being done, and how many of it are."""
        if monotonic() >= self._next:
            complain(f"{count} {what}")
            self._next = monotonic() + self._pause


def as_text(found: Contradiction) -> str:
    """Return a contradiction in one line, whatever is in the records that it quotes."""
    where = "; ".join(f"{name} {places}" for name, places in found.evidence())
    return f"{found.kind}: {_in_one_line(found.said)}{f' ({where})' if where else ''}"


def as_json(found: Contradiction) -> str:
    """Return a contradiction as a JSON object in one line."""
    return _json(
        {
            "kind": found.kind,
            "order": found.order,
            "said": _in_one_line(found.said),
            "executions": found.executions,
            "orders": [*map(str, found.orders)],
            "fills": [*map(str, found.fills)],
            "letters": [*map(str, found.letters)],
        }
    )


def verdict_as_json(counts: Counts) -> str:
    """Return the verdict as a JSON object in one line."""
    return _json({"holds": not counts.contradictions, **counts.as_dict()})


def _json(value: dict[str, object]) -> str:
    return msgspec.json.encode(value).decode()


def _in_one_line(said: str) -> str:
    cut = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in cut
    )
