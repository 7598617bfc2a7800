"""The faults: each goes on for a while against engines that have work in hand, and ends."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from random import Random

import psycopg

from fixengine.demo.engine import Engine
from fixengine.demo.neighbours.stub import Mode, Stub
from fixengine.demo.waiting import wait_until
from tests.chaos.field import Field
from tests.chaos.gateways import GATEWAY_FAULTS
from tests.support.network.proxy import Flow, Proxy

FREEZE_SECONDS = 32.0
"""Longer than the group's session, PostgreSQL's idle limits and the others' wait for it."""

Fault = Callable[[Field, Random], None]


def kill_engines(field: Field, rng: Random) -> None:
    """Kill -9, and start again at once, as a node that runs out of memory would."""
    for _ in range(4):
        victim = rng.choice(field.engines)
        field.burst()
        field.hit()
        victim.kill()
        time.sleep(rng.uniform(0.1, 1.0))
        victim.start(ready_within=None)


def freeze_an_engine(field: Field, rng: Random) -> None:
    """SIGSTOP until everybody takes it for dead, then SIGCONT: it must not act on what it knew."""
    victim = rng.choice(field.engines)
    field.burst()
    field.hit()
    victim.process.pause()
    time.sleep(FREEZE_SECONDS)
    victim.process.resume()


def restart_engines(field: Field, rng: Random) -> None:
    """SIGTERM under load, one after the other; each must drain and exit 0 in time."""
    for engine in rng.sample(field.engines, len(field.engines)):
        field.burst()
        field.hit()
        code = engine.terminate(deadline_seconds=10)
        assert code == 0, f"an engine drained with exit code {code}"
        engine.start()


def storm_of_rebalances(field: Field, rng: Random) -> None:
    """Engines join and leave every two seconds."""
    for _ in range(4):
        guest = field.engine()
        field.engines.append(guest)
        field.burst(300)
        field.hit()
        guest.start()
        time.sleep(2)
        leaver = field.engines.pop(0)
        assert leaver.terminate(deadline_seconds=10) == 0
        leaver.close()


def crash_the_database(field: Field, rng: Random) -> None:
    """PostgreSQL's immediate stop, and a start soon after."""
    for _ in range(2):
        field.burst()
        field.hit()
        field.ground.postgres.crash()
        time.sleep(rng.uniform(0.5, 3))
        field.ground.postgres.start()
        time.sleep(2)


def kill_backends(field: Field, rng: Random) -> None:
    """All sessions of the engines, twice a second."""
    for number in range(20):
        if number % 5 == 0:
            field.burst(400)
        field.hit()
        _kill_sessions(field)
        time.sleep(0.5)


def use_up_connections(field: Field, rng: Random) -> None:
    """Others take every connection the server has."""
    field.burst()
    field.hit()
    with ExitStack() as others:
        _kill_sessions(field)
        until = time.monotonic() + 8
        while time.monotonic() < until:
            try:
                others.enter_context(psycopg.connect(field.ground.postgres.dsn, connect_timeout=2))
            except psycopg.OperationalError:
                time.sleep(0.05)


def pin_the_horizon(field: Field, rng: Random) -> None:
    """A session with an old snapshot keeps dead rows from being removed."""
    with psycopg.connect(field.dsn) as pinning:
        pinning.execute("set transaction isolation level repeatable read")
        pinning.execute("select count(*) from execution")
        for _ in range(5):
            field.burst(400)
            field.hit()
            time.sleep(2)
        pinning.rollback()


def kill_the_broker(field: Field, rng: Random) -> None:
    """Kill -9, and a start soon after."""
    field.burst()
    field.hit()
    field.ground.broker.kill()
    time.sleep(rng.uniform(0.5, 4))
    field.ground.broker.start()


def starve_the_broker(field: Field, rng: Random) -> None:
    """It stands still for longer than requests may take, and then its replies do not come."""
    broker, proxy = field.ground.broker, field.ground.to_broker
    field.burst(400)
    field.hit()
    broker.pause()
    time.sleep(rng.uniform(9, 12))
    broker.resume()
    time.sleep(rng.uniform(0.5, 2))
    for _ in range(2):
        field.burst(300)
        field.hit()
        proxy.set(Flow.MUTE)
        time.sleep(rng.uniform(8, 10))
        proxy.set(Flow.OPEN)
        time.sleep(2)


