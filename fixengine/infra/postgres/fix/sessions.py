"""Sessions that a gateway holds: one connection has their locks, and does all the writing.

Whoever takes a session locks its number, and raises its epoch, which each write names. When the
connection breaks, its locks end with it: that of a pod that was killed at once, that of a frozen
one when it has said nothing for a while. What is under way in it is stored before, or not at all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from fixengine.errors import UnavailableError
from fixengine.infra.postgres.driver.connections import Connection, Database, statements_on
from fixengine.infra.postgres.fix.work_rows import works_as_json
from fixengine.infra.postgres.session import SILENCE_SECONDS
from fixengine.infra.postgres.statements import query
from fixengine.ports.fix import Identity, TakenSession, Work

FIX_LOCK_CLASS = 0x66697873  # "fixs"; the second key of these locks is the session's id


class PostgresFixSessions:
    """See `FixSessions`. After UnavailableError nothing is held: the connection is closed."""

    def __init__(self, database: Database, *, first_fill_delay: float) -> None:
        """Take the database, and the seconds after which a new order is due."""
        self._database = database
        self._first_fill_delay = first_fill_delay
        self._connection: Connection | None = None
        self._held: dict[int, int] = {}  # the epochs of sessions by their ids
        self._earlier: dict[str, object] | None = None  # the connection before

    def open(self) -> None:
        """Connect where there is no connection."""
        if self._connection is not None:
            return
        connection = self._database.session()
        try:
            with statements_on(connection):
                connection.execute(f"set idle_session_timeout = '{SILENCE_SECONDS}s'".encode())
                # there is but one plan of each, and it may be kept
                connection.execute("set plan_cache_mode = force_generic_plan")
                if self._earlier is not None:
                    connection.execute(query("fix_end_ghost"), self._earlier)
                row = connection.execute(_SELF).fetchone()
        except UnavailableError:
            connection.close()
            raise
        assert row is not None
        self._earlier = {"pid": row[0], "began": row[1]}
        self._connection = connection

    def take(self, identity: Identity, *, began_since: datetime | None) -> TakenSession | None:
        """Take a session, which is made if nobody has logged on by it before.

        Its generation begins anew where it began before that time, or an operator asked for it.
        Returns None while another gateway holds it, which is told that it is wanted.
        """
        with self._statements() as connection:
            id_ = _number(connection, identity)
            if id_ not in self._held and not _lock(connection, id_):
                connection.execute(query("fix_want"), {"id": id_})
                return None
            parameters = {"id": id_, "began_since": began_since}
            row = connection.execute(query("fix_take"), parameters).fetchone()
        assert row is not None, "nobody deletes sessions"
        taken = TakenSession(**dict(zip(TakenSession.__struct_fields__, row, strict=True)))
        self._held[taken.id] = taken.epoch
        return taken

    def release(self, session_id: int) -> None:
        """Let a session go, if it is held."""
        epoch = self._held.pop(session_id, None)
        if epoch is not None:
            parameters = {"id": session_id, "epoch": epoch, "lock_class": FIX_LOCK_CLASS}
            with self._statements() as connection:
                connection.execute(query("fix_release"), parameters)

    def wanted(self) -> frozenset[int]:
        """Say which of the sessions that it holds another gateway has asked for of late.

        It shows the server, too, that this gateway lives: without it the locks end after a while.
        """
        with self._statements() as connection:
            rows = connection.execute(query("fix_wanted"), {"ids": [*self._held]}).fetchall()
        return frozenset(row[0] for row in rows)

    def commit(self, works: Sequence[Work]) -> frozenset[int]:
        """Store the work of sessions in one transaction; return the ids of those that it holds.

        Nothing is stored of a session that it no longer holds. Raises RejectedError, with nothing
        stored, when the database refuses any of it.
        """
        mine = [work for work in works if self._held.get(work.session_id) == work.epoch]
        assert len({work.session_id for work in mine}) == len(mine), "one would be lost"
        parameters = {"works": works_as_json(mine), "first_fill_delay": self._first_fill_delay}
        with self._statements() as connection:
            rows = connection.execute(query("fix_commit"), parameters, prepare=True).fetchall()
        return frozenset(row[0] for row in rows)

    def close(self) -> None:
        """Let all sessions go. Safe to call twice."""
        self._held.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _statements(self) -> Iterator[Connection]:
        connection = self._connection
        if connection is None:
            raise UnavailableError("the connection with the locks broke, and all sessions are gone")
        try:
            with statements_on(connection):
                yield connection
        except UnavailableError:
            self.close()  # what failed may have been done: whoever begins anew reads what is there
            raise


_SELF = "select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()"


def _number(connection: Connection, identity: Identity) -> int:
    names = identity._asdict()
    row = connection.execute(query("fix_find"), names).fetchone()
    if row is None:
        connection.execute(query("fix_make"), names)
        row = connection.execute(query("fix_find"), names).fetchone()
    assert row is not None, "nobody deletes sessions"
    return int(row[0])


def _lock(connection: Connection, session_id: int) -> bool:
    row = connection.execute(
        "select pg_try_advisory_lock(%s, %s)", [FIX_LOCK_CLASS, session_id]
    ).fetchone()
    assert row is not None
    return bool(row[0])
