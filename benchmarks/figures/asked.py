"""What an answer of REST costs a program that has nothing else to do."""

from collections.abc import Iterator

import psycopg

from benchmarks.clients import answers
from benchmarks.figures.figure import Figure, Lend
from benchmarks.load import CLOSED
from benchmarks.program import OURS, Program, trial

_ROWS = 100
_SECONDS = 10.0
_CLIENTS = 4


def measure(lend: Lend, scale: float, program: Program = OURS) -> Iterator[Figure]:
    """Measure single executions and a page of 100, of a table that has no more than these."""
    single = [f"/api/v1/execution/{id_}" for id_ in range(1, _ROWS + 1)]
    page = [f"/api/v1/executions?limit={_ROWS}"]
    with lend() as stack, trial(stack, program, {}) as at_work:
        with psycopg.connect(at_work.place.dsn, autocommit=True) as connection:
            connection.execute(CLOSED.encode(), {"number": _ROWS})
        for meaning, paths in (("GET of an execution", single), ("page of 100", page)):
            before = at_work.cpu()
            heard = answers(at_work.engine.url, paths, seconds=_SECONDS * scale, clients=_CLIENTS)
            cpu = 1000 * (at_work.cpu() - before) / (heard.rate * _SECONDS * scale)
            yield Figure(meaning=meaning, value=heard.rate, unit="/s", at_most=False)
            yield Figure(meaning=f"CPU of a {meaning}", value=cpu, unit="ms")
