"""The engine's own session: it holds the engine's lock, claims due executions, stores fills.

A fill can only be stored while the lock is held, because the same session does both: when it
breaks, the claim, its row locks and the engine's ownership of the outbox end together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any

from psycopg.rows import args_row

from fixengine.errors import FixengineError, SlowQueryError, UnavailableError
from fixengine.infra.lease import Lease
from fixengine.infra.postgres.apart import Apart, apart
from fixengine.infra.postgres.driver.connections import Connection, Database, query, statements_on
from fixengine.infra.postgres.fill_rows import evaluated_row
from fixengine.infra.postgres.rows import recordset
from fixengine.ports.stores import Claim, Stored
from fixengine.rules.claim_window import EARLIEST, ClaimWindow, Stretch
from fixengine.rules.fills import LONGEST_WAIT
from fixengine.rules.values import Execution, Fill, Postponed

LOCK_CLASS = 0x66697865  # "fixe"; the second key of these locks is the engine's number

_END_OWN_GHOSTS = """
select pg_terminate_backend(l.pid)
from pg_locks as l
join pg_stat_activity as a on a.pid = l.pid
where l.locktype = 'advisory' and l.classid = %s and l.objid = any(%s::oid[])
    and a.application_name = current_setting('application_name')
    and l.pid <> pg_backend_pid()
