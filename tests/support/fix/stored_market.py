"""A client that trades on a real database, with statements of the engine's and the gateway's.

What the database knows is compared with what is kept in memory.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from itertools import count
from time import monotonic

import psycopg
from msgspec.structs import replace

from fixengine.fix.message import body_of
from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.ports.fix import FixBooks, Sent, TakenSession
from fixengine.rules.changes import ChangeRequest, Refusal, change, has_expired, refusal
from fixengine.rules.claim_window import EARLIEST, ClaimWindow
from fixengine.rules.fills import FillRules
from fixengine.rules.values import ChangeKind, Execution
from fixengine.trading.application import Needs
from fixengine.trading.values import (
    Decision,
    Evaluated,
    Known,
    Look,
    Refused,
    RequestState,
    Standing,
    change_request,
)
from tests.support.fix.customer import BEGAN
from tests.support.fix.market import Market, filled
from tests.support.fix.works import IDENTITY, gateway, taken, work
from tests.support.rows import opened, session

_ALL = 1_000  # more than there are


class StoredMarket(Market):
    """Does what an engine, a desk and a session do with the database."""

    def __init__(
        self,
        dsn: str,
        *,
        taken: TakenSession,
        claims: PostgresClaims,
        window: ClaimWindow,
        changes: PostgresChanges,
        sessions: PostgresFixSessions,
        books: PostgresFixBooks,
    ) -> None:
        self._session = taken
        super().__init__(session_id=self._session.id)
        self._dsn = dsn
        self._claims = claims
        self._window = window
        self._changed = changes
        self._sessions = sessions
        self._stored = books

    # The market

    def fills(self, cl_ord_id: str, quantity: int | str | Decimal, price: str = "10") -> None:
        before, now = self._claimed(cl_ord_id)
        fill = filled(before, Decimal(quantity), Decimal(price), now=now)
        assert self._claims.store((fill,), ()) == {before.id}
        self._executions[before.id] = fill.execution

    def evaluates(self, cl_ord_id: str) -> None:
        self.fills(cl_ord_id, 0)

    def decides(self, why_not: Refusal | None = None) -> None:
        undecided = self._stored.undecided(limit=_ALL)
        for request in (each for each in undecided if each.session_id == self._session.id):
            found = self._change(change_request(request), why_not)
            if found is not None:
                self._stored.refuse(request, found)
                self.requests[request.cl_ord_id] = replace(request, state=RequestState.REFUSED)

    def expires(self, cl_ord_id: str) -> None:
        number = self._number_of(cl_ord_id)
        execution = self._executions[number]
        if execution.expires_at is None and not has_expired(execution, self.now):
            self.operator(cl_ord_id)  # its time is never over
            return
        with psycopg.connect(self._dsn) as connection:
            connection.execute(
                "update expiry set expires_at = now() where execution_id = %s "
                "and expires_at is not null",
                [number],
            )
            connection.execute(
                "update execution set next_fill_timestamp = now() where id = %s", [number]
            )
        before, now = self._claimed(cl_ord_id)
        assert has_expired(before, now)
        asked = ChangeRequest(execution_id=before.id, kind=ChangeKind.EXPIRE)
        ended = change(before, asked, now=now, rules=FillRules())
        assert self._claims.store((), (), [ended]) == {before.id}
        self._executions[before.id] = ended.fill.execution

    def _changes(self, asked: ChangeRequest) -> None:
        assert self._change(asked) is None

    def _change(self, asked: ChangeRequest, why_not: Refusal | None = None) -> Refusal | None:
        locked = self._changed.lock([asked], within=60)
        (execution,) = locked.executions.values()
        found = why_not or refusal(execution, asked)
        if found is None:
            assert locked.now is not None
            done = change(execution, asked, now=locked.now, rules=FillRules())
            assert self._changed.store([done]) == {execution.id}
            self._executions[execution.id] = done.fill.execution
        else:
            self._changed.abandon()
        return found

    def _claimed(self, cl_ord_id: str) -> tuple[Execution, datetime]:
        """Claim what is due; return an order's execution, and the time."""
        self._window.go_back_to(EARLIEST)
        claim = self._claims.claim(_ALL)
        number = self._number_of(cl_ord_id)
        (found,) = (each for each in claim.executions if each.id == number)
        assert _lasting(found) == _lasting(self._executions[number])
        return found, claim.now

    @property
    def is_silent(self) -> bool:
        return not self._stored.waiting([self._session.id])

    # The database

    def _look(self, needs: Needs) -> Look:
        look = self._stored.look(self._session.id, needs.cl_ord_ids, new_orders=needs.new_orders)
        assert look.known.keys() == needs.cl_ord_ids & self.requests.keys()
        for name, known in look.known.items():
            ours = self._known(name)
            assert known.request == ours.request
            assert _as_told(known) == _as_told(ours), "it is as was told"
        return look

    @property
    def _books(self) -> FixBooks:
        return self._stored

    def _reports(self) -> Sequence[Evaluated | Refused]:
        self.waiting = [*self._stored.reports(self._session.id, limit=_ALL)]
        return self.waiting

    def _store(self, decision: Decision) -> None:
        before = self._session
        sent = [
            Sent(
                seq=before.next_out + place,
                kind=reply.kind,
                sent_at=self.now,
                body=body_of(reply.fields, self.dictionary.data_fields),
                execution_id=reply.execution_id,
                number=reply.number,
            )
            for place, reply in enumerate(decision.replies)
        ]
        self._session = replace(before, next_out=before.next_out + len(sent))
        stored = work(
            self._session,
            sent=tuple(sent),
            new_orders=decision.new_orders,
            requests=decision.requests,
            orders=decision.orders,
            done=decision.done,
            told=decision.told,
        )
        assert self._sessions.commit([stored]) == {before.id}
        super()._store(decision)


def _as_told(known: Known) -> Standing | None:
    """Return how an order stands, but for what the database sets by itself."""
    standing = known.standing
    if standing is None:
        return None
    return standing._replace(execution=_lasting(standing.execution))


def _lasting(execution: Execution) -> Execution:
    """Return an execution without what the database sets by itself."""
    return replace(
        execution,
        sent_timestamp=BEGAN,
        next_fill_timestamp=None,
        expires_at=None,
        traceparent=None,
    )


@contextmanager
def stored_markets(dsn: str) -> Iterator[Callable[[], StoredMarket]]:
    """Lend what makes markets on a database, each with a client of its own."""
    window = ClaimWindow(monotonic)
    with (
        opened(dsn, keeps_plans=True) as pool,
        session(pool, window) as claims,
        gateway(pool) as sessions,
    ):
        changes = PostgresChanges(pool, None)
        books = PostgresFixBooks(pool)
        peers = count()

        def make() -> StoredMarket:
            with psycopg.connect(dsn) as connection:  # those of the one before are in no way
                connection.execute("update execution set is_open = false where is_open")
            peer = IDENTITY._replace(peer=b"OMS%d" % next(peers))
            return StoredMarket(
                dsn,
                taken=taken(sessions, peer),
                claims=claims,
                window=window,
                changes=changes,
                sessions=sessions,
                books=books,
            )

        try:
            yield make
        finally:
            changes.close()
