"""The numbers of executions where orders are spread over databases: no two of them give the same.

The sequence itself says which of the databases this is, so an engine that is set up for another one
is told.
"""

from dataclasses import dataclass

from loguru import logger
from psycopg import errors as sqlstate
from psycopg.rows import class_row

from fixengine.errors import SchemaError
from fixengine.infra.postgres.driver.connections import Connection, translated_errors
from fixengine.infra.postgres.statements import query
from fixengine.rules.shards import WHOLE, Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbers:
    sequence: str
    step: int
    first: int
    last: int | None
    in_use: bool

    @property
    def shard(self) -> Shard:
        return Shard((self.first - 1) % self.step + 1, self.step)


def keep_to(connection: Connection, shard: Shard) -> None:
    """Have the database give the shard's numbers alone.

    Raises SchemaError where it is another one's database.
    """
    found = _numbers(connection)
    last = found.last or 0
    if found.shard != shard:
        if found.shard != WHOLE or found.in_use:
            raise _of_another(found.shard, shard)
    elif found.last is None or shard.has(found.last):
        return
    statement = (
        f"alter sequence {found.sequence} increment by {shard.of} start with {shard.number} "
        f"restart with {shard.next_after(last)}"
    )
    try:
        with connection.transaction():
            connection.execute(statement.encode())
    except sqlstate.InsufficientPrivilege as error:
        raise SchemaError(
            f"executions must get the numbers of ORDER_SHARD {shard}: as the owner of the tables "
            f"run `fixengine migrate` with it, or {statement}"
        ) from error
    logger.bind(shard=str(shard), next=shard.next_after(last)).info(
        "executions get the numbers of this shard alone"
    )


def assert_of(connection: Connection, shard: Shard) -> None:
    """Raise SchemaError where this is another shard's database."""
    with translated_errors():
        found = _numbers(connection).shard
    if found != shard:
        raise _of_another(found, shard)


def _numbers(connection: Connection) -> _Numbers:
    with connection.cursor(row_factory=class_row(_Numbers)) as cursor:
        numbers = cursor.execute(query("numbers")).fetchone()
    assert numbers is not None, "the schema was compared before"
    return numbers


def _of_another(found: Shard, wanted: Shard) -> SchemaError:
    if found == WHOLE:
        return SchemaError(
            f"the database has executions from when it had all orders, and ORDER_SHARD is {wanted}:"
            " begin with an empty database, docs/scaling.md says how"
        )
    return SchemaError(
        f"this is the database of ORDER_SHARD {found}, and ORDER_SHARD is {wanted}: look at "
        "ORDER_SHARD and POSTGRES_DSN"
    )
