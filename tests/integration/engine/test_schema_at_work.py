"""What somebody changes in the database under a running engine: nothing is buried for it."""

from itertools import islice

import psycopg
import pytest

from fixengine.actors.storage.limits import StorageLimits
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from tests.support.engines import (
    ATTENTIVE,
    Surroundings,
    busy_for,
    part,
    restarts,
    wait_until_ready,
)
from tests.support.go_service import recreate
from tests.support.rows import change, one, refusing

pytestmark = pytest.mark.any_broker

MENDED = "the schema was not as it should be, and is mended"

# each look at the schema tries to store an order with a number above all others
COUNTING_TRIALS = (
    "create sequence trials",
    (
        "create function tried() returns trigger language plpgsql as "
        "$$ begin perform nextval('trials'); return new; end $$"
    ),
    (
        "create trigger tried before insert on execution for each row "
        "when (new.execution_service_id > 2000000000) execute function tried()"
    ),
)


@pytest.fixture
def storage() -> StorageLimits:
    """Have engines look at their schema more often."""
    return ATTENTIVE


def fed(count: int, seed: int) -> tuple[FedOrder, ...]:
    return tuple(islice(orders(seed=seed), count))


def wait_until_said(engine: Engine, name: str, words: str) -> None:
    """Wait until readiness says these words of a part that is down."""
    wait_until(
        lambda: not part(engine, name)["up"] and words in part(engine, name)["said"],
        60,
        f"{name} to be down: {words}",
    )


def wait_until_filled(around: Surroundings, sent: tuple[FedOrder, ...]) -> None:
    """Wait until each order is full, and none a dead letter."""
    around.wait_until_done(sent)
    assert around.letters() == ()


def assert_well(engine: Engine) -> None:
    wait_until_ready(engine)
    assert not any(restarts(engine).values())


@pytest.mark.parametrize(
    ("harm", "remedy", "undo"),
    [
        (
            "alter table execution add desk text not null",
            "alter column desk set default",
            "alter table execution drop column desk",
        ),
        (
            (
                "create table listed (ticker text primary key);"
                "alter table execution add constraint odd foreign key (ticker) references listed"
            ),
            "drop foreign key odd of execution",
            "alter table execution drop constraint odd",
        ),
        (
            "select setval('execution_id_seq', 2147483647)",
            "no numbers are left",
            "select setval('execution_id_seq', 1000)",
        ),
        (
            refusing("insert on execution", "not on my desk"),
            "a sound one is refused, too",
            "drop trigger odd on execution",
        ),
        (
            refusing("insert on fill", "not on my desk"),
            "a sound one is refused, too",
            "drop trigger odd on fill",
        ),
    ],
    ids=["extra column", "foreign key", "no numbers", "refused orders", "refused fills"],
)
def test_what_is_the_schemas_fault_is_waited_for(
    around: Surroundings, harm: str, remedy: str, undo: str
) -> None:
    sent = fed(20, seed=7)
    with around.engine() as engine:
        wait_until_ready(engine)
        change(around.dsn, harm)
        around.send(*sent)
        wait_until_said(engine, "schema", remedy)
        change(around.dsn, undo)
        wait_until_filled(around, sent)
        assert_well(engine)
    around.assert_the_ledger_holds(sent)


def test_a_trigger_that_raises_for_one_order_concerns_that_one_alone(around: Surroundings) -> None:
    *good, bad = fed(20, seed=8)
    assert bad.expected is not None
    number = bad.expected.execution_service_id
    change(
        around.dsn,
        refusing(
            "insert on execution", "not on my desk", when=f"new.execution_service_id = {number}"
        ),
    )
    with around.engine() as engine:
        wait_until_ready(engine)
        around.send(*good[:6], bad, *good[6:])
        wait_until(lambda: len(around.letters()) == 1, 60, "the dead letter")
        around.wait_for("execution where not is_open", 19, 60)
        assert_well(engine)
    (letter,) = around.letters()
    reason = dict(letter.headers)["dlq.reason"]
    assert reason is not None
    assert b"not on my desk" in reason


def test_what_a_rule_of_its_own_forbids_is_told_from_what_it_took_before(
    around: Surroundings,
) -> None:
    forbidden, *others = priced_listings()
    assert forbidden.ticker == "A"  # as that of the order that is tried out
    good = tuple(islice(orders(seed=21, listings=others), 20))
    bad = tuple(islice(orders(seed=21, listings=[forbidden], first_id=100), 5))
    change(around.dsn, "alter table execution add check (ticker <> 'A')")
    with around.engine() as engine:
        around.send(*good[:10])
        around.wait_for("execution where not is_open", 10, 60)
        around.send(*bad, *good[10:])
        around.wait_for("execution where not is_open", 20, 60)
        wait_until(lambda: len(around.letters()) == 5, 60, "the dead letters")
        assert_well(engine)


def test_many_refused_orders_cost_the_others_no_more_than_a_few_looks_at_the_schema(
    around: Surroundings,
) -> None:
    first, forbidden, *_ = priced_listings()
    good = tuple(islice(orders(seed=23, listings=[first]), 500))
    bad = tuple(islice(orders(seed=23, listings=[forbidden], first_id=10_000), 500))
    change(
        around.dsn,
        *COUNTING_TRIALS,
        f"alter table execution add check (ticker <> '{forbidden.ticker}')",
    )
    with around.engine() as engine:
        wait_until_ready(engine)
        around.send(*(each for pair in zip(bad, good, strict=True) for each in pair))
        around.wait_for("execution where not is_open", 500, 60)
        wait_until(lambda: len(around.letters()) == 500, 60, "the dead letters")
        assert_well(engine)
    assert 1 <= one(around.dsn, "select last_value from trials") <= 50


