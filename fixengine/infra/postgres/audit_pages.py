"""The tables as the audit reads them: page by page, each of one moment, and nothing is written."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from time import monotonic, sleep
from typing import TypeAlias, TypeVar

import psycopg
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import args_row, class_row

from fixengine.errors import SchemaError, UnavailableError
from fixengine.infra.postgres.driver.connections import (
    BY_INDEX,
    Connection,
    open_session,
    translated_errors,
)
from fixengine.infra.postgres.driver.sessions import PINNED
from fixengine.infra.postgres.schema.migrate import assert_current
from fixengine.infra.postgres.statements import query
from fixengine.rules.values import ChangeEntry, Execution, LedgerEntry
from fixengine.supervision.retries import Retries
from fixengine.telemetry.outage import Outage

_PAGE = 1_000
_ENOUGH_FILLS = 20_000
"""Fills of a page at which it ends: an execution may have many."""

_NUMBERS = 20_000
_STATEMENT_LIMIT = 60.0
ANSWERS_WITHIN = _STATEMENT_LIMIT + 6.0
"""Seconds after which a database that says nothing, not even that, is given up."""

AWAY_SECONDS = 30.0
"""Seconds that a database may be away, as while it is restarted or another one takes over."""

DECIDED_WITHIN = 60.0
"""Seconds within which any gateway should have decided a request to cancel or replace."""

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 5.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Which evaluations of an execution its FIX client was told of, and which it has yet to be.

    Number 0 is that the order was taken. `bodies` has the fields of what was sent, in the order of
    `sent`; `strange` rows of all these are of a session that did not order it.
    """

    sent: tuple[int, ...]
    waiting: tuple[int, ...]
    bodies: tuple[bytes, ...] = ()
    strange: int = 0


Row: TypeAlias = tuple[
    Execution, tuple[LedgerEntry, ...], int | None, tuple[ChangeEntry, ...], Told | None
]
"""An execution, its fills, the number of the one in the outbox, and which of them were changes.

Fills and changes are in order of number. At last what its FIX client was told, if one ordered it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Which of how many databases this is, the latest execution, since when there is a ledger.

    `now` is the database's time. One by itself is the first of one.
    """

    shard: int
    shards: int
    newest: int | None
    ledger_since: datetime | None
    now: datetime


class AuditPages:
    """Raises UnavailableError without a database, SchemaError for one of another schema."""

    def __init__(self, open_: Callable[[], Connection]) -> None:
        """Take what opens a session: one that is idle while topics are read may be lost."""
        self._open = open_
        self._connection = open_()

    def close(self) -> None:
        """Let go of the session."""
        self._connection.close()

    def facts(self) -> Facts:
        """Return what is to be known first."""

        def fetch(connection: Connection) -> Facts:
            with connection.cursor(row_factory=class_row(Facts)) as cursor:
                facts = cursor.execute(query("audit_facts")).fetchone()
            assert facts is not None
            return facts

        return self._read(fetch)

    def rows(self) -> Iterator[Row]:
        """Yield all executions by their orders."""
        place: Mapping[str, int] = {"order": -(2**31), "id": -(2**31)}
        while page := self._rows_after(place):
            yield from page
            last = page[-1][0]
            place = {"order": last.execution_service_id, "id": last.id}

    def strays(self, *, since: datetime | None, until: datetime | None) -> Iterator[int]:
        """Yield executions that do not exist, but in the ledger; fills of some time alone count."""
        after: int | None = -(2**31)
        while after is not None:
            parameters = {"after": after, "numbers": _NUMBERS, "since": since, "until": until}
            after, strays = self._read(partial(_strays_after, parameters=parameters))
            yield from sorted(strays)

    def outbox_strays(self) -> tuple[int, ...]:
        """Return executions that do not exist, but in the outbox."""
        return self._read(
            lambda connection: tuple(
                row[0] for row in connection.execute(query("audit_outbox_strays"))
            )
        )

    def sessions(self) -> tuple[str, ...]:
        """Return what is wrong with FIX sessions, in words."""
        patience = {"patience": DECIDED_WITHIN}
        return self._read(
            lambda connection: tuple(
                row[0] for row in connection.execute(query("audit_sessions"), patience)
            )
        )

    def _rows_after(self, place: Mapping[str, int]) -> Sequence[Row]:
        return self._read(partial(_rows_after, place=place))

    def _read(self, fetch: Callable[[Connection], _T]) -> _T:
        """Fetch what is there at one moment; where the session was lost, on another one.

        The database may be away for AWAY_SECONDS then. Raises what it said last.
        """
        outage = Outage("the audit waits for the database", "the audit goes on")
        retries = Retries(first=_FIRST_WAIT_SECONDS, cap=_LONGEST_WAIT_SECONDS)
        until: float | None = None
        while True:
            try:
                if self._connection.closed:
                    self._connection = self._open()
                fetched = self._fetched(fetch)
            except SchemaError:
                raise
            except UnavailableError as error:
                until = until or monotonic() + AWAY_SECONDS
                if not self._connection.closed or monotonic() >= until:
                    raise
                outage.begin(str(error))
                sleep(retries.next_wait())
            else:
                outage.end()
                return fetched

    def _fetched(self, fetch: Callable[[Connection], _T]) -> _T:
        with _rights_in_words(), translated_errors(), self._connection.transaction():
            return fetch(self._connection)


