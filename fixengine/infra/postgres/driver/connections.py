"""Connections to PostgreSQL, and the one boundary where its errors become the engine's."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from math import inf
from select import POLLIN, poll
from time import monotonic
from typing import TypeAlias, TypeVar, cast

import psycopg
from psycopg import errors as sqlstate
from psycopg.rows import BaseRowFactory, TupleRow
from psycopg.types.json import Json
from psycopg_pool import ConnectionPool, PoolTimeout

from fixengine.errors import ImpairedError, UnavailableError
from fixengine.infra.postgres.driver.dsn import server
from fixengine.infra.postgres.driver.sessions import (
    IN_TRANSACTION_SECONDS,
    LOCK_SECONDS,
    PINNED,
    UNANSWERED,
    assert_fit,
    parameters,
)
from fixengine.infra.postgres.driver.sqlstates import ends_the_session, meaning_of
from fixengine.infra.postgres.driver.waits import BoundedConnection, NoAnswer
from fixengine.infra.postgres.statements import query
from fixengine.supervision.patience import patient_until

Connection: TypeAlias = psycopg.Connection[TupleRow]

_Row = TypeVar("_Row")

STATEMENT_LIMIT = 4.0
"""Seconds after which the server ends a statement, where nothing else is said."""

assert LOCK_SECONDS < STATEMENT_LIMIT, "a statement that waits for a lock says so itself"
assert STATEMENT_LIMIT < IN_TRANSACTION_SECONDS

_FAIL_FAST_FOR = 0.5  # seconds after nobody could connect

_LOOK = 0.1  # seconds between looks at whether a stop has begun

# What can be read by an index, and in its order, is read so, whatever the statistics say. Those of
# an idle time know of nothing open, and the planner would read and sort all of it again and again.
BY_INDEX = {"enable_seqscan": "off", "enable_sort": "off"}

KEEP_PLANS = {"plan_cache_mode": "force_generic_plan"}

# What a server says of itself with every reply, unasked. One that was demoted still answers.
_READ_ONLY = ("default_transaction_read_only", "in_hot_standby")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the database's errors into the engine's own; an error that it did not send is a bug."""
    try:
        yield
    except psycopg.Error as error:
        meaning = meaning_of(error)
        if meaning is None:
            raise
        raise meaning from error


@contextmanager
def statements_on(connection: Connection) -> Iterator[None]:
    """Turn errors of the block's statements into the engine's own, as `translated_errors` does.

    On a server that takes no writes all statements fail, also those that only read: what it has
    may be out of date. After most errors the connection is closed, and the next one may go to
    another server, has other rights, or makes its plans anew.
    """
    with translated_errors():
        try:
            yield
            _check_writable(connection)
        except psycopg.Error as error:
            if ends_the_session(error):
                connection.close()
            raise


def open_session(
    dsn: str,
    *,
    application_name: str,
    statement_limit: float = STATEMENT_LIMIT,
    answers_within: float = inf,
    settings: Mapping[str, str] = PINNED,
) -> Connection:
    """Open one connection in autocommit mode, which the caller closes.

    Of several hosts it is made to the first that takes writes. Raises UnavailableError. A server
    that says nothing for `answers_within` seconds is unavailable.
    """
    with translated_errors():
        said = parameters(dsn, application_name=application_name)
        try:
            connection = BoundedConnection.connect(dsn, **said)
        except sqlstate.ConnectionTimeout as error:
            if "\n" in str(error):  # of several servers, and then the driver names each
                raise
            raise sqlstate.ConnectionTimeout(f"nothing comes from {server(dsn)}") from error
        try:
            assert_fit(connection, dsn)
            # first, as the role may have so short a limit that the rest would run into it
            connection.execute(f"set statement_timeout = {statement_limit * 1000:.0f}".encode())
            connection.execute(query("session"), {"pinned": Json(settings)})
        except NoAnswer as error:
            connection.close()
            raise ImpairedError(UNANSWERED) from error
        except BaseException:
            connection.close()
            raise
    connection.answers_within = answers_within
    return connection


class _Opener:
    """Opens a pool's connections, as a class of connections would, and remembers why it can't."""

    def __init__(self, open_: Callable[[], Connection]) -> None:
        self.failure: UnavailableError | None = None
        self._open = open_

    def connect(self, _conninfo: str, **_parameters: object) -> Connection:
        try:
            connection = self._open()
        except UnavailableError as error:
            self.failure = error
            raise
        self.failure = None
        return connection


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
        grace: float = 2.0,
        keeps_plans: bool = False,
    ) -> None:
        """Have the server end a statement after `statement_limit` seconds.

        A server that has said nothing `grace` seconds later is unavailable. With `keeps_plans` a
        statement is planned once for all parameters: for short ones, which have but one good plan.
        """
        self._open = partial(
            open_session,
            dsn,
            application_name=application_name,
            statement_limit=statement_limit,
            answers_within=statement_limit + grace,
            settings={**PINNED, **BY_INDEX, **(KEEP_PLANS if keeps_plans else {})},
        )
        self._opener = _Opener(self._open)
        self._pool = ConnectionPool(
            connection_class=cast("type[Connection]", self._opener),
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

        The wait ends with the stop of the actor that asks, too. Raises UnavailableError and
        RejectedError for whatever goes wrong within the block.
        """
        if monotonic() < self._away_until:
            raise self._away("it was not a moment ago")
        with translated_errors():
            connection = self._borrowed(timeout)
            try:
                with connection, statements_on(connection):
                    yield connection
            finally:
                self._pool.putconn(connection)

    def rows(
        self,
        factory: BaseRowFactory[_Row],
        name: str,
        parameters: Mapping[str, object],
        timeout: float,
    ) -> tuple[_Row, ...]:
        """Return what the statement in `queries/<name>.sql` finds; raises as `connection` does."""
        with (
            self.connection(timeout) as connection,
            connection.cursor(row_factory=factory) as cursor,
        ):
            return tuple(cursor.execute(query(name), parameters))

    def _borrowed(self, timeout: float) -> Connection:
        until = monotonic() + timeout
        while True:
            left = min(until, patient_until()) - monotonic()
            try:
                return self._pool.getconn(min(left, _LOOK))
            except PoolTimeout as error:
                if left > _LOOK:
                    continue
                # those who wait behind would else each wait for a time-out of their own
                if timeout >= _FAIL_FAST_FOR:
                    self._away_until = monotonic() + _FAIL_FAST_FOR
                raise self._away(f"no connection within {timeout:g} s") from error

    def _away(self, otherwise: str) -> UnavailableError:
        """Return why there is no connection, as the last try to open one says."""
        failure = self._opener.failure
        if failure is None:
            return UnavailableError(f"the database is not available: {otherwise}")
        return type(failure)(str(failure))

    def session(self) -> Connection:
        """Open a connection of its own, which the caller closes; raises UnavailableError."""
        return self._open()

    def close(self, within: float = 1.0) -> None:
        """Close the pool, within so many seconds; safe to call twice, or before `open`."""
        self._pool.close(timeout=within)


def _check(connection: Connection) -> None:
    """Find out whether the server has closed a connection, at no cost while it has not.

    An idle connection has nothing to read but the server's last words.
    """
    watch = poll()
    watch.register(connection.fileno(), POLLIN)
    if watch.poll(0):
        ConnectionPool.check_connection(connection)


def _check_writable(connection: Connection) -> None:
    if "on" in map(connection.info.parameter_status, _READ_ONLY):
        raise sqlstate.ReadOnlySqlTransaction("the server is read-only: it was demoted")
