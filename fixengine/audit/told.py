"""The audit of FIX: whether a client was, or will be, told each evaluation once."""

from collections.abc import Iterator

from fixengine.audit.changes import Changes
from fixengine.audit.evidence import Stored
from fixengine.audit.ledger import shown


def told_problems(stored: Stored, changes: Changes, *, may_be_gone: bool) -> Iterator[str]:
    """Yield what is wrong with what the client of an execution by FIX was told.

    It is told that the order was taken, which is number 0, of fills, and of changes; not of
    evaluations that fill nothing. What it was told may be gone with its generation.
    """
    if stored.told is None:
        return
    if stored.told.strange:
        yield f"{stored.told.strange} reports of it are another session's"
    sent, waiting = {*stored.told.sent}, {*stored.told.waiting}
    due = {0} | {
        fill.number for fill in stored.fills if fill.quantity > 0 or fill.number in changes
    }
    untold = sorted(due - sent - waiting)
    if untold and not may_be_gone:
        yield f"its client is not told of {shown(untold)}"
    unknown = sorted((sent | waiting) - due)
    if unknown:
        yield f"its client is told of {shown(unknown)}, where the ledger has nothing to tell"
    twice = sorted(sent & waiting)
    if twice or len(waiting) < len(stored.told.waiting):
        yield f"its client is told twice of {shown(twice or sorted(waiting))}"
