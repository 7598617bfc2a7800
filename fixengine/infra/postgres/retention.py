"""What is kept for a while only: executions, their ledger, what FIX clients had."""

from collections.abc import Iterator
from contextlib import contextmanager

from fixengine.errors import UnavailableError
from fixengine.infra.postgres.driver.connections import Connection, Database
from fixengine.infra.postgres.statements import query
from fixengine.ports.stores import Forgotten

_LOCK = 0x66697866  # "fixf"; one engine at a time
_LIMIT = 1_000
_MESSAGES = 200


class PostgresRetention:
    """All raise UnavailableError, also while another engine is at it."""

    def __init__(self, database: Database, *, days: int | None) -> None:
        """Take how many days closed executions are kept, None for ever."""
        self._database = database
        self._days = days

    def forget_executions(self, *, after: int) -> Forgotten:
        """Delete what is closed and old among the next executions above the number `after`."""
        parameters = {"days": self._days, "after": after, "limit": _LIMIT}
        with self._alone() as connection:
            row = connection.execute(query("forget_executions"), parameters).fetchone()
        assert row is not None
        last, old, gone = row
        return Forgotten(last=last, old=old, executions=gone)

    def forget_messages(self) -> int:
        """Delete some of what FIX clients can't ask for any more; return how many."""
        parameters = {"days": self._days, "limit": _MESSAGES}
        with self._alone() as connection:
            row = connection.execute(query("forget_messages"), parameters).fetchone()
        assert row is not None
        return int(row[0])

    def drop_parts(self) -> tuple[str, ...]:
        """Drop the ledger's parts whose executions are all gone; return their names."""
        with self._alone() as connection:
            # whoever stores fills waits behind this one while it waits for the lock
            connection.execute("set local lock_timeout = '200ms'")
            names = tuple(row[0] for row in connection.execute(query("empty_parts")))
            for name in names:
                # it takes an owner to drop a table, and this role may be none
                connection.execute("select public.drop_fill_part(%s)", [name])
        return names

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        with self._database.connection() as connection, connection.transaction():
            row = connection.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK]).fetchone()
            assert row is not None
            if not row[0]:
                raise UnavailableError("another engine deletes old executions just now")
            yield connection
