"""Whole engines as processes, on real parts, through deaths and outages; the audit has the say."""

from collections.abc import Iterator

import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.engine import Engine
from fixengine.demo.stack import Stack
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, count, send, wait_until_done
from tests.support.feed.flaws import FLAWS
from tests.support.feed.mixed import mixed_orders
from tests.support.stacks import BrokerKind


@pytest.fixture
def stack(broker_kind: BrokerKind) -> Iterator[Stack]:
    with Stack(servers=broker_kind.servers) as stack:
        yield stack


def test_two_engines_lose_and_double_nothing_when_one_is_killed(stack: Stack) -> None:
    fed = mixed_orders(seed=20260728, good=1000, bad=50, unpriceable=3, duplicates=100)
    stack.start()
    stack.create_topic()
    engines = [stack.engine(name, **FAST) for name in ("victim", "survivor")]
    for engine in engines:
        engine.start(ready_within=None)
    for engine in engines:
        engine.wait_until_ready()
    victim, survivor = engines
    send(stack, fed[:500])
    wait_until(lambda: count(stack, "fill") > 200, 60, "the work to be in full swing")
    send(stack, fed[500:])
    wait_until(lambda: count(stack, "outbox") > 0, 60, "fills to be on their way")
    victim.kill()
    wait_until_done(stack, fed)
    assert survivor.terminate() == 0
    assert audited(stack, fed).counts.repeated_messages == 0


def test_an_engine_that_is_started_first_waits_for_all_the_others(stack: Stack) -> None:
    fed = mixed_orders(seed=1, good=100, bad=len(FLAWS))
    engine = stack.engine(**FAST)
    engine.start(ready_within=None)

    def waits_for(part: str) -> bool:
        return engine.state().get("parts", {}).get(part, {}).get("up") is False

    wait_until(lambda: waits_for("database") and waits_for("broker"), 60, "the engine to answer")
    stack.postgres.start()
    wait_until(lambda: not waits_for("database"), 60, "the database to be found")
    assert not engine.ready
    stack.broker.start()
    engine.wait_until_ready()
    wait_until(
        lambda: "does not exist" in engine.state()["parts"]["consumer"]["said"],
        60,
        "the missing topic to be named",
    )
    stack.create_topic()
    send(stack, fed)
    wait_until(lambda: not engine.state()["parts"]["consumer"]["said"], 60, "the partitions")
    wait_until(
        lambda: len(read_topic(stack.broker.bootstrap, stack.topics.dlq)) == len(FLAWS) - 1,
        60,
        "all bad orders but that of an unknown security to be buried",
    )
    assert count(stack, "execution") == 0
    stack.securities.start()
    wait_until(lambda: count(stack, "execution") == 100, 60, "orders to be stored")
    stack.prices.start()
    wait_until_done(stack, fed)
    assert engine.process.running
    audited(stack, fed, Expectations(repeats_allowed=False))


def test_sigterm_under_load_leaves_nothing_half_done(stack: Stack) -> None:
    """Engines follow each other; every fill is published, and only once."""
    fed = mixed_orders(seed=2, good=800, bad=30, duplicates=30)
    stack.start()
    stack.create_topic()
    first = stack.engine("first", **FAST)
    first.start()
    send(stack, fed[:400])
    wait_until(lambda: count(stack, "fill") > 100, 60, "the work to be in full swing")
    send(stack, fed[400:])
    assert first.terminate(deadline_seconds=10) == 0
    its_time_was_up = "fills are left for another engine" in first.process.log.read_text()
    assert its_time_was_up or count(stack, "outbox") == 0
    second = stack.engine("second", **FAST)
    second.start()
    wait_until_done(stack, fed)
    assert second.terminate(deadline_seconds=10) == 0
    audited(stack, fed, Expectations(repeats_allowed=False))


@pytest.mark.any_broker
def test_sigterm_ends_an_engine_that_waits_for_everything(stack: Stack) -> None:
    engine = stack.engine()
    engine.start(ready_within=None)
    wait_until(lambda: bool(engine.state()), 60, "the engine to answer")
    assert engine.terminate(deadline_seconds=10) == 0


def test_outages_of_all_parts_are_survived_without_a_restart(stack: Stack) -> None:
    fed = mixed_orders(seed=3, good=450, bad=10)
    stack.start()
    stack.create_topic()
    engine = stack.engine(**FAST)
    engine.start()
    send(stack, fed[:150])
    wait_until(lambda: count(stack, "fill") > 50, 60, "the work to be in full swing")
    stack.postgres.crash()
    wait_until(lambda: not engine.ready, 60, "the outage to be noticed")
    status, _ = engine.get("/api/v1/executions")
    assert status == 503
    stack.postgres.start()
    engine.wait_until_ready(60)
    stack.prices.stop()
    send(stack, fed[150:300])
    wait_until(lambda: count(stack, "execution") >= 150, 60, "intake to go on")
    stack.prices.start()
    stack.securities.stop()
    send(stack, fed[300:])
    stack.securities.start()
    wait_until_done(stack, fed)
    restarts = {actor["name"]: actor["restarts"] for actor in engine.state()["actors"]}
    assert not any(restarts.values()), restarts
    assert audited(stack, fed).counts.repeated_messages == 0


@pytest.mark.any_broker
def test_a_database_that_is_gone_is_answered_with_503_in_time(stack: Stack) -> None:
    stack.start()
    engine: Engine = stack.engine()
    engine.start()
    assert engine.get("/api/v1/executions") == (200, [])
    assert engine.get("/api/v1/execution/1")[0] == 404
    stack.postgres.crash()
    status, body = engine.get("/api/v1/execution/1")
    assert status == 503
    assert body["title"]


@pytest.mark.any_broker
def test_an_engine_beyond_help_ends_with_a_clear_last_line(stack: Stack) -> None:
    """A bug is met again after each restart: none can mend that."""
    stack.start()
    engine = stack.engine(program="tests.acceptance.buggy")
    engine.start(ready_within=None)
    assert engine.process.wait(90) == 1
    assert "engine ends, it can't go on" in engine.process.last_words()
    assert "repository failed" in engine.process.last_words()
