"""What a run left behind, read from the database and the topics for the audit to judge."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

from fixengine.demo.errors import DemoError
from fixengine.demo.topics import TopicNames, read_topic
from fixengine.infra.postgres.audit_pages import Told, told_of
from fixengine.ports.kafka import Record
from fixengine.rules.values import ChangeEntry, Execution, LedgerEntry

_CONNECTION: Mapping[str, str | int] = {
    "connect_timeout": 5,
    "options": "-c default_transaction_read_only=on "
    "-c default_transaction_isolation=repeatable\\ read -c statement_timeout=60s",
}
_EXECUTIONS = """
select id, execution_service_id, is_open, execution_status, trade_type, destination,
       rtrim(security_id) as security_id, ticker, quantity_ordered, limit_price,
       received_timestamp, sent_timestamp, last_fill_timestamp, quantity_filled,
       next_fill_timestamp, number_of_fills, total_amount, trade_service_execution_id, version,
       expires_at, time_in_force
from public.execution left join public.expiry on execution_id = id order by id
"""
_FILLS = """
select execution_id, number, quantity, price, filled_at, quantity_filled, total_amount, version,
       announced
from public.fill order by execution_id, number
"""
_CHANGES = """
select execution_id, number, kind, quantity_before, limit_before, quantity, limit_price, request_key
from public.change order by execution_id, number
"""
_OUTBOX = "select execution_id, fill_number from public.outbox order by execution_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpublished:
    """One row of `public.outbox`: a fill that the broker has not acknowledged."""

    execution_id: int
    fill_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """Rows by execution and number; records by partition and offset.

    `told` is what FIX clients were, by the execution.
    """

    executions: tuple[Execution, ...]
    fills: tuple[LedgerEntry, ...]
    outbox: tuple[Unpublished, ...]
    changes: tuple[ChangeEntry, ...]
    told: Mapping[int, Told]
    orders: tuple[Record, ...]
    announcements: tuple[Record, ...]
    dead_letters: tuple[Record, ...]


def read_remains(*, dsn: str, bootstrap: str, topics: TopicNames) -> Remains:
    """Read the tables in one snapshot, then the topics; raises DemoError when one can't be read."""
    try:
        with psycopg.connect(dsn, **_CONNECTION) as connection:  # type: ignore[arg-type]  # mixed
            executions = connection.cursor(row_factory=class_row(Execution)).execute(_EXECUTIONS)
            fills = connection.cursor(row_factory=class_row(LedgerEntry)).execute(_FILLS)
            outbox = connection.cursor(row_factory=class_row(Unpublished)).execute(_OUTBOX)
            changes = connection.cursor(row_factory=class_row(ChangeEntry)).execute(_CHANGES)
            rows = tuple(executions), tuple(fills), tuple(outbox), tuple(changes)
            told = told_of(connection, [each.id for each in rows[0] if each.by_fix])
    except psycopg.Error as error:
        line = " ".join(str(error).split())
        raise DemoError(f"the database can't be read for the audit: {line}") from error
    return Remains(
        executions=rows[0],
        fills=rows[1],
        outbox=rows[2],
        changes=rows[3],
        told=told,
        orders=read_topic(bootstrap, topics.orders),
        announcements=read_topic(bootstrap, topics.fills),
        dead_letters=read_topic(bootstrap, topics.dlq),
    )
