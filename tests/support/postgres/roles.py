"""Roles with the rights that `docs/deploying.md` gives to engines."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from psycopg.conninfo import make_conninfo

from tests.support.documents import blocks, page
from tests.support.rows import change

_numbers = count(1)


@contextmanager
def engine_role(dsn: str) -> Iterator[str]:
    """Lend a role for engines, in a database that has the schema; its name is its password."""
    (setup,) = (block for block in blocks(page("deploying"), "sql") if "create role" in block)
    role = f"engine{next(_numbers)}"
    statements = setup.replace("fixengine", role).replace("change-me", role)
    change(dsn, statements)
    try:
        yield role
    finally:
        change(dsn, f"drop owned by {role}; drop role {role}")


def dsn_as(role: str, dsn: str, **more: str) -> str:
    """Return the connection string of that role, with these parameters besides."""
    return make_conninfo(dsn, user=role, password=role, **more)
