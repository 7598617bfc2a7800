"""An engine with nothing due: what it costs to be there."""

import time
from collections.abc import Iterator

from benchmarks.endless import endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import EVERY_SECONDS, STEADY_SECONDS
from benchmarks.statements import statements_of

_OPEN = 100_000


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure an engine with 100,000 open executions while none of them falls due."""
    seconds = 30
    with (
        lend() as stack,
        endless(stack, executions=int(_OPEN * scale), every=EVERY_SECONDS, first=3600) as load,
    ):
        time.sleep(STEADY_SECONDS)
        before = load.usage().cpu
        time.sleep(seconds)
        cpu = load.usage().cpu - before
        statements = statements_of(stack, seconds)
    yield Figure(meaning="CPU with nothing due", value=100 * cpu / seconds, unit="%", limit=1)
    yield Figure(
        meaning="statements with nothing due", value=statements / seconds, unit="/s", limit=4
    )