"""


_REMEMBERED = 20_000  # unpublished fills, of which there are so many only when none get through

_BROKE = "the session broke, and its claim is gone"

_NO_STRETCH = {"since": "infinity", "until": None}

SILENCE = 10
"""Seconds without a statement after which the server ends the session."""


class ClaimSession:
    """One claim at a time; a new one abandons the one before.

    Each statement that succeeds proves that the engine held its lock, and renews its lease.
    """

    def __init__(
        self, database: Database, horizon: ClaimWindow | None = None, lease: Lease | None = None
    ) -> None:
        self._database = database
        self._horizon = horizon or ClaimWindow(monotonic)
        self.lease = lease or Lease()
        self._claimed_from: datetime | None = None
        self._looked_at = EARLIEST
        self._missed = False
        self._unpublished: dict[tuple[int, int], datetime | None] = {}  # due again
        self._expects_more = False
        self._engines: frozenset[int] = frozenset()  # that live, as of the last look
        self._passed_over: dict[int, float] = {}  # until when, by a monotonic clock
        self._places: dict[int, str] = {}  # where in the table the claimed rows are
        self._connection: Connection | None = None
        self._owner: int | None = None
        self._earlier: list[int] = []  # numbers under which this engine may have left fills

    @property
    def owner(self) -> int:
        """This engine's number in the outbox; raises UnavailableError before `open`."""
        if self._owner is None:
            raise UnavailableError("the database is not available: no session yet")
        return self._owner

    @property
    def readable_since(self) -> datetime:
        """From when on all that is due can be read at once."""
        return self._horizon.readable_since

    def has_missed(self) -> bool:
        """Whether what the last claim passed over, as it was not published, is so now."""
        return self._missed

    def open(self) -> None:
        """Connect, take a new number and its lock, and what is left of an earlier session's fills.

        Does nothing while the session stands. Raises UnavailableError.
        """
        if self._connection is not None:
            return
        connection = self._database.session()
        began = monotonic()
        try:
            with statements_on(connection):
                owner = _new_owner(connection)
                # the server may not have noticed yet that an earlier session is gone
                connection.execute(_END_OWN_GHOSTS, [LOCK_CLASS, self._earlier])
                adoption = {"owner": owner, "earlier": self._earlier.copy()}
                # what seems to fail from here on may be done all the same
                self._earlier.append(owner)
                connection.execute(query("adopt_own"), adoption)
        except FixengineError:
            connection.close()
            raise
        if self._owner is None:
            self.lease.begin(began)
        else:
            self.lease.renew(began)
        self._connection, self._owner, self._earlier = connection, owner, [owner]

    def check(self) -> None:
        """See that the session stands, and open it again if not; raises UnavailableError.

        The server ends a session that shows no sign of life for SILENCE, as that of a frozen
        engine, so that others can take over its fills. What others that are gone had claimed is
        looked for.
        """
        if self._connection is not None and not self._connection.info.transaction_status:
            try:
                self._look_for_others(self._connection)
            except UnavailableError:
                self.close()
        self.open()

    def _look_for_others(self, connection: Connection) -> None:
        began = monotonic()
        with statements_on(connection):
            rows = connection.execute(query("engines"), {"lock_class": LOCK_CLASS}).fetchall()
        self.lease.renew(began)
        engines = frozenset(row[0] for row in rows)
        if self._engines - engines:
            self._horizon.someone_left()
        self._engines = engines

    def claim(self, limit: int) -> Claim:
        """Lock up to `limit` due executions until `store` or `abandon`; raises UnavailableError.

        When nothing is due no transaction stays open.
        """
        self.abandon()
        connection = self._opened()
        self._missed = False
        stretch = self._horizon.begin()
        began = monotonic()
        try:
            claim = None if self._expects_more else _nothing_due(connection, stretch)
            claim = claim or self._locked(connection, stretch, limit)
        except SlowQueryError:
            self.abandon()
            self._horizon.fail(self._now())
            raise
        except FixengineError:
            self.abandon()
            raise
        self.lease.renew(began)
        self._looked_at = claim.now
        last_due = claim.executions[-1].next_fill_timestamp if claim.executions else None
        self._horizon.end(claim.now, last_due=last_due, full=len(claim.executions) == limit)
        self._expects_more = bool(claim.executions)
        if claim.executions:
            self._claimed_from = claim.executions[0].next_fill_timestamp
        else:
            self.abandon()
        return claim

    def store(self, fills: Sequence[Fill], postponed: Sequence[Postponed]) -> frozenset[int]:
        """Store the claim's fills, put off what is postponed, commit, unlock.

        Returns the ids of executions whose fill was stored: not of those whose last fill turns out
        to be unpublished, nor of those that another program changed in spite of the lock.

        Raises RejectedError with nothing stored, and UnavailableError with the outcome unknown when
        the connection broke during the commit.
        """
        connection = self._connection
        if connection is None:
            raise UnavailableError(_BROKE)
        began = monotonic()
        try:
            with statements_on(connection):
                stored = self._store_fills(connection, fills) if fills else frozenset()
                if postponed:
                    connection.execute(query("postpone"), {"postponed": recordset(postponed)})
                connection.execute("commit")
        except FixengineError:
            self.abandon()
            raise
        self.lease.renew(began)
        self._claimed_from = None
        self._remember(fills, stored)
        return stored

    def store_apart(
        self, fills: Sequence[Fill], postponed: Sequence[Postponed], *, within: float
    ) -> Stored:
        """Store what is not refused of an outcome that `store` refused.

        All of it was given back: what another session has claimed since is left to that one. Of
        either kind none is begun with after `within` seconds, but for the first.
        """
        done = self._fills_apart(fills, within) if fills else Stored()
        rest = self._postponed_apart(postponed, within) if postponed else Stored()
        return Stored(
            ids=done.ids,
            refused={**done.refused, **rest.refused},
            changed=done.changed,
            left=done.left + rest.left,
        )

    def _fills_apart(self, fills: Sequence[Fill], within: float) -> Stored:
        ids = [fill.execution.id for fill in fills]
        with self._apart("store_fills", ids, owner="integer", fills="json") as (locked, tries):
            mine = [fill for fill in fills if fill.execution.id in locked]
            tried = tries.store(
                len(mine), lambda places: self._parameters(mine[places]), within=within
            )
        stored = frozenset(row[0] for row in tries.returned)
        self._remember(mine, stored)
        return Stored(
            ids=stored,
            refused={mine[place].execution.id: why for place, why in tried.refused.items()},
            changed=tried.count - len(stored) - len(tried.refused),
            left=len(mine) - tried.count,
        )

    def _postponed_apart(self, postponed: Sequence[Postponed], within: float) -> Stored:
        ids = [each.execution_id for each in postponed]
        with self._apart("postpone", ids, postponed="json") as (locked, tries):
            mine = [each for each in postponed if each.execution_id in locked]
            tried = tries.store(
                len(mine), lambda places: {"postponed": recordset(mine[places])}, within=within
            )
        return Stored(
            refused={mine[place].execution_id: why for place, why in tried.refused.items()},
            left=len(mine) - tried.count,
        )

    @contextmanager
    def _apart(
        self, name: str, ids: Iterable[int], **types: str
    ) -> Iterator[tuple[frozenset[int], Apart]]:
        """Begin a transaction for tries, with those of the executions that could be locked again.

        The block must not go on with those that others have claimed since.
        """
        self.abandon()
        connection, began = self._connection, monotonic()
        if connection is None:
            raise UnavailableError(_BROKE)
        places = [self._places[id_] for id_ in ids if id_ in self._places]
        try:
            with statements_on(connection), apart(connection, name, **types) as tries:
                rows = connection.execute(query("lock_claimed"), {"places": places}).fetchall()
                yield frozenset(row[0] for row in rows), tries
        except FixengineError:
            self.abandon()
            raise
        self.lease.renew(began)

    def put_off(self, refused: Mapping[int, int], *, within: float) -> None:
        """Put off for long what is refused: the ids, with their versions.

        What can't even be put off is passed over for as long.
        """
        until = self._looked_at + LONGEST_WAIT
        put_off = [Postponed(id_, version, until) for id_, version in refused.items()]
        # a trigger of somebody else refuses those, and they must not stop the others
        self._pass_over(self._postponed_apart(put_off, within).refused)

    def _pass_over(self, refused: Iterable[int]) -> None:
        now = monotonic()
        until = now + LONGEST_WAIT.total_seconds()
        self._passed_over = {id_: end for id_, end in self._passed_over.items() if end > now}
        self._passed_over.update(dict.fromkeys(refused, until))

    def _remember(self, fills: Sequence[Fill], stored: frozenset[int]) -> None:
        """Remember what is on its way, and when its execution is due again."""
        if len(self._unpublished) < _REMEMBERED:
            self._unpublished.update(
                (
                    (fill.execution.id, fill.execution.number_of_fills),
                    fill.execution.next_fill_timestamp,
                )
                for fill in fills
                if fill.announced and fill.execution.id in stored
            )

    def published(self, fills: Sequence[tuple[int, int]]) -> None:
        """Let executions be claimed again of which these (id, fill number) have left the outbox."""
        for fill in fills:
            if fill not in self._unpublished:  # another session's, perhaps, and not its only one
                self._horizon.someone_left()
                self._missed = True
            elif (due := self._unpublished.pop(fill)) is not None:
                self._horizon.go_back_to(due)
                self._missed = self._missed or due <= self._looked_at

    def abandon(self) -> None:
        """Give back what is claimed, if anything; a broken session gives it back by itself."""
        self._go_back()
        connection = self._connection
        if connection is None:
            return
        try:
            with statements_on(connection):
                if connection.info.transaction_status:
                    connection.execute("rollback")
        except UnavailableError:
            self.close()

    def close(self) -> None:
        """End the session: claims are given back and the lock is free. Safe to call twice."""
        self._go_back()
        self._unpublished.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _go_back(self) -> None:
        if self._claimed_from is not None:
            self._horizon.give_back(self._claimed_from)
            self._claimed_from = None

    def _opened(self) -> Connection:
        self.open()
        assert self._connection is not None
        return self._connection

    def _locked(self, connection: Connection, stretch: Stretch, limit: int) -> Claim:
        """Lock what is due; a transaction is open afterwards, unless the session broke."""
        now = monotonic()
        passed_over = [id_ for id_, end in self._passed_over.items() if end > now]
        parameters = {"limit": limit, "passed_over": passed_over, **stretch._asdict()}
        with statements_on(connection):
            with connection.pipeline():
                connection.execute("begin")
                due = connection.cursor(row_factory=args_row(_claimed))
                # prepared at once: later, what fails in a pipeline is taken for prepared
                due.execute(query("claim"), parameters, prepare=True)
                clock = connection.execute(query("clock"), _NO_STRETCH, prepare=True)
            row = clock.fetchone()
            assert row is not None
            rows = due.fetchall()
        self._places = {execution.id: place for place, execution in rows}
        executions = tuple(execution for _, execution in rows)
        more = stretch.until is not None or len(executions) == limit
        return Claim(executions=executions, now=row[0], next_due_in=row[1], more=more)

    def _now(self) -> datetime:
        connection = self._opened()
        with statements_on(connection):
            row = connection.execute("select now()").fetchone()
        assert row is not None
        now: datetime = row[0]
        return now

    def _store_fills(self, connection: Connection, fills: Sequence[Fill]) -> frozenset[int]:
        rows = connection.execute(query("store_fills"), self._parameters(fills)).fetchall()
        return frozenset(row[0] for row in rows)

    def _parameters(self, fills: Sequence[Fill]) -> dict[str, object]:
        evaluated = [evaluated_row(fill, self._places.get(fill.execution.id)) for fill in fills]
        return {"owner": self.owner, "fills": recordset(evaluated)}


def _nothing_due(connection: Connection, stretch: Stretch) -> Claim | None:
    """Look, with a single statement, whether anything is due; None if so."""
    with statements_on(connection):
        row = connection.execute(query("clock"), stretch._asdict(), prepare=True).fetchone()
    assert row is not None
    now, next_due_in, is_due = row
    if is_due:
        return None
    more = stretch.until is not None
    return Claim(executions=(), now=now, next_due_in=next_due_in, more=more)


def _claimed(place: str, *values: Any) -> tuple[str, Execution]:
    return place, Execution(*values)


def _new_owner(connection: Connection) -> int:
    connection.execute(f"set idle_session_timeout = '{SILENCE}s'".encode())
    connection.execute("set plan_cache_mode = auto")  # there is but one plan, and it may be kept
    row = connection.execute("select nextval('public.engine_number')").fetchone()
    assert row is not None
    connection.execute("select pg_advisory_lock(%s, %s)", [LOCK_CLASS, row[0]])
    return int(row[0])
