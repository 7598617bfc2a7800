"""SIGTERM: an engine ends within 10 s and with 0, whatever it is at and whoever hangs."""

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.engine import Engine
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.neighbours.services import SecurityService
from fixengine.demo.neighbours.stub import Mode
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, count, send, wait_for_more, wait_until_done
from tests.support.gateways import gateway_process
from tests.support.rows import silenced
from tests.support.stacks import BrokerKind

FLOOD = 600
GRACE = 10.0
_TURN = 0.1


class WithoutBulk(SecurityService):
    """Knows no list of all securities, so tickers come one by one."""

    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        if path == ("api", "v1", "securities"):
            return "securities", HTTPStatus.NOT_FOUND, {"detail": "Not Found"}
        return super().route(path)


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--stops"))


@contextmanager
def a_tenth_of_a_core(engine: Engine) -> Iterator[None]:
    """Let the engine run for a tenth of the time, as on a node whose cores are taken."""
    over = Event()

    def slow_down() -> None:
        while not over.is_set() and engine.process.running:
            engine.process.pause()
            over.wait(0.9 * _TURN)
            engine.process.resume()
            over.wait(0.1 * _TURN)

    thread = Thread(target=slow_down)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def ended(engine: Engine) -> str:
    """End the engine by SIGTERM, see that it does so in time and with 0, return its log."""
    began = monotonic()
    engine.process.ask_to_end()
    code = engine.process.wait(GRACE)
    took = monotonic() - began
    log = engine.process.log.read_text()
    assert code == 0, log[-3000:]
    assert took < GRACE
    return log


def begin(bare_stack: Stack) -> None:
    bare_stack.start()
    bare_stack.create_topic()


