"""How many answers REST gives, and how fast."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.clients import Answers, answers
from benchmarks.endless import Endless, endless
from benchmarks.figures.figure import Figure, Lend, at_least
from benchmarks.figures.loads import EVERY_SECONDS, STEADY_SECONDS
from benchmarks.serving import serving
from fixengine.demo.stack import Stack, surroundings

_PAGE = "/api/v1/executions?limit=50"
_CLIENTS = 16


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure REST beside some rates of fills; the clients keep their connections.

    First comes what REST stands on: Falcon on waitress, with nothing behind it. Last comes what
    questions cost that nobody else asks at the same time.
    """
    with lend() as stack, _bare_server(stack) as url:
        bare = answers(url, ["/"], seconds=10 * scale, clients=_CLIENTS)
    yield Figure(meaning="a constant, Falcon on waitress alone", value=bare.rate, unit="/s")
    for fills in (5_000, 1_000, 0):
        number, first = int(fills * EVERY_SECONDS) or 50_000, 0 if fills else 3600
        with (
            lend() as stack,
            endless(stack, executions=number, every=EVERY_SECONDS, first=first) as load,
        ):
            time.sleep(STEADY_SECONDS)
            before, began = load.evaluations(), time.monotonic()
            newest = _asked(load, [_PAGE], 10 * scale)
            each = _asked(
                load, [f"{_PAGE}&before={id_}" for id_ in range(51, number, 50)], 10 * scale
            )
            one = _asked(load, [f"/api/v1/execution/{id_}" for id_ in range(1, number)], 10 * scale)
            rate = (load.evaluations() - before) / (time.monotonic() - began)
        beside = f"beside {rate:,.0f} fills/s"
        yield at_least(f"the newest page of 50, {beside}", newest.rate, "/s", 1500)
        yield Figure(
            meaning=f"the newest page, {beside}, p99", value=1000 * newest.p99, unit="ms", limit=50
        )
        yield at_least(f"different pages of 50, {beside}", each.rate, "/s", 1500)
        yield at_least(f"single executions, {beside}", one.rate, "/s", 3000)
    with (
        lend() as stack,
        endless(stack, executions=number, every=EVERY_SECONDS, first=3600) as load,
    ):
        time.sleep(STEADY_SECONDS)
        ids = range(101, number, 101)
        for meaning, paths in (
            ("a single execution", [f"/api/v1/execution/{id_}" for id_ in ids]),
            ("a page of 100", [f"/api/v1/executions?limit=100&before={id_}" for id_ in ids]),
        ):
            began = load.usage().cpu
            found = answers(load.engine.url, paths, seconds=10 * scale, clients=1)
            cpu = (load.usage().cpu - began) / (10 * scale * found.rate)
            yield Figure(meaning=f"{meaning}, one client, CPU", value=1000 * cpu, unit="ms")
            yield Figure(meaning=f"{meaning}, one client", value=found.rate, unit="/s")


@contextmanager
def _bare_server(stack: Stack) -> Iterator[str]:
    port = stack.workspace.reserve_port()
    server = stack.workspace.child(
        "bare-server",
        [sys.executable, "-m", "benchmarks.floors", "rest"],
        environment={**surroundings(), "HTTP_PORT": str(port)},
    )
    url = f"http://127.0.0.1:{port}"
    with serving(server, url):
        yield url


def _asked(load: Endless, paths: Sequence[str], seconds: float) -> Answers:
    return answers(load.engine.url, paths, seconds=seconds, clients=_CLIENTS)
