"""How a session with the database is opened: what it must be like, and what is pinned in it."""

from functools import cache
from threading import Lock
from typing import Any

import psycopg
from psycopg.errors import ProtocolViolation

from fixengine.errors import SchemaError, UnavailableError
from fixengine.infra.postgres.driver.dsn import ENCODING, given
from fixengine.infra.postgres.driver.waits import BoundedConnection

IN_TRANSACTION_SECONDS = 15
"""Seconds without a statement after which the server ends a session that is in a transaction: it
frees the rows and the lock of an engine that hangs between claim and store.
"""

LOCK_SECONDS = 2
"""Seconds that a statement waits for a lock."""

assert LOCK_SECONDS < IN_TRANSACTION_SECONDS

PINNED = {
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IN_TRANSACTION_SECONDS}s",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    "exit_on_error": "off",
    # lets the server notice within seconds that a pod's node is gone
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    # a plan made while the outbox was empty would read it as a whole when it no longer is
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "session_replication_role": "origin",
    # a policy that hides rows is said, instead of silently leaving them unfilled
    "row_security": "off",
    "search_path": "public",
    "client_encoding": "UTF8",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "array_nulls": "on",
    # definitions in the catalog are compared as they are written
    "quote_all_identifiers": "off",
}
"""What each session sets, `statement_timeout` beside it."""

OWNED = frozenset(PINNED) | {"statement_timeout", "application_name"}
"""What a connection string can't ask for."""

_CONNECT_TIMEOUT = 3
"""Seconds for one attempt to connect, where the connection string says nothing else."""

_FIXED: dict[str, str | bool] = {
    "target_session_attrs": "read-write",
    "client_encoding": ENCODING,
    "autocommit": True,
}
_DEFAULTS: dict[str, str | int] = {
    "connect_timeout": _CONNECT_TIMEOUT,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
    # or those of the environment would count
    "options": "",
}
_TRIES = 3
_one_at_a_time = Lock()
UNANSWERED = (
    "the database takes the login, and answers nothing: where a pool stands before it, that can't "
    "reach the database, or all its sessions are in use, and an engine needs five (PgBouncer: "
    "raise pool_size, and max_db_connections or max_user_connections where they are set)"
)
_SHARED = (
    "the database is reached through a pool that shares sessions between clients: an engine needs "
    "session pooling (PgBouncer: pool_mode = session)"
)


def parameters(dsn: str, *, application_name: str) -> dict[str, Any]:
    """Return what to connect with beside the connection string, which has the last word."""
    said = given(dsn)
    defaults = {name: value for name, value in _DEFAULTS.items() if name not in said}
    return {**defaults, **_FIXED, "fallback_application_name": application_name}


def assert_fit(connection: psycopg.Connection, dsn: str) -> None:
    """Raise SchemaError or UnavailableError where an engine can't work with this connection.

    Nothing is set before: in a session that is shared with others it would be theirs, too.
    """
    _assert_encoding(connection)
    if connection.info.backend_pid != _backend(connection):  # somebody in between has made that up
        with _one_at_a_time:  # or two would wait for each other where a pool has just enough
            _assert_sessions_are_kept(dsn)


def _assert_encoding(connection: psycopg.Connection) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise SchemaError(
            f"the database's encoding is {encoding}, which has no place for every order: make one "
            f"by `create database … encoding '{ENCODING}' template template0`, and move the data "
            "there with pg_dump"
        )


@cache
def _assert_sessions_are_kept(dsn: str) -> None:
    """Raise UnavailableError where a pool lends out a server's session for a transaction only.

    Another connection gets the session of ours then, or we get another one than before.
    """
    with _plain(dsn) as ours, _plain(dsn) as another:
        for _ in range(_TRIES):
            before = _backend(ours)
            try:
                another.execute("begin")
            except ProtocolViolation as error:  # not even transactions are kept together
                raise UnavailableError(_SHARED) from error
            taken = _backend(another)
            if taken == before or _backend(ours) != before:
                raise UnavailableError(_SHARED)
            another.execute("rollback")


def _plain(dsn: str) -> psycopg.Connection:
    return BoundedConnection.connect(dsn, **parameters(dsn, application_name="fixengine"))


def _backend(connection: psycopg.Connection) -> int:
    row = connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])
