"""Changes of executions on a real database: in the race with claims, and under their guards."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from random import Random

import psycopg
import pytest

from fixengine.demo.waiting import wait_until
from fixengine.errors import LockedError
from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.session import LOCK_CLASS
from fixengine.ports.changes import Locked
from fixengine.ports.stores import Claim
from fixengine.rules import changes as rules
from fixengine.rules.changes import ChangeRequest
from fixengine.rules.fills import FillRules, evaluate
from fixengine.rules.values import Change, ChangeKind, Fill
from fixengine.wire.executions import encode_execution
from tests.support.rows import (
    fill_with_orders,
    mark_published,
    one,
    opened,
    outbox_of,
    session,
    wait_until_blocked,
)

EAGER = FillRules(delay_min=0, delay_max=0)
PATIENT = 60.0


def cancel(execution_id: int, key: str = "k", **changes: object) -> ChangeRequest:
    fields: dict[str, object] = {"kind": ChangeKind.CANCEL, "key": key, **changes}
    return ChangeRequest(execution_id=execution_id, **fields)  # type: ignore[arg-type]


def change(locked: Locked, request: ChangeRequest) -> Change:
    assert locked.now is not None
    execution = locked.executions[request.execution_id]
    return rules.change(execution, request, now=locked.now, rules=FillRules())


def half_filled(claim: Claim) -> tuple[Fill, ...]:
    class Half(Random):
        def random(self) -> float:
            return 0.9

        def choice(self, seq):  # type: ignore[no-untyped-def]
            return Decimal("0.5")

    return tuple(
        evaluate(each, price=Decimal(2), now=claim.now, rng=Half(1), rules=EAGER)
        for each in claim.executions
    )


@contextmanager
def at_work(dsn: str) -> Iterator[tuple[Database, PostgresClaims, PostgresChanges]]:
    """Lend the claims of an engine and its changes, with orders 1 to 3 of 1000 to fill."""
    with opened(dsn) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 4), quantity=Decimal(1000))
        changes = PostgresChanges(pool, claims.session)
        try:
            yield pool, claims, changes
        finally:
            changes.close()


def state(dsn: str, id_: int) -> tuple[object, ...]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select is_open, execution_status, quantity_ordered::float, quantity_filled::float, "
            "number_of_fills, version, next_fill_timestamp is null from execution where id = %s",
            [id_],
        ).fetchone()
    assert row is not None
    return row


def test_execution_ledger_and_change_say_what_happened(database: str) -> None:
    with at_work(database) as (_, _, changes):
        request = cancel(1)
        done = change(changes.lock([request], within=PATIENT), request)
        assert changes.store([done]) == {1}
        assert state(database, 1) == (False, "CNCLD", 1000, 0, 1, 2, True)
        assert one(database, "select count(*) from outbox") == 0
        with psycopg.connect(database) as connection:
            ledger = connection.execute(
                "select number, quantity::float, price, version, announced from fill"
            ).fetchall()
            told = connection.execute(
                "select execution_id, number, kind, request_key from change"
            ).fetchall()
        assert ledger == [(1, 0, None, 2, False)]
        assert told == [(1, 1, "CANCEL", "k")]


def test_a_claim_ends_first_and_the_rest_is_cancelled(database: str) -> None:
    with at_work(database) as (pool, claims, changes), ThreadPoolExecutor(1) as thread:
        claim = claims.claim(10)
        request = cancel(1)
        waiting = thread.submit(changes.lock, [request], within=PATIENT)
        wait_until_blocked(database, "for update of e%")
        claims.store(half_filled(claim), ())
        locked = waiting.result(60)
        assert locked.unpublished == {1}
        assert locked.executions[1].quantity_filled == 500
        # nobody may store it now, for its fill has to be on the topic before
        assert changes.store([change(locked, request)]) == frozenset()
        mark_published(pool, claims, [(1, 1), (2, 1), (3, 1)])
        locked = changes.lock([request], within=PATIENT)
        assert locked.unpublished == frozenset()
        assert changes.store([change(locked, request)]) == {1}
        assert state(database, 1) == (False, "CPART", 1000, 500, 2, 3, True)


def test_a_lock_that_is_not_to_be_had_is_said_in_time(database: str) -> None:
    with at_work(database) as (_, claims, changes):
        claims.claim(10)
        with pytest.raises(LockedError):
            changes.lock([cancel(1)], within=0.05)
        claims.abandon()
        assert 1 in changes.lock([cancel(1)], within=PATIENT).executions


def test_what_is_locked_is_not_claimed_and_what_is_closed_never_again(database: str) -> None:
    with at_work(database) as (_, claims, changes):
        request = cancel(2)
        locked = changes.lock([request], within=PATIENT)
        claim = claims.claim(10)
        assert {each.id for each in claim.executions} == {1, 3}
        claims.abandon()
        changes.store([change(locked, request)])
        assert {each.id for each in claims.claim(10).executions} == {1, 3}


def test_a_fill_of_what_was_cancelled_meanwhile_is_not_stored(database: str) -> None:
    """Not even by an engine whose lock was lost: the version has moved on."""
    with at_work(database) as (_, claims, changes):
        claim = claims.claim(10)
        fills = half_filled(claim)
        claims.abandon()
        request = cancel(1)
        changes.store([change(changes.lock([request], within=PATIENT), request)])
        claims.claim(10)
        assert claims.store(fills, ()) == {2, 3}
        assert state(database, 1) == (False, "CNCLD", 1000, 0, 1, 2, True)


def test_new_terms_hold_for_the_next_fill_and_the_old_ones_for_messages_before(
    database: str,
) -> None:
    with at_work(database) as (pool, claims, changes):
        outbox = outbox_of(pool, claims)
        claimed = half_filled(claims.claim(10))
        claims.store(claimed, ())
        mark_published(pool, claims, [(2, 1), (3, 1)])
        first = [each for each in claimed if each.execution.id == 1]
        sent = [encode_execution(each.execution) for each in first]
        found = outbox.unpublished(after=0, limit=10, older_than=0).fills
        assert [encode_execution(each.execution) for each in found] == sent
        mark_published(pool, claims, [(1, 1)])
        request = cancel(1, kind=ChangeKind.REPLACE, quantity=Decimal(600), limit_price=Decimal(9))
        done = change(changes.lock([request], within=PATIENT), request)
        assert changes.store([done]) == {1}
        assert state(database, 1) == (True, "PART", 600, 500, 2, 3, False)
        found = outbox.unpublished(after=0, limit=10, older_than=0).fills
        assert [encode_execution(each.execution) for each in found] == [
            encode_execution(done.fill.execution)
        ]
        # as after a restore, or where an engine was too late to mark it
        with psycopg.connect(database) as connection:
            connection.execute("update outbox set fill_number = 1")
        found = outbox.unpublished(after=0, limit=10, older_than=0).fills
        assert [encode_execution(each.execution) for each in found] == sent


@pytest.mark.parametrize("kind", [ChangeKind.CANCEL, ChangeKind.EXPIRE])
def test_the_message_of_an_end_is_built_again_byte_for_byte(
    database: str, kind: ChangeKind
) -> None:
    with at_work(database) as (pool, claims, changes):
        claims.store(half_filled(claims.claim(10)), ())
        mark_published(pool, claims, [(1, 1), (2, 1), (3, 1)])
        request = cancel(1, kind=kind)
        done = change(changes.lock([request], within=PATIENT), request)
        changes.store([done])
        found = outbox_of(pool, claims).unpublished(after=0, limit=10, older_than=0).fills
        assert [encode_execution(each.execution) for each in found] == [
            encode_execution(done.fill.execution)
        ]


def test_a_request_that_was_met_is_known_by_its_key(database: str) -> None:
    with at_work(database) as (_, _, changes):
        request = cancel(1, kind=ChangeKind.REPLACE, quantity=Decimal(7))
        done = change(changes.lock([request], within=PATIENT), request)
        changes.store([done])
        other = cancel(1, key="other")
        changes.store([change(changes.lock([other], within=PATIENT), other)])
        again = changes.lock([request, cancel(2)], within=PATIENT)
        ((place, known),) = again.known.items()
        assert place == (1, "k")
        assert known.kind is ChangeKind.REPLACE
        assert known.execution.terms == done.fill.execution.terms
        assert (known.execution.is_open, known.execution.version) == (True, 2)


def test_nothing_is_stored_that_nobody_would_publish(database: str) -> None:
    """The engine's own lock counts: that of another that lives is none."""
    with at_work(database) as (pool, claims, changes), session(pool) as other:
        request = cancel(1)
        locked = changes.lock([request], within=PATIENT)
        claims.close()  # and with it the lock of the engine's number, as soon as the server sees it
        held = (
            "select array_agg(l.objid) from pg_locks as l join pg_database as d "
            f"on d.oid = l.database where d.datname = current_database() "
            f"and l.classid = {LOCK_CLASS}"
        )
        wait_until(lambda: one(database, held) == [other.session.owner], 60, "the lock to be free")
        assert changes.store([change(locked, request)]) == frozenset()
        assert state(database, 1)[0] is True


def test_two_desks_with_the_same_executions_do_not_wait_for_each_other_for_ever(
    database: str,
) -> None:
    with at_work(database) as (pool, claims, one_), ThreadPoolExecutor(2) as threads:
        other = PostgresChanges(pool, claims.session)

        def again_and_again(changes: PostgresChanges, ids: list[int]) -> None:
            for _ in range(50):
                changes.lock([cancel(id_) for id_ in ids], within=PATIENT)
                changes.abandon()

        work = [
            threads.submit(again_and_again, one_, [1, 2, 3]),
            threads.submit(again_and_again, other, [3, 2, 1]),
        ]
        for each in work:
            each.result(60)
        other.close()


def test_what_is_not_there_is_not_found(database: str) -> None:
    with at_work(database) as (_, _, changes):
        locked = changes.lock([cancel(99)], within=PATIENT)
        assert locked.executions == {}
        assert locked.now is None
