"""How much memory an engine takes."""

import time
from collections.abc import Iterator

from benchmarks.collector import collector
from benchmarks.endless import Endless, endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import EVERY_SECONDS, MANY, STEADY_SECONDS, incoming_orders
from benchmarks.image import allocator_settings

_LOOK_EVERY_SECONDS = 2.0


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure memory at rest, and the most within ten minutes at full load; then both with OTLP.

    Under the load 200 orders a second come in.
    """
    for exports in (False, True):
        with lend() as stack, collector(stack) as address:
            chosen = dict(allocator_settings())
            if exports:
                chosen["OTEL_EXPORTER_OTLP_ENDPOINT"] = address
            with endless(
                stack, executions=int(MANY * scale), every=EVERY_SECONDS, first=30, settings=chosen
            ) as load:
                time.sleep(STEADY_SECONDS)
                at_rest = load.usage().memory
                time.sleep(25)
                with incoming_orders(stack, load, 200):
                    loaded = max(_memory(load, 600 * scale))
        name = "memory, OTLP on, " if exports else "memory "
        yield Figure(meaning=f"{name}at rest", value=at_rest, unit="MiB", limit=70)
        yield Figure(
            meaning=f"{name}in {10 * scale:g} min of fills at full load, at the most",
            value=loaded,
            unit="MiB",
            limit=70,
        )


def _memory(load: Endless, seconds: float) -> Iterator[float]:
    """Look at what is resident, every few seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(_LOOK_EVERY_SECONDS)
        yield load.usage().memory