def feed(seed: int, number: int = FLOOD // 3) -> tuple[FedOrder, ...]:
    return tuple(islice(orders(seed=seed), number))


def working(bare_stack: Stack, fed: tuple[FedOrder, ...], **settings: str) -> Engine:
    """Start an engine and have it in the midst of these orders."""
    engine = bare_stack.engine(**FAST, **settings)
    engine.start()
    send(bare_stack, fed)
    wait_for_more(bare_stack, "fill", 50)
    return engine


def send_until_some_are_stored(bare_stack: Stack, fed: tuple[FedOrder, ...]) -> None:
    before = count(bare_stack, "execution")
    send(bare_stack, fed)
    wait_for_more(bare_stack, "execution", before)


def assert_another_finishes(bare_stack: Stack, fed: tuple[FedOrder, ...]) -> None:
    other = bare_stack.engine("other", **FAST)
    other.start()
    wait_until_done(bare_stack, fed)
    ended(other)
    audited(bare_stack, fed, Expectations(repeats_allowed=False))


def test_many_small_groups_at_a_tenth_of_a_core(bare_stack: Stack, rounds: int) -> None:
    """One second after a flood whose tickers came one by one."""
    port = int(bare_stack.securities.url.rpartition(":")[2])
    bare_stack.securities = WithoutBulk(port=port, listings=priced_listings())
    bare_stack.securities.latency_seconds = 0.05
    begin(bare_stack)
    fed: tuple[FedOrder, ...] = ()
    everything = feed(3, FLOOD * rounds)
    for number in range(rounds):
        engine = bare_stack.engine(f"engine-{number}", **FAST)
        engine.start()
        flood = everything[number * FLOOD : (number + 1) * FLOOD]
        fed += flood
        send_until_some_are_stored(bare_stack, flood)
        with a_tenth_of_a_core(engine):
            ended(engine)
    assert_another_finishes(bare_stack, fed)


def test_a_start_that_has_just_begun(stack: Stack) -> None:
    for seconds in (0.0, 0.05, 0.15, 0.3, 0.6, 1.0):
        engine = stack.engine(f"engine-{seconds}")
        engine.start(ready_within=None)
        wait_until(partial(signals_are_held, engine.process.pid), 60, "the program's first line")
        Event().wait(seconds)
        ended(engine)


def test_a_gateway_whose_program_is_still_loaded(bare_stack: Stack, tmp_path: Path) -> None:
    begin(bare_stack)
    gateway = gateway_process(bare_stack, tmp_path, pod="gateway")
    maps = Path(f"/proc/{gateway.process.pid}/maps")
    wait_until(lambda: "psycopg" in maps.read_text(), 60, "a library to be loaded")
    assert signals_are_held(gateway.process.pid)
    assert gateway.process.stop(deadline_seconds=GRACE) == 0


def signals_are_held(pid: int) -> bool:
    """Tell whether a process has come to its own first line."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123 - no file to speak of
        blocked = next(line for line in status if line.startswith("SigBlk:"))
    return bool(int(blocked.split()[1], 16) & 1 << (signal.SIGTERM - 1))


@pytest.mark.any_broker
def test_a_database_that_is_gone(bare_stack: Stack) -> None:
    begin(bare_stack)
    fed = feed(4)
    engine = working(bare_stack, fed)
    bare_stack.postgres.crash()
    ended(engine)
    bare_stack.postgres.start()
    assert_another_finishes(bare_stack, fed)


@pytest.mark.any_broker
def test_a_database_that_answers_nothing(bare_stack: Stack) -> None:
    begin(bare_stack)
    fed = feed(5)
    engine = working(bare_stack, fed)
    with silenced(bare_stack.postgres.dsn, bare_stack.postgres):
        ended(engine)
    assert_another_finishes(bare_stack, fed)


def test_a_broker_that_answers_nothing(bare_stack: Stack) -> None:
    begin(bare_stack)
    fed = feed(6)
    engine = working(bare_stack, fed)
    bare_stack.broker.pause()
    try:
        ended(engine)
    finally:
        bare_stack.broker.resume()
    assert_another_finishes(bare_stack, fed)


@pytest.mark.any_broker
@pytest.mark.parametrize("neighbour", ["securities", "prices"])
def test_a_neighbour_that_answers_nothing(bare_stack: Stack, neighbour: str) -> None:
    begin(bare_stack)
    fed = feed(7)
    engine = working(bare_stack, fed[:100])
    stub = getattr(bare_stack, neighbour)
    stub.mode = Mode.HANG
    send(bare_stack, fed[100:])
    ended(engine)
    stub.stop()
    stub.mode = Mode.NORMAL
    stub.start()
    assert_another_finishes(bare_stack, fed)


@pytest.mark.any_broker
def test_a_collector_and_clients_that_neither_finish_asking_nor_read_the_answer(
    bare_stack: Stack,
) -> None:
    begin(bare_stack)
    fed = feed(8)
    with socket.create_server(("127.0.0.1", 0)) as collector, ExitStack() as clients:
        address = f"http://127.0.0.1:{collector.getsockname()[1]}"
        engine = working(bare_stack, fed, OTEL_EXPORTER_OTLP_ENDPOINT=address)
        port = int(engine.url.rpartition(":")[2])
        for number in range(40):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port)))
            if number % 2:
                client.sendall(b"GET /api/v1/executions HTTP/1.1\r\n")
            else:
                whole = b"GET /api/v1/executions?limit=1000 HTTP/1.1\r\nHost: engine\r\n\r\n"
                client.sendall(whole * 8)
        ended(engine)
    assert_another_finishes(bare_stack, fed)


def test_a_rebalance_under_way(bare_stack: Stack, broker_kind: BrokerKind) -> None:
    if broker_kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker may keep a group waiting whose members leave at once")
    begin(bare_stack)
    fed = feed(10)
    engine = working(bare_stack, fed[:100])
    others = [bare_stack.engine(name, **FAST) for name in ("joining", "leaving")]
    for other in others:
        other.start(ready_within=None)
    send(bare_stack, fed[100:])
    ended(engine)
    for other in others:
        other.wait_until_ready()
        ended(other)
    assert_another_finishes(bare_stack, fed)


@pytest.mark.any_broker
def test_no_claim_begins_after_it(bare_stack: Stack) -> None:
    """What falls due meanwhile is left to others, however long the rest takes."""
    begin(bare_stack)
    fed = feed(11)
    engine = working(bare_stack, fed, LOG_LEVEL="debug")
    bare_stack.securities.mode = Mode.HANG
    log = ended(engine)
    _, _, after = log.partition("engine drains")
    assert after.count("fills stored") <= 1
    bare_stack.securities.stop()
    bare_stack.securities.mode = Mode.NORMAL
    bare_stack.securities.start()
    assert_another_finishes(bare_stack, fed)
