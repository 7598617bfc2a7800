from dataclasses import dataclass, field

import pytest
from loguru import logger
from prometheus_client import CollectorRegistry, Gauge

from fixengine.ports.tree import ActorState
from fixengine.telemetry.health import ENGINE_NEEDS, GATEWAY_NEEDS, HELD_UP_AFTER, Health, Part

ENGINES = (*ENGINE_NEEDS.reached, *ENGINE_NEEDS.held_up)


@dataclass(kw_only=True)
class State:
    name: str
    state: str = "running"
    restarts: int = 0
    mailbox_depth: int = 0
    busy_for: float | None = None
    last_error: str | None = None


@dataclass
class Trees:
    states: list[State] = field(default_factory=lambda: [State(name="a"), State(name="b")])

    def snapshot(self) -> list[ActorState]:
        return list(self.states)

    def hung(self, limit: float) -> list[str]:
        return [state.name for state in self.states if (state.busy_for or 0) > limit]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def tree() -> Trees:
    return Trees()


@pytest.fixture
def health(registry: CollectorRegistry, tree: Trees) -> Health:
    return Health(gauge=Gauge("up", "up", ("part",), registry=registry), tree=tree, hung_after=5)


def all_up(health: Health) -> None:
    for part in ENGINES:
        health.up(part)


def test_nothing_is_ready_before_it_was_reached(health: Health) -> None:
    assert not health.ready().ok
    all_up(health)
    assert health.ready().ok


@pytest.mark.parametrize("part", ENGINES)
def test_one_part_that_is_down_is_enough_and_says_why(
    health: Health, registry: CollectorRegistry, part: Part
) -> None:
    all_up(health)
    health.down(part, "the cable is cut")
    verdict = health.ready()
    assert not verdict.ok
    assert "the cable is cut" in str(verdict.body)
    assert registry.get_sample_value("up", {"part": part}) == 0
    health.up(part)
    assert health.ready().ok
    assert registry.get_sample_value("up", {"part": part}) == 1


def test_each_process_has_the_parts_that_it_needs(tree: Trees, registry: CollectorRegistry) -> None:
    gauge = Gauge("up", "up", ("part",), registry=registry)
    health = Health(gauge=gauge, tree=tree, needs=GATEWAY_NEEDS)
    for part in (Part.DATABASE, Part.SCHEMA):
        health.up(part)
    assert not health.ready().ok
    health.up(Part.SYMBOLS)
    verdict = health.ready()
    assert verdict.ok
    parts = verdict.body["parts"]
    assert isinstance(parts, dict)
    assert [*parts] == ["database", "schema", "symbols"]
    assert registry.get_sample_value("up", {"part": "broker"}) is None


def test_a_part_has_one_name_on_all_doors(health: Health, registry: CollectorRegistry) -> None:
    lines = list[str]()
    sink = logger.add(lambda line: lines.append(str(line).strip()), format="{extra[part]!r}")
    try:
        health.down(Part.DEAD_LETTERS, "the cable is cut")
    finally:
        logger.remove(sink)
    assert lines == ["'dead_letters'"]
    assert "'dead_letters': {'up': False" in repr(health.ready().body)
    assert registry.get_sample_value("up", {"part": "dead_letters"}) == 0


def test_a_note_does_not_make_it_unready(health: Health) -> None:
    all_up(health)
    health.up(Part.CONSUMER, "no partitions are assigned")
    verdict = health.ready()
    assert verdict.ok
    assert "no partitions are assigned" in str(verdict.body)


def test_an_actor_that_does_not_run_makes_it_unready(health: Health, tree: Trees) -> None:
    all_up(health)
    tree.states[1].state = "waiting"
    assert not health.ready().ok


def test_a_draining_engine_is_unready_but_alive(health: Health) -> None:
    all_up(health)
    health.drain()
    assert not health.ready().ok
    assert health.live().ok


def test_a_hung_actor_is_named(health: Health, tree: Trees) -> None:
    tree.states[0].busy_for = 4.9
    assert health.live().ok
    tree.states[0].busy_for = 5.1
    assert not health.live().ok
    assert health.live().body["hung"] == ["a"]


def test_an_outage_is_told_once_and_its_end_once(health: Health, events: list[str]) -> None:
    all_up(health)
    events.clear()
    for _ in range(3):
        health.down(Part.BROKER, "away")
    for _ in range(3):
        health.up(Part.BROKER)
    assert events == ["part is down, waiting for it", "part is up"]


def test_work_that_waits_counts_as_down_after_a_while_and_no_sooner(
    registry: CollectorRegistry, tree: Trees
) -> None:
    now = 100.0
    gauge = Gauge("up", "up", ("part",), registry=registry)
    health = Health(gauge=gauge, tree=tree, clock=lambda: now)
    all_up(health)
    health.waits(Part.STORING, "the database is not available")
    assert health.ready().ok
    now += HELD_UP_AFTER
    health.waits(Part.STORING, "the database is still not available")
    assert not health.ready().ok
    assert "the database is still not available" in str(health.ready().body)
    assert registry.get_sample_value("up", {"part": "storing"}) == 0
    health.up(Part.STORING)
    assert health.ready().ok
    assert registry.get_sample_value("up", {"part": "storing"}) == 1


def test_what_is_up_for_a_while_has_to_be_said_again(
    registry: CollectorRegistry, tree: Trees
) -> None:
    now = 100.0
    gauge = Gauge("up", "up", ("part",), registry=registry)
    health = Health(gauge=gauge, tree=tree, clock=lambda: now)
    all_up(health)
    for _ in range(3):
        health.up(Part.CONSUMER, lasts=20)
        now += 19
        assert health.ready().ok
    now += 1
    assert not health.ready().ok
    assert "nothing was heard of it" in str(health.ready().body)
    health.up(Part.CONSUMER, lasts=20)
    assert health.ready().ok
