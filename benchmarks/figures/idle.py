"""An engine with nothing due: what it costs to be there."""

import re
import time
from collections.abc import Iterator

import psycopg

from benchmarks.endless import endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import EVERY_SECONDS, STEADY_SECONDS
from fixengine.demo.stack import Stack

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
        statements = _statements(stack, seconds)
    yield Figure(meaning="CPU with nothing due", value=100 * cpu / seconds, unit="%", limit=1)
    yield Figure(
        meaning="statements with nothing due", value=statements / seconds, unit="/s", limit=4
    )


def _statements(stack: Stack, seconds: float) -> int:
    """Count what the server is asked to do meanwhile, a `begin` and a `commit` each as one."""
    log = stack.workspace.folder / "postgres.log"
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        connection.execute("alter system set log_statement = 'all'")
        connection.execute("select pg_reload_conf()")
        time.sleep(1)
        before = log.stat().st_size
        time.sleep(seconds)
    return len(re.findall(rb"LOG:  (?:statement|execute)", log.read_bytes()[before:]))
