"""How long a request to cancel takes, from REST through the desk to the database and back."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

import urllib3

from benchmarks.endless import Endless, endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import EVERY_SECONDS, MANY, STEADY_SECONDS
from tests.support.operators import SETTINGS, TOKEN

_AT_ONCE = 4
_APART_SECONDS = 0.1
_REQUESTS = 1000


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure cancels at full load and at half of it, of executions that are being filled."""
    number = int(_REQUESTS * scale)
    with (
        lend() as stack,
        endless(stack, executions=MANY, every=EVERY_SECONDS, settings=SETTINGS) as load,
    ):
        time.sleep(EVERY_SECONDS + STEADY_SECONDS)
        most = load.rate(10 * scale)
        full = _waits(load, MANY, number)
    executions = int(most / 2 * EVERY_SECONDS)
    with (
        lend() as stack,
        endless(stack, executions=executions, every=EVERY_SECONDS, settings=SETTINGS) as load,
    ):
        time.sleep(STEADY_SECONDS)
        half = _waits(load, executions, number)
    for name, waits, limit in (("half", half, 150.0), ("full", full, 1000.0)):
        for share in (0.5, 0.99):
            yield Figure(
                meaning=f"a cancel at {name} load, p{100 * share:.0f}",
                value=1000 * waits[int(share * (len(waits) - 1))],
                unit="ms",
                limit=limit if share > 0.5 else None,
            )


def _waits(load: Endless, executions: int, number: int) -> Sequence[float]:
    """Return the seconds that requests took, in order; raises RuntimeError when one is refused."""
    ids = Random(20).sample(range(1, executions + 1), min(number, executions))
    pool = urllib3.PoolManager(maxsize=_AT_ONCE, retries=False, timeout=10)

    def cancel(id_: int) -> float:
        time.sleep(_APART_SECONDS)
        began = time.perf_counter()
        answer = pool.request(
            "POST",
            f"{load.engine.url}/api/v1/execution/{id_}/cancel",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        if answer.status != 200:
            raise RuntimeError(f"no cancel to measure: {answer.status} {answer.data[:200]!r}")
        return time.perf_counter() - began

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return sorted(threads.map(cancel, ids))
