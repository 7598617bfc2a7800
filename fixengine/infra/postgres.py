"""Connections to PostgreSQL, and the one boundary where its errors become the engine's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from select import POLLIN, poll
from time import monotonic
from typing import Any, TypeAlias

import psycopg
from psycopg import errors as sqlstate
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from fixengine.errors import SlowQueryError, UnavailableError
from fixengine.infra.refusals import refusal

Connection: TypeAlias = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT = 3
"""Seconds for one attempt to connect."""

STATEMENT_LIMIT = 4.0
"""Seconds after which the server ends a statement, where nothing else is said."""

_FAIL_FAST_FOR = 0.5  # seconds after nobody could connect

_SESSION = {
    "lock_timeout": "2s",
    # frees the rows and the lock of a pod that hangs between claim and store
    "idle_in_transaction_session_timeout": "15s",
    # lets the server notice within seconds that a pod's node is gone
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    # a plan made while the outbox was empty would read it as a whole when it no longer is
    "plan_cache_mode": "force_custom_plan",
    # compiling what is thought to take long would take longer
    "jit": "off",
    "timezone": "UTC",
}
# What can be read by an index, and in its order, is read so, whatever the statistics say, or the
# database's settings. Statistics of an idle time know of nothing open, and the planner would read
# and sort all of it again and again.
_BY_INDEX = {
    "enable_seqscan": "off",
    "enable_sort": "off",
    "enable_indexscan": "on",
    "enable_nestloop": "on",
    "enable_tidscan": "on",
}
_CONNECTION: dict[str, str | int | bool] = {
    "connect_timeout": CONNECT_TIMEOUT,
    "target_session_attrs": "read-write",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
    "autocommit": True,
}

# What a server says of itself with every reply, unasked. One that was demoted still answers.
_READ_ONLY = ("default_transaction_read_only", "in_hot_standby")

_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    PoolClosed,
    sqlstate.ReadOnlySqlTransaction,
    sqlstate.IdleInTransactionSessionTimeout,
)


@cache
def query(name: str) -> bytes:
    """Return the statement in `queries/<name>.sql`."""
    return (files(__package__) / "queries" / f"{name}.sql").read_bytes()


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's errors into UnavailableError, SchemaError and RejectedError.

    Others are bugs.
    """
    try:
        yield
    except sqlstate.QueryCanceled as error:
        raise SlowQueryError(f"the database takes too long: {_line(error)}") from error
    except _AWAY as error:
        raise UnavailableError(f"the database is not available: {_line(error)}") from error
    except (psycopg.DataError, psycopg.IntegrityError, sqlstate.RaiseException) as error:
        raise refusal(error, _line(error)) from error


@contextmanager
def statements_on(connection: Connection) -> Iterator[None]:
    """Turn errors of the block's statements into the engine's own, as `translated_errors` does.

    On a server that takes no writes all statements fail, also those that only read: what it has
    may be out of date. The connection is closed then, because the next one is made to another.
    """
    with translated_errors():
        try:
            yield
            _check_writable(connection)
        except sqlstate.ReadOnlySqlTransaction:
            connection.close()
            raise


def open_session(dsn: str, *, application_name: str) -> Connection:
    """Open one connection in autocommit mode, which the caller closes.

    Of several hosts it is made to the first that takes writes. Raises UnavailableError.
    """
    return _connect(dsn, _settings(application_name, STATEMENT_LIMIT))


class Database:
    """A pool of connections, and single sessions beside it.

    Connections are in autocommit mode: a single statement is one round trip.
    """

    def __init__(
        self,
        *,
        dsn: str,
        application_name: str,
        max_connections: int,
        statement_limit: float = STATEMENT_LIMIT,
    ) -> None:
        """Take the parts; the server ends a statement after `statement_limit` seconds."""
        self._dsn = dsn
        self._application_name = application_name
        self._pool = ConnectionPool(
            dsn,
            kwargs=_settings(application_name, statement_limit, _BY_INDEX),
            min_size=1,
            max_size=max_connections,
            open=False,
            check=_check,
            reconnect_timeout=5,
            num_workers=1,  # of these few connections one is made at a time
            name=application_name,
        )
        self._away_until = 0.0

    def open(self) -> None:
        """Start connecting in the background; returns at once, also when nobody answers."""
        self._pool.open(wait=False)

    @contextmanager
    def connection(self, timeout: float = 2.0) -> Iterator[Connection]:
        """Lend a pooled connection, waiting `timeout` seconds for one at the most.

        Raises UnavailableError and RejectedError for whatever goes wrong within the block.
        """
        if monotonic() < self._away_until:
            raise UnavailableError("the database is not available: it was not a moment ago")
        with translated_errors():
            try:
                with self._pool.connection(timeout) as connection, statements_on(connection):
                    yield connection
            except PoolTimeout:
                # those who wait behind would else each wait for a time-out of their own
                if timeout >= _FAIL_FAST_FOR:
                    self._away_until = monotonic() + _FAIL_FAST_FOR
                raise

    def session(self) -> Connection:
        """Open a connection of its own, which the caller closes; raises UnavailableError."""
        return _connect(self._dsn, _settings(self._application_name, STATEMENT_LIMIT, _BY_INDEX))

    def close(self) -> None:
        """Close the pool; safe to call twice, or before `open`."""
        self._pool.close(timeout=1.0)


def _connect(dsn: str, settings: Mapping[str, Any]) -> Connection:
    with translated_errors():
        return psycopg.connect(dsn, **settings)


def _settings(
    application_name: str, statement_limit: float, more: Mapping[str, str] = {}
) -> dict[str, Any]:
    session = {**_SESSION, **more, "statement_timeout": f"{statement_limit * 1000:.0f}"}
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    return {**_CONNECTION, "application_name": application_name, "options": options}


def _check(connection: Connection) -> None:
    """Find a connection dead that the server has closed, at no cost to those that live.

    An idle connection has nothing to read but the server's last words.
    """
    watch = poll()
    watch.register(connection.fileno(), POLLIN)
    if watch.poll(0):
        ConnectionPool.check_connection(connection)


def _check_writable(connection: Connection) -> None:
    if "on" in map(connection.info.parameter_status, _READ_ONLY):
        raise sqlstate.ReadOnlySqlTransaction("the server is read-only: it was demoted")


def _line(error: Exception) -> str:
    text = str(error)
    # of several hosts the driver names the last one first, and then all of them
    each = text.partition("All failures were:")[2]
    return " ".join((each or text).split()) or type(error).__name__
