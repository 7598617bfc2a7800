"""What the database has of one client: its session, its orders, and what was and is to be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from fixengine.fix.dictionary import versions
from fixengine.fix.framing import Frame
from fixengine.fix.message import parse
from fixengine.infra.fix.numbers import Numbers
from tests.support.fix.book import Content

_SESSION = """
select id, generation, next_in, next_out,
    (select count(*) from fix_pending as p where p.session_id = s.id)
    + (select count(*) from fix_request as r where r.session_id = s.id and r.state = 'PENDING')
    + (select count(*) from fix_order as o join execution as e on e.id = o.execution_id
        where o.session_id = s.id and e.is_open and e.ticker <> 'NOPRC')
from fix_session as s where peer_comp_id = %s
"""
_SENT = "select seq, kind, body from fix_sent where session_id = %s and generation = %s"
_REQUESTS = "select cl_ord_id, kind, state from fix_request where session_id = %s"
_ORDERS = """
select e.id, o.cl_ord_id, o.pending_cl_ord_id, o.time_in_force, e.is_open, e.quantity_ordered,
    e.quantity_filled, e.total_amount
from fix_order as o join execution as e on e.id = o.execution_id
where o.session_id = %s
"""
_EVENTS = """
select f.execution_id, f.number, c.kind, f.quantity, f.price, f.quantity_filled
from fix_order as o
join fill as f on f.execution_id = o.execution_id
left join change as c on c.execution_id = f.execution_id and c.number = f.number
where o.session_id = %s and (f.quantity > 0 or c.kind is not null)
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A ClOrdID that is known, and what became of it."""

    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class Held:
    """An order with its execution."""

    cl_ord_id: bytes
    pending_cl_ord_id: bytes | None
    time_in_force: bytes
    is_open: bool
    quantity: Decimal
    filled: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the ledger: a fill if `kind` is None, otherwise a change."""

    kind: str | None
    quantity: Decimal
    price: Decimal | None
    filled: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All of it but the numbers."""

    sent: Mapping[int, Content]
    requests: Mapping[bytes, Request]
    orders: Mapping[int, Held]
    events: Mapping[tuple[int, int], Event]


def ledger_of(dsn: str, peer: str) -> Ledger:
    """Read that of a client, at one moment."""
    with psycopg.connect(dsn) as connection:
        connection.execute("set transaction isolation level repeatable read")

        def rows(statement: str, *parameters: object) -> list[tuple[Any, ...]]:
            return connection.execute(statement.encode(), parameters).fetchall()

        found = rows(_SESSION, peer.encode())
        if not found:
            return Ledger(sent={}, requests={}, orders={}, events={})
        ((id_, generation, *_),) = found
        return Ledger(
            sent={seq: _content(kind, body) for seq, kind, body in rows(_SENT, id_, generation)},
            requests={row[0]: Request(*row[1:]) for row in rows(_REQUESTS, id_)},
            orders={row[0]: Held(*row[1:]) for row in rows(_ORDERS, id_)},
            events={row[:2]: Event(*row[2:]) for row in rows(_EVENTS, id_)},
        )


def numbers_of(dsn: str, peer: str) -> tuple[Numbers, int]:
    """Return a session's numbers, and how much has to be decided, filled or told yet."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        row = connection.execute(_SESSION.encode(), [peer.encode()]).fetchone()
    return (Numbers(), 0) if row is None else (Numbers(row[2], row[3]), row[4])


def _content(kind: bytes, body: bytes) -> Content:
    dictionary = versions()[b"FIX.4.4"]
    return (35, kind), *parse(Frame(dictionary.version, body), dictionary.data_fields).fields
