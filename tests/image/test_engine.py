"""The image's engine on a real database and broker, as restricted as a pod; the audit judges."""

import time
from collections.abc import Callable, Iterator

import pytest

from fixengine.demo.audit.report import Expectations, audit
from fixengine.demo.engine import Engine
from fixengine.demo.stack import Stack
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import count, send
from tests.image.docker import docker, inspect, run_command, status_of, working_set_mib
from tests.support.feed.flaws import FLAWS
from tests.support.feed.mixed import mixed_orders

FAST = {"FILL_DELAY_FIRST": "0.01", "FILL_DELAY_MIN": "0.05", "FILL_DELAY_MAX": "1.2"}
REST_AT_MOST_MIB = 70

Measured = Callable[[str], None]
Start = Callable[[str], Engine]
Drain = Callable[[Engine], int | None]


@pytest.fixture
def engine(stack: Stack, measured: Measured) -> Iterator[Start]:
    """Start an engine in a container of this name and wait for its readiness."""
    names = []

    def start(name: str) -> Engine:
        environment = stack.environment(**FAST, LOG_FORMAT="json")
        engine = Engine(
            process=stack.workspace.child(name, run_command(name, environment=environment)),
            http_port=int(environment["HTTP_PORT"]),
            health_port=int(environment["HEALTH_PORT"]),
        )
        names.append(name)
        began = time.monotonic()
        engine.start()
        measured(f"{name}: ready after {time.monotonic() - began:.1f} s")
        return engine

    yield start
    for name in names:
        docker("rm", "--force", name)


@pytest.fixture
def drain(measured: Measured) -> Drain:
    """Stop an engine by SIGTERM and return its exit code; it has 10 s."""

    def drain(engine: Engine) -> int | None:
        began = time.monotonic()
        code = engine.terminate(deadline_seconds=10)
        measured(f"{engine.process.name}: drained in {time.monotonic() - began:.1f} s")
        return code

    return drain


def test_engines_follow_each_other_under_load_and_nothing_is_lost_or_doubled(
    stack: Stack, engine: Start, drain: Drain, measured: Measured
) -> None:
    fed = mixed_orders(seed=7, good=1500, bad=len(FLAWS), duplicates=30)
    first = engine("fixengine-test-first")
    send(stack, fed[:800])
    wait_until(lambda: count(stack, "fill") > 100, 60, "the work to be in full swing")
    send(stack, fed[800:])
    assert drain(first) == 0
    assert count(stack, "outbox") == 0

    second = engine("fixengine-test-second")
    wait_until(lambda: count(stack, "execution where not is_open") == 1500, 90, "all to be filled")
    wait_until(lambda: count(stack, "outbox") == 0, 30, "all fills to be published")
    wait_until(
        lambda: len(read_topic(stack.broker.bootstrap, stack.topics.dlq)) == len(FLAWS),
        30,
        "all bad orders to be buried",
    )
    rest = working_set_mib("fixengine-test-second")
    measured(f"after the load: {rest:.1f} MiB")
    assert rest < REST_AT_MOST_MIB
    assert not inspect("fixengine-test-second")["State"]["OOMKilled"]
    assert drain(second) == 0
    report = audit(
        fed,
        dsn=stack.postgres.dsn,
        bootstrap=stack.broker.bootstrap,
        topics=stack.topics,
        expectations=Expectations(repeats_allowed=False),
    )
    measured(report.summary())
    assert report.ok, "\n".join((report.summary(), *report.problems[:20]))


def test_the_engine_is_its_containers_first_process_and_may_do_nothing(
    engine: Start, drain: Drain, measured: Measured
) -> None:
    name = "fixengine-test-powers"
    running = engine(name)
    status = status_of(name)
    assert status["Name"] == "fixengine"
    assert status["Uid"].split() == ["10001"] * 4
    assert {int(status[kind], 16) for kind in ("CapEff", "CapPrm", "CapBnd", "CapInh")} == {0}
    assert status["NoNewPrivs"] == "1"
    host = inspect(name)["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["Memory"] == 100 * 2**20
    measured(f"idle: {working_set_mib(name):.1f} MiB, resident {status['VmRSS']}")
    assert drain(running) == 0


def test_a_migration_in_a_container_of_its_own(stack: Stack) -> None:
    command = run_command("fixengine-test-migrate", "migrate", environment=stack.environment())
    assert "migrations applied" in docker(*command[1:])
    assert docker(*command[1:]) == "the schema is up to date\n"
