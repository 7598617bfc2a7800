"""What sessions leave in the database, for tests of the gateway's statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from fixengine.infra.postgres.driver.connections import Connection, Database
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.ports.fix import Identity, Sent, TakenSession, Work
from fixengine.trading.values import (
    FixOrder,
    FixRequest,
    Known,
    NewOrder,
    RequestKind,
    RequestState,
    Standing,
)
from tests.support.rows import PATIENCE, order

IDENTITY = Identity(b"FIX.4.4", b"FIXENGINE", b"OMS1")
SENT_AT = datetime(2026, 7, 28, 12, 0, 0, 123000, tzinfo=UTC)


@contextmanager
def gateway(database: Database, *, first_fill_delay: float = 0) -> Iterator[PostgresFixSessions]:
    """Lend a gateway's sessions, connected: the server lets them wait while a test prepares."""
    sessions = PostgresFixSessions(database, first_fill_delay=first_fill_delay)
    sessions.open()
    on(sessions).execute(f"set idle_session_timeout = '{PATIENCE:.0f}s'".encode())
    try:
        yield sessions
    finally:
        sessions.close()


def on(sessions: PostgresFixSessions) -> Connection:
    """Return the connection that has the locks."""
    assert sessions._connection is not None
    return sessions._connection


def taken(sessions: PostgresFixSessions, identity: Identity = IDENTITY) -> TakenSession:
    """Take a session that nobody else holds."""
    session = sessions.take(identity, began_since=None)
    assert session is not None
    return session


def work(session: TakenSession, **parts: Any) -> Work:
    """Return work that moves no number, with `parts`."""
    fields: dict[str, Any] = {
        "session_id": session.id,
        "epoch": session.epoch,
        "generation": session.generation,
        "next_in": session.next_in,
        "next_out": session.next_out,
    }
    return Work(**{**fields, **parts})


def sent(seq: int, **changes: Any) -> Sent:
    """Return an ExecutionReport that tells of nothing, with `changes`."""
    return replace(Sent(seq=seq, kind=b"8", sent_at=SENT_AT, body=b"58=%d\x01" % seq), **changes)


def request(session: TakenSession, cl_ord_id: bytes, **changes: Any) -> FixRequest:
    """Return a new order's request that is done, with `changes`."""
    return replace(
        FixRequest(
            session_id=session.id,
            cl_ord_id=cl_ord_id,
            execution_id=None,
            kind=RequestKind.NEW,
            state=RequestState.DONE,
            asked_at=SENT_AT,
        ),
        **changes,
    )


def cancel(session: TakenSession, cl_ord_id: bytes, execution_id: int) -> FixRequest:
    """Return a request to cancel that has to be decided."""
    return request(
        session,
        cl_ord_id,
        execution_id=execution_id,
        kind=RequestKind.CANCEL,
        state=RequestState.PENDING,
    )


def new_order(
    session: TakenSession, number: tuple[int, int], cl_ord_id: bytes, **changes: Any
) -> NewOrder:
    """Return a market order for ten units, with `changes`, under the numbers of a look."""
    execution_id, id_ = number
    return NewOrder(
        execution_id=execution_id,
        ticker="A",
        order=order(id_, **changes),
        fix=FixOrder(
            execution_id=execution_id,
            session_id=session.id,
            cl_ord_id=cl_ord_id,
            side=b"1",
            time_in_force=b"1",
            echoed=b"526=\xff\x0177=O",
        ),
    )


def enter(
    sessions: PostgresFixSessions,
    books: PostgresFixBooks,
    session: TakenSession,
    *cl_ord_ids: bytes,
    **changes: Any,
) -> tuple[NewOrder, ...]:
    """Store new orders with these ClOrdIDs, and nothing else."""
    numbers = books.look(session.id, cl_ord_ids, new_orders=len(cl_ord_ids)).numbers
    orders = tuple(
        new_order(session, number, cl_ord_id, **changes)
        for number, cl_ord_id in zip(numbers, cl_ord_ids, strict=True)
    )
    requests = tuple(
        request(session, each.fix.cl_ord_id, execution_id=each.execution_id) for each in orders
    )
    stored = sessions.commit([work(session, new_orders=orders, requests=requests)])
    assert stored == {session.id}
    return orders


def standing(known: Known) -> Standing:
    """Return how the order stands of what is known; there has to be one."""
    assert known.standing is not None
    return known.standing
