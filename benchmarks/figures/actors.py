"""What a question to an actor costs."""

import time
from collections.abc import Iterator

from benchmarks.figures.figure import Figure, Lend
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import Request, ask


class _Echo(Actor):
    def receive(self, message: object) -> object:
        return message


def measure(_lend: Lend, scale: float) -> Iterator[Figure]:
    """Ask and be answered, which happens four times for a claim of up to 800 executions."""
    number = int(20_000 * scale)
    anything = Request[object]()
    echo = _Echo.start()
    ask(echo, Boot(), timeout=5)
    began = time.perf_counter()
    for _ in range(number):
        ask(echo, anything, timeout=5)
    took = time.perf_counter() - began
    echo.stop()
    yield Figure(meaning="an ask and its reply", value=1e6 * took / number, unit="µs")
