"""How long an engine takes to be ready."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.endless import endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import EVERY_SECONDS
from fixengine.demo.stack import surroundings


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure from the start of the process to readiness, and how much of it imports take.

    The engine's place in the group does not count: the group takes its own time.
    """
    ready, imports = [], []
    with lend() as stack:
        for _ in range(max(int(7 * scale), 3)):
            imports.append(_run("import fixengine.commands.serve") - _run("pass"))
            with endless(stack, executions=1, every=EVERY_SECONDS, first=3600) as load:
                load.engine.kill()
                began = time.monotonic()
                load.engine.start(ready_within=None)
                while not load.engine.ready_but_for_the_group:
                    time.sleep(0.005)
                ready.append(time.monotonic() - began)
    yield Figure(meaning="start to ready", value=statistics.median(ready), unit="s", limit=1.5)
    yield Figure(meaning="imports", value=statistics.median(imports), unit="s", limit=0.5)


def _run(program: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, env=dict(surroundings()))
    return time.monotonic() - began
