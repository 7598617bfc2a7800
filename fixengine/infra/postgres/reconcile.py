"""Brings a database that was restored from a backup to where the fills topic says it had been."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from msgspec.structs import replace
from psycopg import sql

from fixengine.errors import ConflictError
from fixengine.infra.postgres.driver.connections import Connection, translated_errors
from fixengine.infra.postgres.fix.sessions import FIX_LOCK_CLASS
from fixengine.infra.postgres.session import LOCK_CLASS
from fixengine.infra.postgres.statements import COLUMN_NAMES, query
from fixengine.rules.values import Execution, Order

_COPY = sql.SQL("copy message ({}) from stdin").format(
    sql.SQL(", ").join(map(sql.Identifier, COLUMN_NAMES))
)
_COPY_ORDERS = "copy ordered (order_id, quantity, limit_price, expires_at) from stdin"
_values = attrgetter(*COLUMN_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What was, or would be, changed: executions, rows of the ledger and of the outbox.

    `changes_restored` are those rows of the ledger that end an execution or set new terms.
    """

    messages: int
    executions_restored: int
    executions_moved_on: int
    fills_restored: int
    changes_restored: int
    outbox_rows_removed: int


def reconcile(
    connection: Connection,
    messages: Iterable[Execution],
    orders: Iterable[Order] = (),
    *,
    apply: bool,
) -> Reconciliation:
    """Take into the database what the topic has and it has not, in one transaction.

    `orders` tell what executions began with, and when they are over.

    Without `apply` it is rolled back. Repeating it changes nothing. Raises ConflictError while
    engines run or FIX clients are logged on, when an engine has run on the restored database and
    when messages are missing, UnavailableError, and RejectedError when the messages contradict the
    tables.
    """
    with translated_errors(), connection.transaction(force_rollback=not apply):
        connection.execute("set local statement_timeout = 0")
        connection.execute("set local idle_in_transaction_session_timeout = 0")
        connection.execute(query("reconcile_lock"))
        _assert_none_runs(connection)
        connection.execute(query("reconcile_stage"))
        connection.execute(query("reconcile_stage_orders"))
        count = _stage(connection, messages)
        _stage_orders(connection, orders)
        # whole tables are joined, and a restored database may believe that they are empty
        connection.execute(
            "analyze message, ordered, public.execution, public.fill, public.outbox, public.change"
        )
        _assert_no_engine_has_run(connection)
        connection.execute(query("reconcile_messages"))
        _assert_no_fill_is_missing(connection)
        connection.execute(
            "select public.add_fill_part(min(id)) from message group by id / 1000000"
        )
        fills = connection.execute(query("reconcile_ledger")).rowcount
        connection.execute(query("reconcile_expiries"))
        changes = connection.execute(query("reconcile_changes")).rowcount
        new = [row[0] for row in connection.execute(query("reconcile_executions"))]
        removed = connection.execute(query("reconcile_outbox")).rowcount
        if apply:  # a sequence is not rolled back
            connection.execute(query("reconcile_numbers"))
    return Reconciliation(
        messages=count,
        executions_restored=sum(new),
        executions_moved_on=len(new) - sum(new),
        fills_restored=fills,
        changes_restored=changes,
        outbox_rows_removed=removed,
    )


def _stage(connection: Connection, messages: Iterable[Execution]) -> int:
    """Put the messages into a table; what is open is due at once, as no message says when."""
    row = connection.execute("select now()").fetchone()
    assert row is not None
    count = 0
    with connection.cursor().copy(_COPY) as copy:
        for execution in messages:
            due = row[0] if execution.is_open else None
            copy.write_row(_values(replace(execution, next_fill_timestamp=due)))
            count += 1
    return count


def _stage_orders(connection: Connection, orders: Iterable[Order]) -> None:
    with connection.cursor().copy(_COPY_ORDERS) as copy:
        for order in orders:
            copy.write_row((order.id, order.quantity, order.limit_price, order.expires_at))


def _assert_none_runs(connection: Connection) -> None:
    """See that no engine is there, and no client of a gateway: each has a lock of its kind."""
    for lock_class, what in ((LOCK_CLASS, "engines"), (FIX_LOCK_CLASS, "clients of FIX gateways")):
        held = connection.execute(query("held_locks"), {"lock_class": lock_class}).fetchall()
        if held:
            raise ConflictError(
                f"{len(held)} {what} are at work on this database: stop engines and gateways first"
            )


def _assert_no_engine_has_run(connection: Connection) -> None:
    conflicts = connection.execute(query("reconcile_conflicts")).fetchall()
    if conflicts:
        named = ", ".join(f"{execution} of order {order}" for execution, order in conflicts)
        raise ConflictError(
            f"there are two stories of executions (as of {named}): an engine has worked on the "
            "database since it was restored; restore it again, and reconcile before one starts. "
            "Where another database had filled the topic before, leave it out with --since"
        )


def _assert_no_fill_is_missing(connection: Connection) -> None:
    gaps = connection.execute(query("reconcile_gaps")).fetchall()
    if gaps:
        named = ", ".join(f"{number} of execution {execution}" for execution, number in gaps)
        raise ConflictError(
            f"messages before those of fills are missing (as of {named}): begin before the backup "
            "with --since; what the topic no longer keeps can't be restored from this backup"
        )
