"""The databases that orders are spread over, as one: each has those of one remainder of their ids.

What belongs to which is worked out here anew: the audit shares no rule with the engine.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from fixengine.errors import ConflictError
from fixengine.infra.postgres.audit_pages import AuditPages, Row

_ENOUGH = 5
"""Executions that are named."""


class Databases:
    """Rows of all of them, by their orders, and what is where it does not belong."""

    def __init__(self, pages: Sequence[AuditPages]) -> None:
        """Take the databases in any order; raises ConflictError where these are not all, once."""
        facts = [each.facts() for each in pages]
        named = sorted((each.shard, each.shards) for each in facts)
        if named != [(number, len(pages)) for number in range(1, len(pages) + 1)]:
            found = ", ".join(f"{number}/{of}" for number, of in named)
            raise ConflictError(
                f"of the databases that orders are spread over, {found} are given: give all that "
                "there are, each by a --dsn, and each once"
            )
        by_number = sorted(zip(facts, pages, strict=True), key=lambda both: both[0].shard)
        self._facts = tuple(each for each, _ in by_number)
        self._pages = tuple(each for _, each in by_number)
        self._misplaced: dict[int, list[int]] = {}

    @property
    def now(self) -> datetime:
        """The latest of their times."""
        return max(facts.now for facts in self._facts)

    @property
    def ledger_since(self) -> datetime | None:
        """Since when the first of them has a ledger."""
        return min((f.ledger_since for f in self._facts if f.ledger_since), default=None)

    @property
    def newest(self) -> tuple[int, ...]:
        """The latest execution of each, by the remainder of its number."""
        return tuple(facts.newest or 0 for facts in (self._facts[-1], *self._facts[:-1]))

    def rows(self) -> Iterator[Row]:
        """Yield all executions by their orders."""
        streams = [self._rows_of(number, pages) for number, pages in enumerate(self._pages, 1)]
        return heapq.merge(*streams, key=lambda row: (row[0].execution_service_id, row[0].id))

    def strays(self, *, since: datetime | None, until: datetime | None) -> Iterator[int]:
        """Yield executions that do not exist, but in the ledger; fills of some time alone count."""
        for pages in self._pages:
            yield from pages.strays(since=since, until=until)

    def outbox_strays(self) -> Iterator[int]:
        """Yield executions that do not exist, but in the outbox."""
        for pages in self._pages:
            yield from pages.outbox_strays()

    def sessions(self) -> Iterator[str]:
        """Say what is wrong with FIX sessions."""
        for pages in self._pages:
            yield from pages.sessions()

    def misplaced(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Say of the rows that were read which are another database's, and name some of them."""
        for number, ids in sorted(self._misplaced.items()):
            of = len(self._pages)
            said = f"database {number} of {of} has executions whose order or number is another's"
            yield said, tuple(ids)

    def _rows_of(self, number: int, pages: AuditPages) -> Iterator[Row]:
        of = len(self._pages)
        for row in pages.rows():
            execution = row[0]
            order = number if execution.by_fix else execution.execution_service_id
            if (order - number) % of or (execution.id - number) % of:
                ids = self._misplaced.setdefault(number, [])
                if len(ids) < _ENOUGH:
                    ids.append(execution.id)
            yield row


def of_order(committed: Sequence[Mapping[int, int]], order: int | None) -> Mapping[int, int]:
    """Return the offsets of the group that an order is for; what is no order is the first one's."""
    number = 1 if order is None else order
    return committed[(number - 1) % len(committed)]
