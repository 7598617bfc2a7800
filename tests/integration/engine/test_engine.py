"""One engine on real parts: what it does with orders, with crashes and with its neighbours."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import dropwhile, islice

import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from fixengine.actors.filling.limits import FillLimits
from fixengine.demo.audit.report import Expectations
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.neighbours.stub import Mode
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from fixengine.supervision.lifecycle import Crash
from tests.support.engines import Surroundings, part, ref, restarts, total, wait_until_ready
from tests.support.feed.mixed import bad_orders, mixed_orders, unpriceable_orders
from tests.support.rows import one, silenced

ACTORS = (
    "repository",
    "reader-1",
    "reader-2",
    "securities",
    "pricing",
    "dead-letters",
    "publisher",
    "desk",
    "scheduler",
    "intake",
)


def good(number: int, *, seed: int = 1, first_id: int = 1) -> tuple[FedOrder, ...]:
    return tuple(islice(orders(seed=seed, first_id=first_id), number))


def test_orders_of_every_shape_become_fills_and_bad_ones_dead_letters(
    around: Surroundings,
) -> None:
    fed = mixed_orders(seed=5, good=300, bad=40, duplicates=30)
    with around.engine() as engine:
        around.send(*fed)
        around.wait_until_done(fed)
        assert not any(restarts(engine).values())
    around.assert_the_ledger_holds(fed, Expectations(repeats_allowed=False))


def test_the_topics_the_engine_needs_are_made_as_agreed(around: Surroundings) -> None:
    with around.engine() as engine:
        wait_until_ready(engine)
        fed = good(1)
        around.send(*fed)
        around.wait_until_done(fed)
    admin = AdminClient({"bootstrap.servers": around.broker.bootstrap, "log_level": 0})
    made = admin.list_topics(timeout=60).topics
    assert len(made[around.topics.fills].partitions) == 20
    assert len(made[around.topics.dlq].partitions) == 1


def has_restarts(engine: Engine, expected: Mapping[str, int]) -> bool:
    return restarts(engine) == expected


@pytest.mark.parametrize(
    "names",
    [
        ("repository", "reader-1", "securities"),
        ("pricing", "dead-letters", "publisher"),
        ("desk", "scheduler", "intake"),
    ],
    ids="-".join,
)
def test_actors_that_crash_under_load_cost_nothing(
    around: Surroundings, names: tuple[str, ...]
) -> None:
    """One after the other; those that depend on an actor are restarted with it."""
    fed = mixed_orders(seed=6, good=600, bad=24)
    each, sent = len(fed) // len(names), 0
    expected = dict.fromkeys(ACTORS, 0)
    with around.engine() as engine:
        for name in names:
            fills = around.count("fill")
            around.send(*fed[sent : sent + each // 2])
            around.wait_for_more("fill", fills + 20)
            around.send(*fed[sent + each // 2 : sent + each])
            sent += each
            ref(engine, name).tell(Crash(reason="a test"))
            for later in ACTORS[ACTORS.index(name) :]:
                expected[later] += 1
            wait_until(partial(has_restarts, engine, expected), 60, f"{name} to be restarted")
            around.wait_until_done(fed[:sent])
            wait_until_ready(engine)
            assert has_restarts(engine, expected)
    around.assert_the_ledger_holds(fed)


@pytest.mark.any_broker
def test_orders_wait_for_security_service_and_known_ones_go_on(around: Surroundings) -> None:
    known, unknown = good(2, seed=8)
    assert known.expected is not None
    assert unknown.expected is not None
    assert known.expected.security_id != unknown.expected.security_id
    with around.engine() as engine:
        wait_until_ready(engine)
        around.send(known)
        around.wait_for("execution", 1)
        around.securities.mode = Mode.HANG
        more = tuple(
            replace(
                known,
                key=None,
                value=(known.value or b"").replace(b'"id":1,', b'"id":%d,' % number),
                expected=replace(known.expected, execution_service_id=number),
            )
            for number in range(10, 20)
        )
        around.send(unknown, *more)
        around.wait_for("execution", 11, 60)
        around.securities.stop()
        around.securities.mode = Mode.NORMAL
        around.securities.start()
        around.wait_for("execution", 12, 60)
        assert not any(restarts(engine).values())
        around.wait_until_done((known, unknown, *more))
    around.assert_the_ledger_holds((known, unknown, *more))


@pytest.mark.any_broker
@pytest.mark.parametrize("mode", [Mode.ERROR, Mode.HANG])
def test_an_engine_that_gets_no_tickers_for_its_orders_is_unready(
    around: Surroundings, mode: Mode
) -> None:
    fed = good(20)
    around.securities.mode = mode
    with around.engine() as engine:
        wait_until_ready(engine)
        around.send(*fed)
        wait_until(lambda: not part(engine, "storing")["up"], 60, "storing to be down")
        assert "orders wait for their tickers: security-service" in part(engine, "storing")["said"]
        around.securities.stop()
        around.securities.mode = Mode.NORMAL
        around.securities.start()
        wait_until_ready(engine)
        around.wait_until_done(fed)
        assert part(engine, "storing") == {"up": True, "said": ""}


@pytest.mark.any_broker
def test_one_security_without_an_answer_makes_no_engine_unready(around: Surroundings) -> None:
    (order,) = good(1)
    around.securities.mode = Mode.ERROR
    with around.engine() as engine:
        wait_until_ready(engine)
        around.send(order)
        wait_until(lambda: around.securities.calls["security"] > 5, 60, "some tries")
        assert part(engine, "storing") == {"up": True, "said": ""}


@pytest.mark.any_broker
@pytest.mark.parametrize("mode", [Mode.ERROR, Mode.GARBAGE, Mode.HANG])
def test_fills_wait_for_pricing_service(around: Surroundings, mode: Mode) -> None:
    fed = good(30)
    around.prices.mode = mode
    with around.engine() as engine:
        around.send(*fed)
        around.wait_for("execution", 30)
        wait_until(lambda: sum(around.prices.calls.values()) > 1, 60, "a second try")
        assert around.count("fill") == 0
        around.prices.stop()
        around.prices.mode = Mode.NORMAL
        around.prices.start()
        around.wait_until_done(fed)
        assert not any(restarts(engine).values())
    around.assert_the_ledger_holds(fed, Expectations(repeats_allowed=False))


@pytest.mark.any_broker
def test_tickers_without_a_price_starve_nobody_and_are_tried_ever_more_rarely(
    around: Surroundings,
) -> None:
    unpriced = tuple(islice(unpriceable_orders(seed=1, first_id=1000), 30))
    fed = good(100)
    with around.engine(FILL_DELAY_MIN="0.1") as engine:
        around.send(*unpriced)
        around.wait_for("execution", 30)
        around.send(*fed)
        around.wait_for("execution where not is_open", 100, 60)
        calls = sum(around.prices.calls.values())
        wait_until(
            lambda: one(
                around.dsn, "select min(next_fill_timestamp) > now() from execution where is_open"
            ),
            60,
            "all unpriced executions to be put off",
        )
        assert around.count("execution where is_open") == 30
        assert around.count("fill join execution on id = execution_id where is_open") == 0
        assert calls < 2000
        assert not any(restarts(engine).values())
    around.assert_the_ledger_holds((*fed, *unpriced))


@pytest.mark.any_broker
def test_an_order_that_the_database_refuses_is_buried_alone(around: Surroundings) -> None:
    fed = good(40)
    with psycopg.connect(around.dsn) as connection:
        connection.execute(
            "alter table execution add constraint odd check (execution_service_id <> 17)"
        )
    with around.engine() as engine:
        around.send(*fed)
        wait_until(lambda: len(around.letters()) == 1, 60, "the dead letter")
        around.wait_for("execution where not is_open", 39, 60)
        assert not any(restarts(engine).values())
    (letter,) = around.letters()
    assert letter.value == fed[16].value
    assert b"odd" in (dict(letter.headers)["dlq.reason"] or b"")


@pytest.mark.any_broker
def test_a_fill_that_the_database_refuses_is_put_off_and_the_others_go_on(
    around: Surroundings,
) -> None:
    fed = good(60)
    with psycopg.connect(around.dsn) as connection:
        connection.execute("alter table fill add constraint odd check (execution_id <> 17)")
    with around.engine() as engine:
        around.send(*fed)
        around.wait_for("execution where not is_open", 59, 60)
        wait_until(
            lambda: one(
                around.dsn,
                "select next_fill_timestamp > now() + interval '5 minutes' from execution "
                "where id = 17",
            ),
            60,
            "the refused one to be put off",
        )
        assert not any(restarts(engine).values())


def test_empty_fills_are_published_when_asked_for(around: Surroundings) -> None:
    (order,) = good(1)
    assert order.expected is not None
    unfillable = (
        b'{"id":1,"tradeType":"BUY","destination":"ML","quantity":10,"limitPrice":0.01,'
        b'"receivedTimestamp":1785240970,"securityId":"%s"}' % order.expected.security_id.encode()
    )
    with around.engine(PUBLISH_EMPTY_FILLS="true"):
        around.send(replace(order, value=unfillable))
        wait_until(
            lambda: len(read_topic(around.broker.bootstrap, around.topics.fills)) >= 3,
            60,
            "empty fills",
        )
    first = read_topic(around.broker.bootstrap, around.topics.fills)[0]
    assert first.value is not None
    assert b'"quantityFilled":0,' in first.value
    assert b"averagePrice" not in first.value


@pytest.mark.any_broker
def test_a_seed_repeats_the_draws_whatever_the_batches(around: Surroundings) -> None:
    """The same orders, all at once to one engine or one by one to two, fill by fill."""
    fed = tuple(order for order in good(30, seed=9) if b'"limitPrice":null' in (order.value or b""))

    def quantities() -> list[tuple[int, int, Decimal]]:
        with psycopg.connect(around.dsn) as connection:
            return connection.execute(
                "select execution_service_id, number, quantity from fill "
                "join execution on id = execution_id order by 1, 2"
            ).fetchall()

    with around.engine(FILL_SEED="seven"):
        around.send(*fed)
        around.wait_until_done(fed)
    at_once = quantities()
    with psycopg.connect(around.dsn) as connection:
        connection.execute("truncate execution, fill, outbox restart identity")
    with (
        around.engine("one", FILL_SEED="seven", ORDER_INTAKE_SLEEP="5ms"),
        around.engine("two", FILL_SEED="seven"),
    ):
        for order in reversed(fed):
            around.send(order)
        around.wait_until_done(fed)
    assert quantities() == at_once


def test_each_record_counts_once_when_its_fate_is_final(around: Surroundings) -> None:
    fed = mixed_orders(seed=12, good=50, bad=5, duplicates=7)
    with around.engine() as engine:
        around.send(*fed)
        around.wait_until_done(fed)
        expected = {
            "kafka_consumer_messages_processed_total": 57,
            "kafka_consumer_messages_failed_total": 5,
            "kafka_consumer_processing_duration_seconds_count": 62,
            "kafka_consumer_message_latency_seconds_count": 62,
            "fixengine_dead_letters_total": 5,
        }

        def all_count_once() -> bool:
            # a rebalance may bring a record again
            again = total(engine, "kafka_consumer_records_polled_total") - len(fed)
            return all(
                0 <= total(engine, name) - number <= again for name, number in expected.items()
            )

        # what a broker or a database has counts a moment later, when the engine knows of it
        wait_until(all_count_once, 60, f"each record to count once: {expected}")
        fills = {
            "fixengine_fills_total": around.count("fill"),
            "fixengine_fills_published_total": around.count("fill where announced"),
        }
        wait_until(
            lambda: {name: total(engine, name) for name in fills} == fills, 60, f"{fills} fills"
        )


@pytest.mark.any_broker
def test_a_demoted_database_makes_the_engine_unready(around: Surroundings) -> None:
    with around.engine() as engine:
        wait_until_ready(engine)
        with psycopg.connect(around.dsn, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(
                f"alter database {name} set default_transaction_read_only = on".encode()
            )
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        wait_until(lambda: not part(engine, "database")["up"], 60, "the demotion to be noticed")
        with psycopg.connect(
            around.dsn, autocommit=True, options="-c default_transaction_read_only=off"
        ) as connection:
            connection.execute(f"alter database {name} reset all".encode())
        wait_until_ready(engine, 60)
        fed = good(5)
        around.send(*fed)
        around.wait_until_done(fed)
        assert not any(restarts(engine).values())


@pytest.mark.any_broker
def test_a_session_that_breaks_under_a_claim_is_no_outage(
    around: Surroundings, events: list[str]
) -> None:
    kill = (
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and state = 'idle in transaction'"
    )
    fed = good(20)
    around.prices.latency_seconds = 0.1
    with around.engine() as engine:
        wait_until_ready(engine)
        events.clear()
        around.send(*fed)
        with psycopg.connect(around.dsn, autocommit=True) as connection:
            for _ in range(3):
                wait_until(lambda: connection.execute(kill).rowcount, 60, "a claim to break")
        around.wait_until_done(fed)
        assert not any(restarts(engine).values())
    assert "filling waits" in events
    assert "part is down, waiting for it" not in events
    around.assert_the_ledger_holds(fed, Expectations(repeats_allowed=False))


def test_flaws_of_every_kind_are_buried_byte_for_byte(around: Surroundings) -> None:
    fed = tuple(islice(bad_orders(seed=3), 60))
    with around.engine():
        around.send(*fed)
        wait_until(lambda: len(around.letters()) == 60, 60, "60 dead letters")
    around.assert_the_ledger_holds(fed, Expectations(repeats_allowed=False))


@pytest.mark.any_broker
def test_a_database_that_freezes_is_an_outage_and_no_hang(
    around: Surroundings, postgres: Postgres
) -> None:
    """Its sessions answer nothing, nor does who takes new ones."""
    fed = good(5)
    with around.engine(hung_after=30) as engine:
        wait_until_ready(engine)
        with silenced(around.dsn, postgres):
            postgres.pause()
            try:
                around.send(*fed)
                wait_until(lambda: not part(engine, "database")["up"], 60, "the outage")
                wait_until(lambda: not part(engine, "storing")["up"], 60, "storing to be held up")
                assert "not available" in part(engine, "database")["said"]
                assert engine.health.live().ok
            finally:
                postgres.resume()
        around.wait_until_done(fed)
        wait_until_ready(engine)
        assert not any(restarts(engine).values())


@pytest.mark.any_broker
def test_a_newer_schema_is_waited_for_and_named(around: Surroundings) -> None:
    with psycopg.connect(around.dsn) as connection:
        connection.execute("insert into fixengine_schema (version, name) values (999, 'future')")
    fed = good(1)
    with around.engine() as engine:
        around.send(*fed)
        wait_until(lambda: "999" in part(engine, "schema")["said"], 60, "the refusal")
        assert not engine.health.ready().ok
        assert not any(restarts(engine).values())
    assert around.count("execution") == 0


def test_an_outage_is_one_line_at_its_start_and_one_at_its_end(
    around: Surroundings, events: list[str]
) -> None:
    with around.engine() as engine:
        wait_until_ready(engine)
        events.clear()
        around.broker.pause()
        try:
            wait_until(lambda: not part(engine, "broker")["up"], 60, "the outage to be noticed")
        finally:
            around.broker.resume()
        wait_until_ready(engine)
        # the group may have missed it meanwhile; it stops when it has its place again
        wait_until(lambda: not part(engine, "consumer")["said"], 60, "its partitions")
    told = [event for event in events if event.startswith("part is")]
    # the lines of its start may come a little after it is ready
    told = [*dropwhile("part is up".__eq__, told)]
    assert told == ["part is down, waiting for it", "part is up"]


def test_what_falls_due_before_its_last_fill_has_arrived_waits_for_no_look(
    around: Surroundings,
) -> None:
    """Each of its evaluations would else wait for the next look that is due anyway."""
    fed = good(150, seed=3)
    around.filling = FillLimits(longest_sleep=600)
    with around.engine(FILL_DELAY_MIN="0", FILL_DELAY_MAX="0.02", FILL_SEED="3") as engine:
        wait_until_ready(engine)
        around.send(*fed)
        around.wait_until_done(fed)
    assert around.count("fill") > 2 * len(fed)
    around.assert_the_ledger_holds(fed, Expectations(repeats_allowed=False))
