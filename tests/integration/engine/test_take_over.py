"""What engines that are gone left in the outbox is published once, by one of the others."""

from datetime import timedelta
from decimal import Decimal
from itertools import islice
from random import Random

import psycopg

from fixengine.config.client_config import OWN_CLIENT_SETTINGS
from fixengine.demo.audit.report import Expectations
from fixengine.demo.feed.feed import orders
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.waiting import wait_until
from fixengine.infra.kafka.producer.settings import producer_settings
from fixengine.rules.fills import FillRules, evaluate
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.network.proxy import Flow
from tests.support.rows import opened, session, through_a_proxy, wait_until_blocked

MILLISECOND = timedelta(milliseconds=1)
ONCE = Expectations(repeats_allowed=False)


def test_a_producer_gives_no_fill_up() -> None:
    assert producer_settings({})["message.timeout.ms"] > timedelta(days=20) / MILLISECOND
    # nor does anybody give it less
    assert {"message.timeout.ms", "delivery.timeout.ms"} <= OWN_CLIENT_SETTINGS


def test_fills_of_a_dead_engine_are_published_unless_they_have_arrived(
    around: Surroundings,
) -> None:
    """Some had been acknowledged, but not marked, when it died; others had not been sent."""
    fed = tuple(islice(orders(seed=5), 120))
    with around.engine(FILL_DELAY_MIN="600", FILL_DELAY_MAX="600") as engine:
        wait_until_ready(engine)
        around.send(*fed)
        around.wait_for("fill", 120)
        around.wait_for("outbox", 0)
    with opened(around.dsn) as pool, session(pool) as dead, pool.connection() as connection:
        connection.execute(
            "insert into outbox select execution_id, number, 999999, filled_at from fill "
            "where announced and execution_id % 2 = 0"
        )
        connection.execute("update execution set next_fill_timestamp = now() where is_open")
        claim = dead.claim(1000)
        rules, price, rng = FillRules(delay_min=0, delay_max=0), Decimal("1.5"), Random(1)
        assert dead.store(
            [
                evaluate(e, price=price, now=claim.now, rng=rng, rules=rules)
                for e in claim.executions
            ],
            (),
        )
    left, arrived = around.count("outbox"), around.count("outbox where owner = 999999")
    assert 0 < arrived < left
    with around.engine() as engine:
        around.wait_until_done(fed)
        sample = engine.registry.get_sample_value
        assert sample("fixengine_fills_taken_over_total") == left
        assert sample("fixengine_fills_possibly_repeated_total") == 0
    around.assert_the_ledger_holds(fed, ONCE)


def test_an_engine_whose_sessions_are_killed_repeats_nothing(around: Surroundings) -> None:
    fed = tuple(islice(orders(seed=6), 300))
    kill = (
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    with around.engine() as engine:
        wait_until_ready(engine)
        for start in range(0, 300, 30):
            around.send(*fed[start : start + 30])
            with psycopg.connect(around.dsn, autocommit=True) as connection:
                connection.execute(kill)
        around.wait_until_done(fed)
    around.assert_the_ledger_holds(fed, ONCE)


def test_a_mark_whose_reply_is_lost_is_not_taken_for_a_take_over(
    around: Surroundings, postgres: Postgres, events: list[str]
) -> None:
    fed = tuple(islice(orders(seed=7), 20))
    with (
        through_a_proxy(around.dsn, postgres, around.workspace) as (proxy, dsn),
        around.engine(POSTGRES_DSN=dsn, FILL_DELAY_FIRST="0.5") as engine,
    ):
        wait_until_ready(engine)
        around.send(*fed)
        around.wait_for("execution", 20)
        around.broker.pause()
        try:
            wait_until(lambda: around.count("outbox"), 60, "fills that the broker does not take")
            holder = psycopg.connect(around.dsn)
            holder.execute("lock table outbox in share mode")
        finally:
            around.broker.resume()
        with holder:
            wait_until_blocked(around.dsn, "delete from public.outbox%")
            proxy.set(Flow.MUTE)
            left = around.count("outbox")
        wait_until(lambda: around.count("outbox") < left, 60, "the mark to be made")
        proxy.set(Flow.OPEN)
        around.wait_until_done(fed)
        assert engine.registry.get_sample_value("fixengine_fills_possibly_repeated_total") == 0
    assert "fills were taken over by another engine while they were published here" not in events
    around.assert_the_ledger_holds(fed, ONCE)
