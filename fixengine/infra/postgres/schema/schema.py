"""The database's schema is what it is: brought up to date, compared, mended, tried out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import psycopg
from loguru import logger
from psycopg import errors as sqlstate

from fixengine.errors import RejectedError, SchemaError
from fixengine.infra.postgres.driver.connections import (
    STATEMENT_LIMIT,
    Connection,
    Database,
    translated_errors,
)
from fixengine.infra.postgres.schema.catalog import Catalog, expected, read_catalog
from fixengine.infra.postgres.schema.drift import Fault, Mend, drift, faults_of_the_adopted
from fixengine.infra.postgres.schema.examination import OF_AN_ENGINE, assert_usable
from fixengine.infra.postgres.schema.migrate import (
    Migration,
    Told,
    migrate,
    migrations,
    now,
    turn,
    untold,
    version_of,
    write_down_all,
)
from fixengine.infra.postgres.schema.numbers import keep_to
from fixengine.infra.postgres.schema.trial import try_out
from fixengine.ports.stores import SchemaState
from fixengine.rules.shards import WHOLE, Shard

_READER_FREE_WITHIN = 3.0
"""Seconds for a reader's connection: a reader's query takes less."""

_LOCKED_WITHIN_AT_START = 60
"""Seconds for a lock that a mend needs, while no order waits behind it."""

_LOCKED_WITHIN_AT_WORK = 2
"""Seconds for a lock that a mend needs, while orders wait behind it."""

assert _LOCKED_WITHIN_AT_WORK < STATEMENT_LIMIT < _LOCKED_WITHIN_AT_START

_ADOPT = migrations()[1].statements


class PostgresSchema:
    """All methods raise SchemaError when somebody has to see to it, UnavailableError."""

    def __init__(
        self,
        database: Database,
        readers_database: Database,
        *,
        forgets: bool,
        statements: Sequence[str] = OF_AN_ENGINE,
        shard: Shard = WHOLE,
        unhurried: Callable[[], AbstractContextManager[None]] = nullcontext,
        migrates: Told = untold,
        mends: Told = untold,
    ) -> None:
        """Take the pools, whether old executions are to be deleted, and which shard this is.

        The role must be able to carry out the statements.
        What may take long, a migration or an index that is made anew, is done `unhurried`, and is
        told of when it begins.
        """
        self._database = database
        self._readers_database = readers_database
        self._forgets = forgets
        self._statements = statements
        self._shard = shard
        self._unhurried = unhurried
        self._migrates = migrates
        self._mends = mends

    def prepare(self) -> SchemaState:
        """Bring the schema up to date, and mend what differs."""
        with self._database.connection() as connection, self._unhurried():
            state = bring_up_to_date(connection, self._migrates, self._mends, shard=self._shard)[1]
        self._examine()
        return state

    def check(self) -> SchemaState:
        """Compare what the engine relies on, and mend what differs."""
        with self._database.connection() as connection:
            version = version_of(connection)
            found = read_catalog(connection, wanted=expected())
        if version < len(migrations()):
            return self.prepare()
        if version > len(migrations()):
            state = SchemaState()  # a newer release looks after it, this one has yet to go
        elif next(drift(found, expected()), None) is None:
            state = SchemaState(note=_note(found))
        else:
            state = self.mend()
        self._examine()
        return state

    def mend(self) -> SchemaState:
        """Mend whatever may contradict a statement, rows too."""
        with _no_order_at_fault(), self._database.connection() as connection:
            version = version_of(connection)
            if version > len(migrations()):
                return SchemaState()
            if version == len(migrations()):
                with self._unhurried():
                    return _mend(
                        connection,
                        self._mends,
                        rows=True,
                        patience=_LOCKED_WITHIN_AT_WORK,
                        shard=self._shard,
                    )
        return self.prepare()  # the database was made anew

    def _examine(self) -> None:
        # on a reader's connection: REST has none where this gets none
        with self._readers_database.connection(_READER_FREE_WITHIN) as connection:
            assert_usable(connection, statements=self._statements, forgets=self._forgets)

    def try_out(self) -> None:
        """See that a sound order, and a fill of it, can be stored."""
        with self._database.connection() as connection:
            try_out(connection)


def bring_up_to_date(
    connection: Connection,
    migrates: Told = untold,
    mends: Told = untold,
    *,
    shard: Shard = WHOLE,
) -> tuple[tuple[Migration, ...], SchemaState]:
    """Apply the migrations that are missing, and mend what is not as they left it.

    Raises SchemaError and UnavailableError.
    """
    with _no_order_at_fault():
        if version_of(connection) == 0:
            _look_before_the_first(connection)
        applied = migrate(connection, migrates)
        return applied, _mend(
            connection, mends, rows=False, patience=_LOCKED_WITHIN_AT_START, shard=shard
        )


@contextmanager
def _no_order_at_fault() -> Iterator[None]:
    """Turn errors into the engine's own; what is refused here has no values of an order's."""
    try:
        with translated_errors():
            yield
    except RejectedError as error:
        raise SchemaError(f"the schema can't be made what the engine needs: {error}") from error


def _look_before_the_first(connection: Connection) -> None:
    """See whether a database without a version can be adopted, or has lost no more than that."""
    found = read_catalog(connection, wanted=expected())
    _raise(tuple(fault.what for fault in faults_of_the_adopted(found, expected())))
    if next(drift(found, expected()), None) is None:
        write_down_all(connection)
        _tell(("fixengine_schema was empty, beside tables that are as they should be",))


def _mend(
    connection: Connection, told: Told, *, rows: bool, patience: int, shard: Shard
) -> SchemaState:
    """Mend what differs, and numbers that are behind; with `rows`, also rows that contradict."""
    faults: list[str] = []
    mended: list[str] = []
    with turn(connection, patience=patience):
        found = read_catalog(connection, wanted=expected())
        differs = tuple(drift(found, expected()))
        for each in differs:
            fault = each.what if isinstance(each, Fault) else _done(connection, each, told)
            if fault:
                faults.append(fault)
            else:
                mended.append(each.what)
        if mended:
            found = read_catalog(connection, wanted=expected())
            differs_still = [
                each.what for each in drift(found, expected()) if isinstance(each, Mend)
            ]
            mended = [what for what in mended if what not in differs_still]
            faults += [f"{what}: it was mended and is so again" for what in differs_still]
        if not faults:
            unmended, numbers = _rows(connection, all_of_them=rows or bool(mended))
            faults += unmended
            mended += numbers
            keep_to(connection, shard)
    _tell(tuple(dict.fromkeys(mended)))
    _raise(tuple(dict.fromkeys(faults)))
    return SchemaState(mended=tuple(mended), note=_note(found))


def _done(connection: Connection, mend: Mend, told: Told) -> str:
    """Mend one thing; return why it can't be."""
    told(f"{mend.what}: it is being mended since {now()}")
    try:
        with connection.transaction():
            connection.execute(mend.statement.encode())
            if mend.widens:  # it may be the Go service's own table, made anew
                connection.execute(_ADOPT)
    except sqlstate.LockNotAvailable:
        return f"{mend.what}: another session holds a lock for too long, it is tried again"
    except psycopg.OperationalError:
        raise
    except psycopg.DatabaseError as error:
        said = " ".join(filter(None, (error.diag.message_primary, error.diag.message_detail)))
        return f"{mend.what}: {said}: as its owner run {mend.statement}"
    return ""


def _rows(connection: Connection, *, all_of_them: bool) -> tuple[list[str], list[str]]:
    """Return what rows can't be mended, and what was mended."""
    if not all_of_them:
        return [], [row[0] for row in connection.execute("select public.raise_numbers()")]
    rows = connection.execute("select what, mended from public.mend_rows()").fetchall()
    return [what for what, mended in rows if not mended], [what for what, mended in rows if mended]


def _note(found: Catalog) -> str:
    if not found.elsewhere:
        return ""
    return (
        f"there is a table {found.elsewhere[0]}, too: engines work on public.execution alone, "
        "and what others write there is not filled"
    )


def _tell(mended: tuple[str, ...]) -> None:
    if mended:
        logger.bind(mended=mended).warning("the schema was not as it should be, and is mended")


def _raise(faults: tuple[str, ...]) -> None:
    if faults:
        raise SchemaError("the schema is not as the engine needs it: " + "; ".join(faults))
