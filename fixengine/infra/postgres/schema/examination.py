"""Whether a role can do all that an engine does, or a gateway, tried without doing it."""

import re
from collections.abc import Sequence
from importlib.resources import files

from psycopg import errors as sqlstate

from fixengine.errors import SchemaError
from fixengine.infra.postgres.driver.connections import Connection, statements_on
from fixengine.infra.postgres.statements import query

_OF_CHANGES = ("lock_changing", "changing", "known_changes", "store_changes")
OF_AN_ENGINE = (
    "insert_orders",
    "clock",
    "claim",
    "store_fills",
    "postpone",
    "adopt_own",
    "take_over",
    "unpublished",
    "mark_published",
    "backlog",
    "get_executions",
    "page_executions",
    "page_fills",
    "add_up",
    *_OF_CHANGES,
)
_OF_RETENTION = ("forget_executions", "forget_messages", "empty_parts")
_PARAMETER = re.compile(rb"%\(\w+\)[sbt]")


def of_a_gateway() -> tuple[str, ...]:
    """Return the statements of a gateway: what changes executions, and all that are FIX's."""
    folder = files("fixengine.infra.postgres") / "queries"
    names = sorted(file.name.removesuffix(".sql") for file in folder.iterdir())
    return (*_OF_CHANGES, *(name for name in names if name.startswith("fix_")))


def assert_usable(connection: Connection, *, statements: Sequence[str], forgets: bool) -> None:
    """Raise SchemaError, naming it, for a table, column, function or right that is missing.

    With `forgets` also for what retention needs. Raises UnavailableError.
    """
    names = (*statements, *(_OF_RETENTION if forgets else ()))
    with statements_on(connection):
        role, rights = _missing_rights(connection, forgets=forgets)
        try:
            connection.execute(b";".join(map(_explained, names)))
        except sqlstate.InsufficientPrivilege as error:
            rights = rights or [str(error)]
            raise _lacks(role, rights) from error
    sequences = [right for right in rights if "sequence" in right]
    if sequences:  # which no plan shows
        raise _lacks(role, sequences)


def _explained(name: str) -> bytes:
    """Return what has the server plan a statement and check the role's rights to it."""
    return b"explain " + _PARAMETER.sub(b"null", query(name)).replace(b"%%", b"%")


def _missing_rights(connection: Connection, *, forgets: bool) -> tuple[str, list[str]]:
    row = connection.execute(query("missing_rights"), {"forgets": forgets}).fetchone()
    assert row is not None
    return row[0], row[1]


def _lacks(role: str, rights: list[str]) -> SchemaError:
    return SchemaError(
        f"role {role} lacks {', '.join(rights)}: grant it what docs/deploying.md#the-schema grants"
    )