def cut_the_network(field: Field, rng: Random) -> None:
    """Connections to database and broker break, and new ones too, for some seconds."""
    _for_both(field, Flow.CUT, seconds=4)


def silence_the_network(field: Field, rng: Random) -> None:
    """Connections stay open, and nothing comes through."""
    _for_both(field, Flow.SILENT, seconds=9)


def slow_the_network(field: Field, rng: Random) -> None:
    """Everything takes two seconds longer, each way."""
    _for_both(field, Flow.OPEN, seconds=10, latency_seconds=2)


def lose_replies_of_the_database(field: Field, rng: Random) -> None:
    """Statements, commits among them, are carried out, and nobody is told; then it is cut."""
    for _ in range(8):
        _lose_replies(field, field.ground.to_postgres, seconds=rng.uniform(0.02, 0.3))
        time.sleep(0.7)


def lose_replies_of_the_broker(field: Field, rng: Random) -> None:
    """Messages arrive and are not acknowledged; then it is cut."""
    for _ in range(6):
        _lose_replies(field, field.ground.to_broker, seconds=rng.uniform(0.02, 0.5))
        time.sleep(1)


def trouble_with_securities(field: Field, rng: Random) -> None:
    """Security-service answers 500, hangs, drips, sends garbage, and is gone."""
    _misbehave(field, field.ground.securities, rng)


def trouble_with_prices(field: Field, rng: Random) -> None:
    """Pricing-service answers 500, hangs, drips, sends garbage, and is gone."""
    _misbehave(field, field.ground.prices, rng)


FAULTS: Mapping[str, Fault] = {
    "kill -9": kill_engines,
    "freeze": freeze_an_engine,
    "sigterm": restart_engines,
    "rebalance-storm": storm_of_rebalances,
    "postgres-crash": crash_the_database,
    "backend-kills": kill_backends,
    "no-connections": use_up_connections,
    "pinned-xmin": pin_the_horizon,
    "broker-kill": kill_the_broker,
    "starved-broker": starve_the_broker,
    "network-cut": cut_the_network,
    "network-silent": silence_the_network,
    "network-slow": slow_the_network,
    "lost-replies-postgres": lose_replies_of_the_database,
    "lost-replies-kafka": lose_replies_of_the_broker,
    "security-service": trouble_with_securities,
    "pricing-service": trouble_with_prices,
    **GATEWAY_FAULTS,
}


MAY_REPEAT = frozenset({"freeze"})
"""Faults after which a fill may be on the topic twice: docs/guarantees.md, known limits."""


def _kill_sessions(field: Field) -> None:
    with psycopg.connect(field.ground.postgres.dsn, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
            [field.database],
        )


def _for_both(field: Field, flow: Flow, *, seconds: float, latency_seconds: float = 0) -> None:
    field.burst()
    field.hit()
    for proxy in (field.ground.to_postgres, field.ground.to_broker):
        proxy.set(flow, latency_seconds=latency_seconds)
    time.sleep(seconds)
    for proxy in (field.ground.to_postgres, field.ground.to_broker):
        proxy.set(Flow.OPEN)


def _lose_replies(field: Field, proxy: Proxy, *, seconds: float) -> None:
    field.burst(300)
    field.hit()
    proxy.set(Flow.MUTE)
    time.sleep(seconds)
    proxy.set(Flow.CUT)
    proxy.set(Flow.OPEN)


def _misbehave(field: Field, neighbour: Stub, rng: Random) -> None:
    modes = [Mode.ERROR, Mode.HANG, Mode.GARBAGE, Mode.DRIP]
    for mode in rng.sample(modes, len(modes)):
        field.burst(200)
        field.hit()
        neighbour.mode = mode
        time.sleep(3)
        neighbour.mode = Mode.NORMAL
    neighbour.stop()
    time.sleep(2)
    neighbour.start()


def ready(engines: list[Engine]) -> bool:
    """Whether all are."""
    return all(engine.ready for engine in engines)


def wait_until_ready(engines: list[Engine], seconds: float) -> None:
    """Wait for all of them."""
    wait_until(lambda: ready(engines), seconds, "all engines to be ready")