def test_an_execution_that_may_not_be_changed_stops_no_other(around: Surroundings) -> None:
    sent = fed(20, seed=14)
    assert sent[0].expected is not None
    number = sent[0].expected.execution_service_id
    change(
        around.dsn,
        refusing(
            "update on execution", "not this one", when=f"old.execution_service_id = {number}"
        ),
    )
    with around.engine() as engine:
        around.send(*sent)
        around.wait_for("execution where not is_open", 19, 60)
        assert_well(engine)
    assert one(around.dsn, f"select is_open from execution where execution_service_id = {number}")


def test_many_executions_that_may_not_be_changed_hold_up_no_other(around: Surroundings) -> None:
    first, forbidden, *_ = priced_listings()
    good = tuple(islice(orders(seed=25, listings=[first]), 500))
    bad = tuple(islice(orders(seed=25, listings=[forbidden], first_id=10_000), 500))
    change(
        around.dsn,
        *COUNTING_TRIALS,
        refusing("update on execution", "not these", when=f"old.ticker = '{forbidden.ticker}'"),
    )
    with around.engine() as engine:
        wait_until_ready(engine)
        around.send(*(each for pair in zip(bad, good, strict=True) for each in pair))
        around.wait_for("execution where not is_open", 500, 60)
        assert_well(engine)
    assert one(around.dsn, "select count(*) from execution where is_open") == 500
    assert 1 <= one(around.dsn, "select last_value from trials") <= 50


def test_sequences_behind_their_rows_bury_nothing(around: Surroundings, events: list[str]) -> None:
    first, second = fed(100, seed=9)[:50], fed(100, seed=9)[50:]
    with around.engine() as engine:
        around.send(*first)
        around.wait_for("execution", 50)
        change(around.dsn, "select setval('execution_id_seq', 1), setval('engine_number', 1)")
        around.send(*second)
        wait_until_filled(around, (*first, *second))
        assert_well(engine)
    assert events.count(MENDED) == 1
    around.assert_the_ledger_holds((*first, *second))


def test_a_sequence_set_far_ahead_holds_nobody_up(around: Surroundings) -> None:
    sent = fed(20, seed=10)
    with around.engine() as engine:
        wait_until_ready(engine)
        change(around.dsn, "select setval('execution_id_seq', 1000500000)")
        around.send(*sent)
        wait_until_filled(around, sent)
        assert_well(engine)
    assert around.count("pg_inherits where inhparent = 'fill'::regclass") == 3


@pytest.mark.parametrize(
    "tables", ["execution", "execution, fill, change, expiry, outbox, execution_trace"]
)
def test_a_table_that_is_emptied_is_filled_anew(around: Surroundings, tables: str) -> None:
    first, second = fed(60, seed=11)[:30], fed(60, seed=11)[30:]
    with around.engine() as engine:
        around.send(*first)
        wait_until_filled(around, first)
        change(around.dsn, f"truncate {tables} restart identity")
        around.send(*second)
        wait_until_filled(around, second)
        assert_well(engine)


def test_an_index_that_takes_long_to_make_is_no_hang_and_takes_no_further_connection(
    around: Surroundings, events: list[str]
) -> None:
    with around.engine("indexer") as engine:
        wait_until_ready(engine)
        connections = around.count("pg_stat_activity where application_name = 'indexer'")
        change(around.dsn, "drop index execution_open_ndx")
        with psycopg.connect(around.dsn) as another:
            another.execute("lock table execution in row exclusive mode")
            wait_until(lambda: busy_for(engine, "repository") > 1, 60, "a long mend")
            assert "repository" not in engine.tree.hung(1)
            assert (
                around.count("pg_stat_activity where application_name = 'indexer'") == connections
            )
            assert "it is being mended since" in part(engine, "schema")["said"]
            wait_until_said(engine, "schema", "another session holds a lock")
            sent = fed(5, seed=24)
            around.send(*sent)
            wait_until_filled(around, sent)  # between one try and the next
        wait_until(lambda: MENDED in events, 60, "the mend")
        assert_well(engine)


def test_the_go_services_script_under_a_running_engine(
    around: Surroundings, events: list[str]
) -> None:
    first, second = fed(60, seed=12)[:30], fed(60, seed=12)[30:]
    with around.engine() as engine:
        around.send(*first)
        wait_until_filled(around, first)
        recreate(around.dsn)
        around.send(*second)
        wait_until_filled(around, second)
        wait_until(lambda: MENDED in events, 60, "the schema to be mended")
        assert_well(engine)
    triggers = "select count(*) from pg_trigger where tgname like 'execution%'"
    assert one(around.dsn, triggers) == 3


def test_the_go_services_script_before_a_restart(around: Surroundings, events: list[str]) -> None:
    first, second = fed(60, seed=13)[:30], fed(60, seed=13)[30:]
    with around.engine("first"):
        around.send(*first)
        wait_until_filled(around, first)
    recreate(around.dsn)
    with around.engine("second") as engine:
        around.send(*second)
        wait_until_filled(around, second)
        assert_well(engine)
    assert events.count(MENDED) == 1


def test_what_nothing_contradicts_is_noticed_too(around: Surroundings, events: list[str]) -> None:
    with around.engine() as engine:
        wait_until_ready(engine)
        change(around.dsn, "alter table execution disable trigger execution_blind_update")
        wait_until(lambda: MENDED in events, 60, "the trigger to be enabled")
        assert_well(engine)
