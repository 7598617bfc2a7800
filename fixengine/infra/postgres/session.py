"""The engine's own session: while it stands, it holds the lock of the engine's number.

Claims are made, and fills stored, in this session alone. When it breaks, the claim, its row locks
and the engine's ownership of its rows in the outbox end together.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from fixengine.errors import FixengineError, UnavailableError
from fixengine.infra.lease import Lease
from fixengine.infra.postgres.awaited import REMEMBERED, Awaited
from fixengine.infra.postgres.driver.connections import Connection, Database, statements_on
from fixengine.infra.postgres.driver.sessions import IN_TRANSACTION_SECONDS
from fixengine.infra.postgres.group_place import GroupPlace, new_number
from fixengine.infra.postgres.statements import query
from fixengine.rules.claim_window import LEFT_WITHIN
from fixengine.rules.take_over_times import TAKE_OVER_AFTER

LOCK_CLASS = 0x66697865  # "fixe"; the second key of these locks is the engine's number

SILENCE_SECONDS = 10
"""Seconds without a statement after which the server ends the session: the engine is frozen."""

# what a frozen engine left is looked for where it fell due
assert max(SILENCE_SECONDS, IN_TRANSACTION_SECONDS) + TAKE_OVER_AFTER < LEFT_WITHIN.total_seconds()

_END_OWN_GHOSTS = """
select pg_terminate_backend(l.pid)
from pg_locks as l
join pg_stat_activity as a on a.pid = l.pid
where l.locktype = 'advisory' and l.classid = %s and l.objid = any(%s::oid[])
    and a.application_name = current_setting('application_name')
    and l.pid <> pg_backend_pid()
"""


class EngineSession:
    """Each statement that succeeds proves that the engine held its lock, and renews its lease."""

    def __init__(
        self, database: Database, lease: Lease | None = None, *, remembers: int = REMEMBERED
    ) -> None:
        """Take the pool, the engine's lease, and how many unpublished fills are remembered."""
        self.lease = lease or Lease()
        self.awaited = Awaited(remembers)
        self._database = database
        self._connection: Connection | None = None
        self._owner: int | None = None
        self._earlier: list[int] = []  # numbers under which this engine may have left fills
        self._engines: frozenset[int] = frozenset()  # that live, as of the last look
        self._place = GroupPlace()

    @property
    def owner(self) -> int:
        """This engine's number in the outbox; raises UnavailableError before `open`."""
        if self._owner is None:
            raise UnavailableError("the database is not available: no session yet")
        return self._owner

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, or the session broke within one."""
        return self._connection is not None and bool(self._connection.info.transaction_status)

    def open(self) -> Connection:
        """Return the session's connection, opened anew where there is none.

        A new session takes a new number and its lock, and adopts what earlier ones of this engine
        left in the outbox. Raises UnavailableError.
        """
        if self._connection is not None:
            return self._connection
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
                self._place.keep(connection)
        except FixengineError:
            connection.close()
            raise
        if self._owner is None:
            self.lease.begin(began)
        else:
            self.lease.renew(began)
        self._connection, self._owner, self._earlier = connection, owner, [owner]
        return connection

    @contextmanager
    def statements(self) -> Iterator[Connection]:
        """Lend the session for statements, which renew the lease when all of them succeed.

        Raises UnavailableError where there is no session, RejectedError where they are refused.
        """
        connection = self._connection
        if connection is None:
            raise UnavailableError("the session broke, and its claim is gone")
        began = monotonic()
        with statements_on(connection):
            yield connection
        self.lease.renew(began)

    def misses_an_engine(self) -> bool:
        """Look which engines live; say whether one is gone that lived at the last look."""
        with self.statements() as connection:
            rows = connection.execute(query("held_locks"), {"lock_class": LOCK_CLASS}).fetchall()
            self._place.keep(connection)
        engines = frozenset(row[0] for row in rows)
        gone = self._engines - engines
        self._engines = engines
        return bool(gone)

    def take_place(self, members: Sequence[str]) -> str:
        """Return the name under which to join the consumer group, as `GroupPlace.take` does."""
        with self.statements() as connection:
            return self._place.take(connection, self.owner, members)

    def close(self) -> None:
        """End the session: its locks are free. Safe to call twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _new_owner(connection: Connection) -> int:
    connection.execute(f"set idle_session_timeout = '{SILENCE_SECONDS}s'".encode())
    connection.execute("set plan_cache_mode = auto")  # there is but one plan, and it may be kept
    owner = new_number(connection)
    connection.execute("select pg_advisory_lock(%s, %s)", [LOCK_CLASS, owner])
    return owner
