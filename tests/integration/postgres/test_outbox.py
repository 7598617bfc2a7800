from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from typing import TypeAlias

import psycopg
import pytest

from fixengine.actors.publishing.outgoing import fill_message
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.errors import UnavailableError
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.driver.connections import Database
from fixengine.ports.kafka import Headers
from fixengine.ports.stores import TakeOver
from fixengine.rules.fills import FillRules, evaluate
from fixengine.rules.values import Fill
from tests.support.network.proxy import Flow
from tests.support.rows import (
    change,
    fill_with_orders,
    new_claims,
    one,
    opened,
    outbox_of,
    session,
    through_a_proxy,
    wait_until_blocked,
)

Sent: TypeAlias = tuple[bytes | None, Headers]


def message_of(fill: Fill) -> Sent:
    message = fill_message(fill, topic="fills", until=1.0)
    return message.value, message.headers


def store_fills(claims: PostgresClaims, limit: int) -> dict[int, Sent]:
    """Fill what is due; return the message of each fill as it would be sent now."""
    claim = claims.claim(limit)
    fills = [
        evaluate(e, price=Decimal("1.1"), now=claim.now, rng=Random(7), rules=FillRules())
        for e in claim.executions
    ]
    claims.store(fills, ())
    return {fill.execution.id: message_of(fill) for fill in fills}


def messages(database: Database, claims: PostgresClaims) -> dict[int, Sent]:
    page = outbox_of(database, claims).unpublished(after=0, limit=1000, older_than=0)
    return {fill.execution.id: message_of(fill) for fill in page.fills}


def test_a_fill_read_back_is_byte_for_byte_the_same_message(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(
            pool,
            range(1, 30),
            quantity=Decimal("12345.67890123"),
            limit_price=Decimal("1.10000000"),
            trade_service_execution_id=4,
            traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        sent = store_fills(claims, 30)
        assert len(sent) == 29
        assert messages(pool, claims) == sent


def test_later_changes_of_the_execution_do_not_change_an_older_fills_message(
    database: str,
) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 2), quantity=Decimal(5000))
        sent = store_fills(claims, 1)
        with pool.connection() as connection:
            connection.execute(
                "update execution set is_open = false, execution_status = 'FULL', version = 9, "
                "quantity_filled = 5000, number_of_fills = 7, total_amount = 9"
            )
        assert messages(pool, claims) == sent


def test_the_fills_of_an_engine_that_is_gone_are_taken_over_by_one_heir(database: str) -> None:
    with opened(database) as pool, session(pool) as heir, session(pool) as other:
        fill_with_orders(pool, range(1, 11))
        dead = new_claims(pool)
        sent = store_fills(dead, 10)
        suspects = frozenset({dead.session.owner})
        mine, theirs = outbox_of(pool, heir), outbox_of(pool, other)
        assert mine.take_over(suspects) == TakeOver(gone=frozenset(), fills=0, own=False)
        dead.close()
        taken = TakeOver(gone=suspects, fills=10, own=True)
        wait_until(lambda: mine.take_over(suspects) == taken, 60, "the lock to be free")
        assert theirs.take_over(suspects) == TakeOver(gone=frozenset(), fills=0, own=False)
        assert mine.take_over(suspects).own
        assert messages(pool, heir) == sent
        assert messages(pool, other) == {}


def test_an_engine_that_lost_its_session_takes_its_fills_with_it(database: str) -> None:
    """The old number stays free for ever, and nothing is left under it for others."""
    with opened(database) as pool, session(pool) as heir:
        fill_with_orders(pool, range(1, 3))
        absent = new_claims(pool)
        sent = store_fills(absent, 2)
        before = absent.session.owner
        absent.close()
        outbox = outbox_of(pool, heir)
        look = TakeOver(gone=frozenset({before}), fills=0, own=False)
        wait_until(lambda: outbox.take_over(frozenset()) == look, 60, "the lock to be free")
        assert messages(pool, absent) == {}, "who does not hold the lock must send nothing"
        absent.open()
        assert absent.session.owner != before
        assert messages(pool, absent) == sent
        assert outbox.take_over(look.gone) == TakeOver(gone=frozenset(), fills=0, own=False)
        absent.close()


def test_a_fill_that_was_taken_over_stays_with_its_heir(database: str) -> None:
    with opened(database) as pool, session(pool) as heir:
        fill_with_orders(pool, range(1, 3))
        frozen = new_claims(pool)
        sent = store_fills(frozen, 2)
        suspects = frozenset({frozen.session.owner})
        frozen.close()
        outbox = outbox_of(pool, heir)
        wait_until(lambda: outbox.take_over(suspects).fills == 2, 60, "the lock to be free")
        frozen.open()
        assert messages(pool, frozen) == {}
        assert messages(pool, heir) == sent
        frozen.close()


def test_fills_are_kept_when_the_reply_to_their_adoption_is_lost(
    database: str, postgres: Postgres, workspace: Workspace
) -> None:
    """They are under a number then that the engine holds no more."""
    with (
        through_a_proxy(database, postgres, workspace) as (proxy, dsn),
        opened(dsn) as pool,
        ThreadPoolExecutor() as threads,
    ):
        fill_with_orders(pool, range(1, 3))
        claims = new_claims(pool)
        sent = store_fills(claims, 2)
        before = claims.session.owner
        claims.close()
        with psycopg.connect(database) as holder:
            holder.execute("lock table outbox in share mode")
            opening = threads.submit(claims.open)
            wait_until_blocked(database, "update public.outbox%")
            proxy.set(Flow.MUTE)
        wait_until(
            lambda: one(database, f"select bool_and(owner <> {before}) from outbox"),
            60,
            "the fills to be adopted",
        )
        proxy.set(Flow.OPEN)
        with pytest.raises(UnavailableError):
            opening.result(60)
        claims.open()
        assert messages(pool, claims) == sent
        claims.close()


def test_only_fills_of_some_age_are_looked_for(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 3))
        store_fills(claims, 2)
        outbox = outbox_of(pool, claims)
        assert not outbox.unpublished(after=0, limit=10, older_than=60).fills
        with pool.connection() as connection:
            connection.execute(
                "update outbox set stored_at = now() - interval '1 hour' where execution_id = 2"
            )
            stored_at = one(database, "select min(stored_at) from outbox")
        page = outbox.unpublished(after=0, limit=10, older_than=60)
        assert [fill.execution.id for fill in page.fills] == [2]
        assert page.since == stored_at


def test_a_fill_is_found_as_it_was_whatever_another_program_made_of_its_execution(
    database: str,
) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 2))
        sent = store_fills(claims, 1)
        change(
            database,
            "update execution set last_fill_timestamp = 'infinity', quantity_filled = 'NaN', "
            "is_open = false, execution_status = 'LOST', version = 99",
        )
        assert messages(pool, claims) == sent


def test_marking_leaves_what_another_engine_took_over(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 4))
        store_fills(claims, 3)
        outbox = outbox_of(pool, claims)
        with pool.connection() as connection:
            connection.execute("update outbox set owner = owner + 1000 where execution_id = 2")
        assert outbox.mark_published([(1, 1), (2, 1), (3, 99)]) == 1
        assert one(database, "select count(*) from outbox") == 2


def test_pages_of_the_outbox_follow_each_other(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 6))
        store_fills(claims, 5)
        outbox = outbox_of(pool, claims)
        first = outbox.unpublished(after=0, limit=3, older_than=0).fills
        second = outbox.unpublished(after=first[-1].execution.id, limit=3, older_than=0).fills
        assert [fill.execution.id for fill in (*first, *second)] == [1, 2, 3, 4, 5]
