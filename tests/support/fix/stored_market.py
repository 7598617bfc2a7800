"""A client that trades on a real database, with statements of the engine's and the gateway's."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

import psycopg
from msgspec.structs import replace

from fixengine.fix.message import body_of
from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.ports.fix import Sent
from fixengine.rules.changes import ChangeRequest, Refusal, change, has_expired, refusal
from fixengine.rules.fills import FillRules
from fixengine.rules.values import ChangeKind, Execution
from fixengine.trading.application import Needs
from fixengine.trading.values import Decision, Evaluated, Look, Refused, change_request
from tests.support.fix.market import Market, filled
from tests.support.fix.works import gateway, taken, work
from tests.support.rows import opened, session


class StoredMarket(Market):
    """Does what an engine, a desk and a session do with the database."""

    def __init__(
        self,
        dsn: str,
        *,
        claims: PostgresClaims,
        changes: PostgresChanges,
        sessions: PostgresFixSessions,
        books: PostgresFixBooks,
    ) -> None:
        self._session = taken(sessions)
        super().__init__(session_id=self._session.id)
        self._dsn = dsn
        self._claims = claims
        self._changed = changes
        self._sessions = sessions
        self._stored = books

    # The market

    def fills(self, cl_ord_id: str, quantity: int | str | Decimal, price: str = "10") -> None:
        claim = self._claims.claim(10)
        before = self._one(claim.executions, cl_ord_id)
        fill = filled(before, Decimal(quantity), Decimal(price), now=claim.now)
        assert self._claims.store((fill,), ()) == {before.id}

    def evaluates(self, cl_ord_id: str) -> None:
        self.fills(cl_ord_id, 0)

    def decides(self, why_not: Refusal | None = None) -> None:
        for request in self._stored.undecided(limit=10):
            asked = change_request(request)
            found = self._change(asked, why_not)
            if found is not None:
                self._stored.refuse(request, found)

    def expires(self, cl_ord_id: str) -> None:
        number = self._number_of(cl_ord_id)
        with psycopg.connect(self._dsn) as connection:
            connection.execute(
                "update expiry set expires_at = now() where execution_id = %s "
                "and expires_at is not null",
                [number],
            )
            connection.execute(
                "update execution set next_fill_timestamp = now() where id = %s", [number]
            )
        claim = self._claims.claim(10)
        before = self._one(claim.executions, cl_ord_id)
        assert has_expired(before, claim.now)
        asked = ChangeRequest(execution_id=before.id, kind=ChangeKind.EXPIRE)
        ended = change(before, asked, now=claim.now, rules=FillRules())
        assert self._claims.store((), (), [ended]) == {before.id}

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
        else:
            self._changed.abandon()
        return found

    def _one(self, executions: Sequence[Execution], cl_ord_id: str) -> Execution:
        number = self._number_of(cl_ord_id)
        (found,) = (each for each in executions if each.id == number)
        return found

    def _number_of(self, cl_ord_id: str) -> int:
        name = cl_ord_id.encode()
        known = self._stored.look(self._session.id, [name], new_orders=0).known[name]
        assert known.request.execution_id is not None
        return known.request.execution_id

    # The database

    def _look(self, needs: Needs) -> Look:
        return self._stored.look(
            self._session.id,
            needs.cl_ord_ids,
            new_orders=needs.new_orders,
            open_orders=needs.open_orders,
        )

    def _reports(self) -> Sequence[Evaluated | Refused]:
        return self._stored.reports(self._session.id, limit=100)

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


@contextmanager
def stored_market(dsn: str) -> Iterator[StoredMarket]:
    """Lend a market on a database that has a schema and no order."""
    with opened(dsn, keeps_plans=True) as pool, session(pool) as claims, gateway(pool) as sessions:
        changes = PostgresChanges(pool, None)
        try:
            yield StoredMarket(
                dsn,
                claims=claims,
                changes=changes,
                sessions=sessions,
                books=PostgresFixBooks(pool),
            )
        finally:
            changes.close()
