"""An engine works on whatever becomes of its standard error."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice
from time import monotonic
from typing import IO

import pytest

from fixengine.demo.engine import Engine
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.stack import Stack, surroundings
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, send, wait_until_done
from tests.support.stacks import BrokerKind

pytestmark = pytest.mark.any_broker

SMALLEST_PIPE = 4096
SERVE = (sys.executable, "-m", "fixengine", "serve")
_numbers = count(1)
LOST = "lines of the log were lost, nobody could read them"


@pytest.fixture(scope="module")
def stack(broker_kind: BrokerKind) -> Iterator[Stack]:
    """Lend a stack for engines that follow each other."""
    with Stack(servers=broker_kind.servers) as stack:
        stack.start()
        stack.create_topic()
        yield stack


@pytest.fixture(scope="module")
def fed() -> list[FedOrder]:
    """The orders that these engines were fed."""
    return []


@contextmanager
def serving(
    stack: Stack, stderr: int | IO[bytes], *command: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[bytes], Engine]]:
    """Run an engine with this as its standard error."""
    environment = stack.environment(LOG_LEVEL="debug", LOG_FORMAT="json", **FAST, **settings)
    engine = Engine(
        process=stack.workspace.child(f"never-started-{next(_numbers)}", SERVE),
        http_port=int(environment["HTTP_PORT"]),
        health_port=int(environment["HEALTH_PORT"]),
    )
    process = subprocess.Popen(
        command or SERVE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env={**surroundings(), **environment},
    )
    try:
        yield process, engine
    finally:
        process.kill()
        process.communicate()
        engine.close()


def work(stack: Stack, engine: Engine, fed: list[FedOrder]) -> None:
    """Have the engine fill more orders than those before it were fed."""
    more = tuple(islice(orders(seed=1, first_id=len(fed) + 1), 100))
    fed += more
    wait_until(lambda: engine.ready, 60, "the engine to be ready")
    send(stack, more)
    wait_until_done(stack, fed)
    assert engine.ready
    audited(stack, fed)


def end(process: subprocess.Popen[bytes]) -> None:
    began = monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert monotonic() - began < 10


def lose_lines(process: subprocess.Popen[bytes], engine: Engine) -> None:
    """Have the engine say more than is kept for later."""

    def has_lost() -> bool:
        process.send_signal(signal.SIGUSR2)
        return bool(engine.metric("fixengine_log_lines_lost_total"))

    wait_until(has_lost, 60, "lines to be lost")


def test_a_pipe_that_nobody_reads_stops_nothing(stack: Stack, fed: list[FedOrder]) -> None:
    with serving(stack, subprocess.PIPE) as (process, engine):
        assert process.stderr is not None
        fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, SMALLEST_PIPE)
        work(stack, engine, fed)
        lose_lines(process, engine)
        assert engine.ready
        end(process)


def test_what_was_lost_is_said_when_the_pipe_is_read_again(stack: Stack) -> None:
    with serving(stack, subprocess.PIPE) as (process, engine):
        assert process.stderr is not None
        fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, SMALLEST_PIPE)
        wait_until(lambda: engine.ready, 60, "the engine to be ready")
        lose_lines(process, engine)
        found = next(line for line in process.stderr if LOST.encode() in line)
        assert b'"lines": ' in found
        process.send_signal(signal.SIGTERM)
        assert b"engine has drained" in process.stderr.read()
        assert process.wait(10) == 0


def test_a_reader_that_is_gone_stops_nothing(stack: Stack, fed: list[FedOrder]) -> None:
    with serving(stack, subprocess.PIPE) as (process, engine):
        assert process.stderr is not None
        process.stderr.close()
        process.stderr = None
        work(stack, engine, fed)
        assert engine.metric("fixengine_log_lines_lost_total")
        end(process)


def test_a_disk_that_is_full_stops_nothing(stack: Stack, fed: list[FedOrder]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with serving(stack, full) as (process, engine):
        os.close(full)
        work(stack, engine, fed)
        assert engine.metric("fixengine_log_lines_lost_total")
        end(process)


def test_no_standard_error_at_all_stops_nothing(stack: Stack, fed: list[FedOrder]) -> None:
    command = ("sh", "-c", 'exec "$@" 2>&- <&- >&-', "sh", *SERVE)
    with serving(stack, subprocess.DEVNULL, *command) as (process, engine):
        work(stack, engine, fed)
        assert engine.metric("fixengine_log_lines_lost_total")
        end(process)


def test_every_line_is_one_of_the_log_also_where_a_library_would_write_its_own(
    stack: Stack,
) -> None:
    """As that of OTLP does which a collector answers with garbage where it was to speak TLS."""
    endpoint = stack.prices.url.replace("http:", "https:")
    with serving(stack, subprocess.PIPE, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as (process, _):
        assert process.stderr is not None
        seen: list[dict[str, object]] = []
        for line in process.stderr:
            seen.append(json.loads(line))
            if seen[-1]["event"] == "exports wait for the collector":
                break
        process.send_signal(signal.SIGTERM)
        seen += [json.loads(line) for line in process.stderr]
        assert process.wait(10) == 0
