"""Executions whose time is over end with the claim that finds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from fixengine.actors.filling.evaluation import EvaluatedClaim, evaluate_claim
from fixengine.actors.messages import Prices
from fixengine.errors import RejectedError
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.ports.stores import Claim
from fixengine.rules.claim_window import ClaimWindow
from fixengine.rules.fills import FillRules
from tests.support.rows import change, fill_with_orders, new_claims, one, opened, refusing

RULES = FillRules(delay_min=3600, delay_max=3600, announce_empty=True)


@contextmanager
def expired(dsn: str, *, orders: int, over: int) -> Iterator[PostgresClaims]:
    """Lend claims that don't sweep, on so many orders, the first of which are over."""
    with opened(dsn) as pool:
        fill_with_orders(pool, range(1, orders + 1), quantity=Decimal(10**6))
        change(
            dsn,
            f"insert into expiry select id, now() - interval '1 hour' from execution "
            f"where id <= {over}",
            "update execution set next_fill_timestamp = now() - interval '1 minute'",
        )
        claims = new_claims(pool, window=ClaimWindow(clock=lambda: 0.0))
        claims.open()
        try:
            yield claims
        finally:
            claims.close()


def evaluated(claim: Claim) -> EvaluatedClaim:
    prices = Prices(known={each.ticker: Decimal(2) for each in claim.executions})
    return evaluate_claim(claim, prices, rules=RULES, seed="1")


def closed(dsn: str) -> list[tuple[int, str]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select id, execution_status from execution where not is_open order by id"
        ).fetchall()


def test_ends_and_fills_of_a_claim_are_stored_together(database: str) -> None:
    with expired(database, orders=5, over=2) as claims:
        outcome = evaluated(claims.claim(10))
        assert len(outcome.fills) == 3
        assert claims.store(outcome.fills, outcome.postponed, outcome.ended) == {1, 2, 3, 4, 5}
    assert closed(database) == [(1, "CNCLD"), (2, "CNCLD")]
    for table, rows in (("fill", 5), ("outbox", 5), ("change where kind = 'EXPIRE'", 2)):
        assert one(database, f"select count(*) from {table}") == rows
    assert one(database, "select bool_and(version = 2 and number_of_fills = 1) from execution")


def test_where_an_end_is_refused_nothing_of_the_claim_is_stored_and_apart_all_others_are(
    database: str,
) -> None:
    with expired(database, orders=5, over=3) as claims:
        change(database, refusing("insert on change", "not this one", when="new.execution_id = 2"))
        outcome = evaluated(claims.claim(10))
        everything = (outcome.fills, outcome.postponed, outcome.ended)
        with pytest.raises(RejectedError):
            claims.store(*everything)
        assert one(database, "select count(*) from fill") == 0
        stored = claims.store_apart(*everything, within=60)
        assert (stored.ids, {*stored.refused}, stored.changed) == ({1, 3, 4, 5}, {2}, 0)
        claims.put_off({2}, within=60)
        assert not claims.claim(10).executions
    assert closed(database) == [(1, "CNCLD"), (3, "CNCLD")]
    waits = one(database, "select next_fill_timestamp - now() from execution where id = 2")
    assert timedelta(minutes=9) < waits < timedelta(minutes=11)


def test_what_is_put_off_for_long_comes_back_when_its_time_is_over(database: str) -> None:
    with expired(database, orders=1, over=0) as claims:
        change(database, "insert into expiry values (1, now() + interval '3 minutes')")
        claims.claim(1)
        claims.put_off({1}, within=60)
    waits = one(database, "select next_fill_timestamp - now() from execution")
    assert timedelta(minutes=2) < waits < timedelta(minutes=4)


def test_what_nothing_became_of_is_due_as_before_and_found_at_once(database: str) -> None:
    """As without prices, when only what is over ends."""
    with expired(database, orders=5, over=2) as claims:
        ended = evaluated(claims.claim(10)).ended
        assert claims.store((), (), ended) == {1, 2}
        assert {each.id for each in claims.claim(10).executions} == {3, 4, 5}


def test_an_end_waits_for_the_last_fill_on_the_topic(database: str) -> None:
    with expired(database, orders=1, over=0) as claims:
        outcome = evaluated(claims.claim(1))
        claims.store(outcome.fills, ())
        change(
            database,
            "update execution set next_fill_timestamp = now()",
            "insert into expiry values (1, now())",
        )
        assert not claims.claim(1).executions
