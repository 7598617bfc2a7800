"""Claims on executions that are due: in the engine's own session, one at a time."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from math import inf
from time import monotonic
from typing import Any, TypeVar

from cachetools import TTLCache
from psycopg.rows import args_row

from fixengine.errors import FixengineError, SlowQueryError, UnavailableError
from fixengine.infra.postgres.claimed_rows import ClaimedRows
from fixengine.infra.postgres.driver.connections import Connection
from fixengine.infra.postgres.session import EngineSession
from fixengine.infra.postgres.statements import query
from fixengine.ports.stores import Claim, Stored
from fixengine.rules.changes import has_expired
from fixengine.rules.claim_window import EARLIEST, ClaimWindow
from fixengine.rules.fills import LONGEST_WAIT, by_its_end
from fixengine.rules.values import Change, Execution, Fill, Postponed

_Row = TypeVar("_Row", Fill, Change, Postponed)

_NO_TIMES = {"since": "infinity", "until": None}


class PostgresClaims:
    """A new claim abandons the one before; the server gives back those of a session that broke."""

    def __init__(
        self,
        session: EngineSession,
        window: ClaimWindow | None = None,
    ) -> None:
        """Take the session, and where claims look."""
        self.session = session
        self._window = window or ClaimWindow(monotonic)
        self._rows = ClaimedRows(session, {})
        self._claimed: Sequence[Execution] = ()  # what the last claim had
        self._claimed_from: datetime | None = None  # the earliest time at which one was due
        self._looked_at = EARLIEST
        self._expects_more = False
        self._saw_all = False  # since the last check a look at all times has found nothing
        self._missed = False
        self._passed_over: TTLCache[int, None] = TTLCache(
            inf, ttl=LONGEST_WAIT.total_seconds(), timer=monotonic
        )

    @property
    def readable_since(self) -> datetime:
        """From when on all that is due can be read at once."""
        return self._window.readable_since

    def open(self) -> None:
        """Open the session where there is none; raises UnavailableError."""
        self.session.open()

    def check(self) -> None:
        """See that the session stands, and open it again if not; raises UnavailableError.

        What engines that are gone had claimed is looked for. A claim that has just looked at
        everything, and found nothing, has done both.
        """
        saw_all, self._saw_all = self._saw_all, False
        if not self.session.in_transaction and not saw_all:
            try:
                if self.session.misses_an_engine():
                    self._window.someone_left()
            except UnavailableError:
                self.close()
        self.session.open()

    def take_place(self, members: Sequence[str]) -> str:
        """Return the name under which to join the consumer group; raises UnavailableError."""
        self.session.open()
        return self.session.take_place(members)

    def claim(self, limit: int) -> Claim:
        """Lock up to `limit` due executions until `store` or `abandon`; raises UnavailableError.

        When nothing is due no transaction stays open.
        """
        self.abandon()
        self.session.open()
        self._missed = False
        try:
            with self._given_back_on_failure(), self.session.statements() as connection:
                claim = None if self._expects_more else self._nothing_due(connection)
                claim = claim or self._locked(connection, limit)
        except SlowQueryError:
            self._window.fail(self._now())
            raise
        self._looked_at = claim.now
        last_due = claim.executions[-1].next_fill_timestamp if claim.executions else None
        self._window.end(claim.now, last_due=last_due, full=len(claim.executions) == limit)
        self._expects_more = bool(claim.executions)
        if claim.executions:
            self._claimed_from = claim.executions[0].next_fill_timestamp
        else:
            self.abandon()
        return claim

    def store(
        self, fills: Sequence[Fill], postponed: Sequence[Postponed], ended: Sequence[Change] = ()
    ) -> frozenset[int]:
        """Store the claim's fills and ends, put off what is postponed, commit, unlock.

        Returns the ids of executions whose fill or end was stored: not of those whose last fill
        turns out to be unpublished, nor of those that another program changed in spite of the lock.
        What nothing became of is given back.

        Raises RejectedError with nothing stored, and UnavailableError with the outcome unknown when
        the connection broke during the commit.
        """
        with self._given_back_on_failure():
            stored = self._rows.store(fills, postponed, ended)
        if len(fills) + len(postponed) + len(ended) < len(self._claimed):
            self._go_back()  # to what of the claim nothing became of
        self._claimed_from = None
        self.session.awaited.add([*fills, *(each.fill for each in ended)], stored)
        return stored

    def store_apart(
        self,
        fills: Sequence[Fill],
        postponed: Sequence[Postponed],
        ended: Sequence[Change] = (),
        *,
        within: float,
    ) -> Stored:
        """Store an outcome that `store` refused, but for what is at fault.

        It was all given back, and what another session has claimed since is that session's. Fills,
        ends, and what is postponed have `within` seconds each; the first of each is always tried.
        """
        filled = self._apart(self._rows.store_apart, fills, within)
        self.session.awaited.add(fills, filled.ids)
        over = self._apart(self._rows.end_apart, ended, within)
        self.session.awaited.add([each.fill for each in ended], over.ids)
        return filled + over + self._apart(self._rows.postpone_apart, postponed, within)

    def put_off(self, refused: Collection[int], *, within: float) -> None:
        """Put executions of the last claim off for long, by their ids, but not beyond their ends.

        One that the database refuses to put off is passed over for as long.
        """
        now, until = self._looked_at, self._looked_at + LONGEST_WAIT
        put_off = [
            Postponed(
                claimed.id,
                claimed.version,
                # one that has expired is refused its end
                until if has_expired(claimed, now) else by_its_end(claimed, until),
            )
            for claimed in self._claimed
            if claimed.id in refused
        ]
        # a trigger of somebody else refuses those, and they must not stop the others
        tried = self._apart(self._rows.postpone_apart, put_off, within)
        self._passed_over.update(dict.fromkeys(tried.refused))

    def published(self, fills: Sequence[tuple[int, int]]) -> bool:
        """Have claims look again where executions were due whose fills have left the outbox.

        The fills are (execution id, fill number). Says whether the last claim has passed over
        anything that can be claimed now.
        """
        for fill in fills:
            if (
                fill not in self.session.awaited
            ):  # an earlier session's, and perhaps not its only one
                self._window.someone_left()
                self._missed = True
            elif (due := self.session.awaited.pop(fill)) is not None:
                self._window.go_back_to(due)
                self._missed = self._missed or due <= self._looked_at
        return self._missed

    def abandon(self) -> None:
        """Give back what is claimed, if anything; a broken session gives it back by itself."""
        self._go_back()
        if self.session.in_transaction:
            try:
                with self.session.statements() as connection:
                    connection.execute("rollback")
            except UnavailableError:
                self.close()

    def close(self) -> None:
        """End the session: claims are given back and its lock is free. Safe to call twice."""
        self._go_back()
        self.session.awaited.clear()
        self.session.close()

    @contextmanager
    def _given_back_on_failure(self) -> Iterator[None]:
        try:
            yield
        except FixengineError:
            self.abandon()
            raise

    def _go_back(self) -> None:
        if self._claimed_from is not None:
            self._window.give_back(self._claimed_from)
            self._claimed_from = None

    def _apart(
        self, store: Callable[[Sequence[_Row], float], Stored], rows: Sequence[_Row], within: float
    ) -> Stored:
        if not rows:
            return Stored()
        self.abandon()
        with self._given_back_on_failure():
            return store(rows, within)

    def _nothing_due(self, connection: Connection) -> Claim | None:
        """Look, with a single statement, whether anything is due; None if so."""
        times = self._window.begin(at_rest=True)
        row = connection.execute(query("clock"), times._asdict(), prepare=True).fetchone()
        assert row is not None
        now, next_due_in, is_due = row
        if is_due:
            return None
        self._saw_all = self._saw_all or times == (EARLIEST, None)
        more = times.until is not None
        return Claim(executions=(), now=now, next_due_in=next_due_in, more=more)

    def _locked(self, connection: Connection, limit: int) -> Claim:
        """Lock what is due; a transaction is open afterwards, unless the session broke."""
        times = self._window.begin()
        passed_over = [*self._passed_over]
        parameters = {"limit": limit, "passed_over": passed_over, **times._asdict()}
        with connection.pipeline():
            connection.execute("begin")
            due = connection.cursor(row_factory=args_row(_claimed))
            # prepared at once: later, what fails in a pipeline is taken for prepared
            due.execute(query("claim"), parameters, prepare=True)
            clock = connection.execute(query("clock"), _NO_TIMES, prepare=True)
        row = clock.fetchone()
        assert row is not None
        rows = due.fetchall()
        self._rows = ClaimedRows(self.session, {execution.id: place for place, execution in rows})
        executions = tuple(execution for _, execution in rows)
        self._claimed = executions
        more = times.until is not None or len(executions) == limit
        return Claim(executions=executions, now=row[0], next_due_in=row[1], more=more)

    def _now(self) -> datetime:
        self.session.open()
        with self.session.statements() as connection:
            row = connection.execute("select now()").fetchone()
        assert row is not None
        now: datetime = row[0]
        return now


def _claimed(place: str, *values: Any) -> tuple[str, Execution]:
    return place, Execution(*values)
