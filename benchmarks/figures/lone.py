"""What a fill costs that comes alone."""

import time
from collections.abc import Iterator, Mapping

import psycopg

from benchmarks.collector import collector
from benchmarks.figures.figure import Figure, Lend
from benchmarks.image import allocator_settings
from benchmarks.processes import database_cpu
from benchmarks.program import OURS, Program, Trial, trial

_OPEN = 1_125  # at a mean delay of 62.5 s, 18 fall due in a second
_SETTLING_SECONDS = 15.0
_SECONDS = 40.0


def measure(lend: Lend, scale: float, program: Program = OURS) -> Iterator[Figure]:
    """Measure 40 s of 18 fills a second with the default delays, telemetry on."""
    with (
        lend() as stack,
        collector(stack) as address,
        trial(stack, program, {**pod_settings(address), "PUBLISH_EMPTY_FILLS": "true"}) as at_work,
        psycopg.connect(stack.postgres.dsn, autocommit=True) as connection,
    ):
        at_work.open_some(_OPEN)
        time.sleep(_SETTLING_SECONDS)
        before, began = _look(at_work, connection), time.monotonic()
        time.sleep(_SECONDS * scale)
        after, took = _look(at_work, connection), time.monotonic() - began
    fills, cpu, database = (now - then for now, then in zip(after, before, strict=True))
    if fills < 1:
        raise RuntimeError(f"{program.name} made no fill in {took:.0f} s")
    yield Figure(meaning="fills that come alone", value=fills / took, unit="/s")
    yield Figure(meaning="CPU of one of them", value=1000 * cpu / fills, unit="ms", limit=2)
    yield Figure(meaning="CPU for all of them", value=1000 * cpu / took, unit="m")
    yield Figure(
        meaning="the database's CPU of one of them", value=1000 * database / fills, unit="ms"
    )


def pod_settings(collector_address: str) -> Mapping[str, str]:
    """Return what a pod is set to: exporting telemetry, with the image's allocator."""
    return {
        **allocator_settings(),
        "OTEL_TRACEENDPOINT": collector_address,
        "OTEL_METRICENDPOINT": collector_address,
    }


def _look(at_work: Trial, connection: psycopg.Connection) -> tuple[float, float, float]:
    return at_work.fills(), at_work.cpu(), database_cpu(connection) or 0.0