@contextmanager
def audit_pages(dsn: str, *, application_name: str) -> Iterator[AuditPages]:
    """Lend the tables, for reading alone."""
    pages = AuditPages(partial(_session, dsn, application_name=application_name))
    try:
        yield pages
    finally:
        pages.close()


def told_of(connection: Connection, ids: Sequence[int]) -> dict[int, Told]:
    """Return what FIX clients were told of these executions, and have yet to be."""
    return {
        id_: Told(sent=tuple(sent), waiting=tuple(waiting), bodies=tuple(bodies), strange=strange)
        for id_, sent, bodies, waiting, strange in connection.execute(
            query("audit_told"), {"ids": ids}
        )
    }


@contextmanager
def _rights_in_words() -> Iterator[None]:
    """Say which right is missing, and where those for an audit are: engines need more."""
    try:
        yield
    except SchemaError as error:
        cause = error.__cause__
        if isinstance(cause, InsufficientPrivilege):
            raise SchemaError(
                f"its role lacks a right: {cause.diag.message_primary}: grant it what "
                "docs/auditing.md grants"
            ) from error
        raise


def _session(dsn: str, *, application_name: str) -> Connection:
    connection = open_session(
        dsn,
        application_name=application_name,
        statement_limit=_STATEMENT_LIMIT,
        answers_within=ANSWERS_WITHIN,
        settings={**PINNED, **BY_INDEX},
    )
    try:
        with _rights_in_words():
            assert_current(connection)
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    except BaseException:
        connection.close()
        raise
    return connection


def _strays_after(
    connection: Connection, *, parameters: Mapping[str, object]
) -> tuple[int | None, Sequence[int]]:
    row = connection.execute(query("audit_strays"), parameters).fetchone()
    assert row is not None
    after, strays = row
    return after, strays


def _rows_after(connection: Connection, *, place: Mapping[str, int]) -> Sequence[Row]:
    with connection.cursor(row_factory=args_row(Execution)) as cursor:
        found = cursor.execute(query("audit_executions"), {**place, "limit": _PAGE})
        executions = _with_enough_fills(found.fetchall())
    ids = {"ids": [execution.id for execution in executions]}
    fills: defaultdict[int, list[LedgerEntry]] = defaultdict(list)
    with connection.cursor(row_factory=args_row(LedgerEntry)) as cursor:
        for fill in cursor.execute(query("audit_fills"), ids):
            fills[fill.execution_id].append(fill)
    changes: defaultdict[int, list[ChangeEntry]] = defaultdict(list)
    with connection.cursor(row_factory=args_row(ChangeEntry)) as cursor:
        for change in cursor.execute(query("audit_changes"), ids):
            changes[change.execution_id].append(change)
    unpublished: dict[int, int] = dict(connection.execute(query("audit_outbox"), ids))
    by_fix = [execution.id for execution in executions if execution.by_fix]
    told = told_of(connection, by_fix) if by_fix else {}
    return [
        (
            execution,
            tuple(sorted(fills[execution.id], key=attrgetter("number"))),
            unpublished.get(execution.id),
            tuple(sorted(changes[execution.id], key=attrgetter("number"))),
            told.get(execution.id),
        )
        for execution in executions
    ]


def _with_enough_fills(executions: Sequence[Execution]) -> Sequence[Execution]:
    count = 0
    for index, execution in enumerate(executions):
        count += execution.number_of_fills
        if count > _ENOUGH_FILLS and index:
            return executions[:index]
    return executions
