"""Orders that came by FIX: what their clients have to be told is stored with what it tells of."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from random import Random

import psycopg

from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.driver.connections import Database
from fixengine.ports.stores import Claim
from fixengine.rules.changes import ChangeRequest, change
from fixengine.rules.fills import FillRules, evaluate
from fixengine.rules.values import ChangeKind, Fill
from tests.support.rows import change as changed
from tests.support.rows import fill_with_orders, one, opened, outbox_of, session

SILENT = FillRules(delay_min=0, delay_max=0)
LOUD = FillRules(delay_min=0, delay_max=0, announce_empty=True, announce_fix=True)
BY_FIX, BY_TOPIC, OF_NO_SESSION = 1, 2, 3
OURS = 9  # the session


@contextmanager
def at_work(dsn: str) -> Iterator[tuple[Database, PostgresClaims]]:
    """Lend an engine's claims with an order by FIX, one of the topic, and one of no session."""
    with opened(dsn) as pool, session(pool) as claims:
        for order in (-BY_FIX, BY_TOPIC, -OF_NO_SESSION):
            fill_with_orders(pool, range(order, order + 1), quantity=Decimal(50))
        changed(
            dsn, f"insert into fix_order values ({BY_FIX}, {OURS}, 'a', null, null, '1', '1', '1')"
        )
        yield pool, claims


def fills_of(claim: Claim, *, price: int = 2, rules: FillRules = SILENT) -> tuple[Fill, ...]:
    """Fill all of what is claimed: so much is never filled in parts."""

    class All(Random):
        def random(self) -> float:
            return 0.0

    return tuple(
        evaluate(each, price=Decimal(price), now=claim.now, rng=All(), rules=rules)
        for each in claim.executions
    )


def waiting(dsn: str) -> list[tuple[int, int, int | None]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select session_id, execution_id, number from fix_pending order by position"
        ).fetchall()


def cancel(changes: PostgresChanges, execution_id: int, rules: FillRules) -> frozenset[int]:
    request = ChangeRequest(execution_id=execution_id, kind=ChangeKind.CANCEL, key="k")
    locked = changes.lock([request], within=60)
    assert locked.now is not None
    done = change(locked.executions[execution_id], request, now=locked.now, rules=rules)
    return changes.store([done])


def test_a_client_is_told_of_fills_of_what_it_ordered(database: str) -> None:
    with at_work(database) as (_, claims):
        assert claims.store(fills_of(claims.claim(10)), ()) == {BY_FIX, BY_TOPIC, OF_NO_SESSION}
    assert waiting(database) == [(OURS, BY_FIX, 1)]
    assert one(database, "select array_agg(execution_id) from outbox") == [BY_TOPIC]


def test_a_client_is_not_told_of_evaluations_that_fill_nothing(database: str) -> None:
    with at_work(database) as (_, claims):
        changed(database, "update execution set limit_price = 1")
        assert len(claims.store(fills_of(claims.claim(10)), ())) == 3
    assert waiting(database) == []


def test_fills_that_are_stored_apart_are_told_too(database: str) -> None:
    with at_work(database) as (_, claims):
        fills = fills_of(claims.claim(10))
        claims.abandon()
        assert len(claims.store_apart(fills, (), within=60).ids) == 3
    assert waiting(database) == [(OURS, BY_FIX, 1)]


def test_fills_are_published_where_that_is_wanted(database: str) -> None:
    with at_work(database) as (_, claims):
        claims.store(fills_of(claims.claim(10), rules=LOUD), ())
    assert waiting(database) == [(OURS, BY_FIX, 1)]
    assert one(database, "select count(*) from outbox") == 3


def test_a_client_is_told_of_changes_whoever_made_them(database: str) -> None:
    with at_work(database) as (pool, claims):
        changes = PostgresChanges(pool, claims.session)
        for id_ in (BY_FIX, BY_TOPIC, OF_NO_SESSION):
            assert cancel(changes, id_, SILENT) == {id_}
        changes.close()
    assert waiting(database) == [(OURS, BY_FIX, 1)]


def test_a_gateway_changes_executions_while_no_engine_lives(database: str) -> None:
    with at_work(database) as (pool, claims):
        claims.close()
        gateway = PostgresChanges(pool, None)
        assert cancel(gateway, BY_FIX, SILENT) == {BY_FIX}
        gateway.close()
    assert waiting(database) == [(OURS, BY_FIX, 1)]
    assert one(database, "select count(*) from outbox") == 0


def test_a_living_engine_publishes_what_a_gateway_announces(database: str) -> None:
    with at_work(database) as (pool, claims):
        gateway = PostgresChanges(pool, None)
        assert cancel(gateway, BY_FIX, LOUD) == {BY_FIX}
        gateway.close()
        outbox = outbox_of(pool, claims)
        (gone,) = outbox.take_over(frozenset()).gone
        assert outbox.take_over(frozenset({gone})).fills == 1
        (fill,) = outbox.unpublished(after=0, limit=10, older_than=0).fills
        assert fill.execution.id == BY_FIX
        assert not fill.execution.is_open


def test_a_time_in_force_is_read_with_the_claim(database: str) -> None:
    with at_work(database) as (_, claims):
        changed(
            database,
            f"insert into expiry values ({BY_FIX}, null, 'FOK'), ({BY_TOPIC}, '2999-01-01', null)",
        )
        times = {
            each.id: (each.time_in_force, each.expires_at) for each in claims.claim(9).executions
        }
        assert times[BY_FIX] == ("FOK", None)
        assert times[BY_TOPIC][0] is None
        assert times[BY_TOPIC][1] is not None
        assert times[OF_NO_SESSION] == (None, None)
