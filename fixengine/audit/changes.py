"""The audit of changes: the terms that held for each evaluation, and how an execution may end."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from msgspec.structs import replace

from fixengine.rules.values import ChangeEntry, Execution, LedgerEntry, Terms

_ENDS = frozenset({"CANCEL", "EXPIRE"})
_KINDS = frozenset({*_ENDS, "REPLACE"})
_LATE = timedelta(seconds=5)
"""How long after its end an execution may still be filled, where clocks differ."""


class Changes:
    """The changes of one execution; evaluations are named by their numbers.

    Of an execution that nobody changed the terms of its row have always held.
    """

    def __init__(self, row: Execution, changes: Sequence[ChangeEntry] = ()) -> None:
        """Take an execution as it is, and its changes in order of number."""
        self._row = row
        self._changes = changes
        self._numbers = [change.number for change in changes]
        self._by_number = {change.number: change for change in changes}

    def __contains__(self, number: int) -> bool:
        """Say whether an evaluation was a change."""
        return number in self._by_number

    def ended(self, number: int) -> bool:
        """Say whether an evaluation ended the execution, full or not."""
        change = self._by_number.get(number)
        return change is not None and change.kind in _ENDS

    def terms_of(self, number: int) -> Terms:
        """Return the terms that an evaluation met."""
        return self.terms_after(number - 1)

    def terms_after(self, number: int) -> Terms:
        """Return the terms that held once an evaluation was made."""
        later = bisect_right(self._numbers, number)
        return self._changes[later].before if later < len(self._changes) else self._row.terms

    def as_ordered(self) -> Execution:
        """Return the execution with the terms that it began with, which are its order's."""
        terms = self.terms_of(0)
        return replace(self._row, quantity_ordered=terms.quantity, limit_price=terms.limit_price)

    def kinds(self) -> frozenset[str]:
        """Return what was done to the execution."""
        return frozenset(change.kind for change in self._changes)

    def problems(self, fills: Sequence[LedgerEntry]) -> Iterator[str]:
        """Yield what is wrong with the changes, given all evaluations in order of number."""
        by_number = {fill.number: fill for fill in fills}
        for number in sorted(self._by_number.keys() - by_number.keys()):
            yield f"the ledger has no fill {number}, which was a {self._by_number[number].kind}"
        yield from self._problems_of_terms()
        for key, count in Counter(change.request_key for change in self._changes).items():
            if key is not None and count > 1:
                yield f"{count} changes have the key {key!r}"
        for change in self._changes:
            fill = by_number.get(change.number)
            if fill is not None:
                for problem in self._problems_of(change, fill):
                    yield f"fill {change.number}, a {change.kind}, {problem}"
        yield from self._problems_of_the_end(fills)

    def _problems_of_terms(self) -> Iterator[str]:
        for earlier, later in pairwise(self._changes):
            if later.before != earlier.after:
                yield (
                    f"the change {later.number} was one of {_shown(later.before)}, "
                    f"the one before it led to {_shown(earlier.after)}"
                )
        last = self._changes[-1].after if self._changes else self._row.terms
        if last != self._row.terms:
            yield (
                f"the execution is of {_shown(self._row.terms)}, "
                f"its last change led to {_shown(last)}"
            )

    def _problems_of(self, change: ChangeEntry, fill: LedgerEntry) -> Iterator[str]:
        if change.kind not in _KINDS:
            yield "is of no kind that there is"
        if fill.quantity != 0 or fill.price is not None:
            yield f"has filled {fill.quantity} at {fill.price}"
        if change.kind in _ENDS and change.after != change.before:
            yield f"has led from {_shown(change.before)} to {_shown(change.after)}"
        if change.quantity <= 0 or change.quantity < fill.quantity_filled:
            yield f"has led to a quantity of {change.quantity}, {fill.quantity_filled} are filled"
        expires_at, moment = self._row.expires_at, fill.filled_at
        if change.kind == "EXPIRE" and expires_at is None:
            if self._row.time_in_force is None:
                yield "is of an execution that does not expire"
            elif change.number == 1:
                yield f"is of an execution that was not evaluated, and it is {self._in_force}"
        if change.kind == "EXPIRE" and expires_at and moment and moment < expires_at:
            yield f"was made at {moment}, before {expires_at}"

    def _problems_of_the_end(self, fills: Sequence[LedgerEntry]) -> Iterator[str]:
        """Yield evaluations that come after the execution was ended, or after its time."""
        end: str | None = None
        evaluated = False
        last = self._row.sent_timestamp
        for fill in fills:
            change = self._by_number.get(fill.number)
            if end is not None:
                yield f"fill {fill.number} comes after a {end}"
            if change is None and evaluated and self._row.time_in_force is not None:
                yield f"fill {fill.number} is not the first, and it is {self._in_force}"
            evaluated = True
            if change is not None and change.kind in _ENDS:
                end = change.kind
            # times that were moved on, as they never go back, prove nothing
            moment, expires_at = fill.filled_at or last, self._row.expires_at
            if change is None and expires_at and moment > max(last, expires_at + _LATE):
                yield f"fill {fill.number} was made at {moment}, after its end at {expires_at}"
            last = moment

    @property
    def _in_force(self) -> str:
        return f"{self._row.time_in_force}, filled at once or not at all"


def status_of(filled: Decimal, quantity: Decimal, *, ended: bool) -> str:
    """Return the status of an execution of which so much is filled."""
    if ended:
        return "CPART" if filled > 0 else "CNCLD"
    return "FULL" if filled == quantity else "PART" if filled > 0 else "WORK"


def _shown(terms: Terms) -> str:
    limit = "no limit" if terms.limit_price is None else f"a limit of {terms.limit_price}"
    return f"{terms.quantity} with {limit}"
