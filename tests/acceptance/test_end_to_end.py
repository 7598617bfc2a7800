"""Whole engines as processes, on real parts, through deaths and outages; the audit has the say."""

import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.engine import Engine
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, count, send, wait_for_more, wait_until_done
from tests.support.feed.flaws import FLAWS
from tests.support.feed.mixed import mixed_orders
from tests.support.kafka.letters import read_letters


def test_two_engines_lose_and_double_nothing_when_one_is_killed(bare_stack: Stack) -> None:
    fed = mixed_orders(seed=20260728, good=1000, bad=50, unpriceable=3, duplicates=100)
    bare_stack.start()
    bare_stack.create_topic()
    engines = [bare_stack.engine(name, **FAST) for name in ("victim", "survivor")]
    for engine in engines:
        engine.start(ready_within=None)
    for engine in engines:
        engine.wait_until_ready()
    victim, survivor = engines
    send(bare_stack, fed[:500])
    wait_for_more(bare_stack, "fill", 200)
    send(bare_stack, fed[500:])
    wait_for_more(bare_stack, "outbox", 0)
    victim.kill()
    wait_until_done(bare_stack, fed)
    assert survivor.terminate() == 0
    assert audited(bare_stack, fed).counts.repeated_messages == 0


def test_an_engine_that_is_started_first_waits_for_all_the_others(bare_stack: Stack) -> None:
    fed = mixed_orders(seed=1, good=100, bad=len(FLAWS))
    engine = bare_stack.engine(**FAST)
    engine.start(ready_within=None)

    def waits_for(part: str) -> bool:
        return engine.state().get("parts", {}).get(part, {}).get("up") is False

    wait_until(lambda: waits_for("database") and waits_for("broker"), 60, "the engine to answer")
    bare_stack.postgres.start()
    wait_until(lambda: not waits_for("database"), 60, "the database to be found")
    assert not engine.ready
    bare_stack.broker.start()
    engine.wait_until_ready()
    wait_until(
        lambda: "does not exist" in engine.state()["parts"]["consumer"]["said"],
        60,
        "the missing topic to be named",
    )
    bare_stack.create_topic()
    send(bare_stack, fed)
    wait_until(lambda: not engine.state()["parts"]["consumer"]["said"], 60, "the partitions")
    wait_until(
        lambda: (
            len(read_letters(bare_stack.broker.bootstrap, bare_stack.topics.dlq)) >= len(FLAWS) - 1
        ),
        60,
        "all bad orders but that of an unknown security to be buried",
    )
    assert count(bare_stack, "execution") == 0
    bare_stack.securities.start()
    wait_until(lambda: count(bare_stack, "execution") == 100, 60, "orders to be stored")
    bare_stack.prices.start()
    wait_until_done(bare_stack, fed)
    assert engine.process.running
    audited(bare_stack, fed, Expectations(repeats_allowed=False))


def test_sigterm_under_load_leaves_nothing_half_done(bare_stack: Stack) -> None:
    """Engines follow each other; every fill is published, and only once."""
    fed = mixed_orders(seed=2, good=800, bad=30, duplicates=30)
    bare_stack.start()
    bare_stack.create_topic()
    first = bare_stack.engine("first", **FAST)
    first.start()
    send(bare_stack, fed[:400])
    wait_for_more(bare_stack, "fill", 100)
    send(bare_stack, fed[400:])
    assert first.terminate(deadline_seconds=10) == 0
    its_time_was_up = "fills are left for another engine" in first.process.log.read_text()
    assert its_time_was_up or count(bare_stack, "outbox") == 0
    second = bare_stack.engine("second", **FAST)
    second.start()
    wait_until_done(bare_stack, fed)
    assert second.terminate(deadline_seconds=10) == 0
    audited(bare_stack, fed, Expectations(repeats_allowed=False))


@pytest.mark.any_broker
def test_sigterm_ends_an_engine_that_waits_for_everything(bare_stack: Stack) -> None:
    engine = bare_stack.engine()
    engine.start(ready_within=None)
    wait_until(lambda: bool(engine.state()), 60, "the engine to answer")
    assert engine.terminate(deadline_seconds=10) == 0


def test_outages_of_all_parts_are_survived_without_a_restart(bare_stack: Stack) -> None:
    fed = mixed_orders(seed=3, good=450, bad=10)
    bare_stack.start()
    bare_stack.create_topic()
    engine = bare_stack.engine(**FAST)
    engine.start()
    send(bare_stack, fed[:150])
    wait_for_more(bare_stack, "fill", 50)
    bare_stack.postgres.crash()
    wait_until(lambda: not engine.ready, 60, "the outage to be noticed")
    status, _ = engine.get("/api/v1/executions")
    assert status == 503
    bare_stack.postgres.start()
    engine.wait_until_ready(60)
    bare_stack.prices.stop()
    send(bare_stack, fed[150:300])
    wait_until(lambda: count(bare_stack, "execution") >= 150, 60, "intake to go on")
    bare_stack.prices.start()
    bare_stack.securities.stop()
    send(bare_stack, fed[300:])
    bare_stack.securities.start()
    wait_until_done(bare_stack, fed)
    restarts = {actor["name"]: actor["restarts"] for actor in engine.state()["actors"]}
    assert not any(restarts.values()), restarts
    assert audited(bare_stack, fed).counts.repeated_messages == 0


@pytest.mark.any_broker
def test_a_database_that_is_gone_is_answered_with_503_in_time(bare_stack: Stack) -> None:
    bare_stack.start()
    engine: Engine = bare_stack.engine()
    engine.start()
    assert engine.get("/api/v1/executions") == (200, [])
    assert engine.get("/api/v1/execution/1")[0] == 404
    bare_stack.postgres.crash()
    status, body = engine.get("/api/v1/execution/1")
    assert status == 503
    assert body["title"]


@pytest.mark.any_broker
def test_an_engine_beyond_help_ends_with_a_clear_last_line(bare_stack: Stack) -> None:
    """A bug is met again after each restart: none can mend that."""
    bare_stack.start()
    engine = bare_stack.engine(program="tests.acceptance.buggy")
    engine.start(ready_within=None)
    assert engine.process.wait(90) == 1
    assert "engine ends, it can't go on" in engine.process.last_words()
    assert "repository failed" in engine.process.last_words()
