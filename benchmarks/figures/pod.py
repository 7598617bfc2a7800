"""What the autoscaler sees of a pod."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from statistics import median
from typing import NamedTuple

import psycopg

from benchmarks import cell
from benchmarks.cold import copy_cold, mapped_files
from benchmarks.collector import collector
from benchmarks.figures import lone
from benchmarks.figures.figure import Figure, Lend
from benchmarks.memory_group import memory_group
from benchmarks.processes import session_pids, session_resident
from benchmarks.program import OURS, Program, Trial, trial
from benchmarks.sql import number_of
from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from tests.support.background import Background

_ORDERS = 20_000
_SETTLING_SECONDS = 15.0
_REST_SECONDS = 30.0
_LOOK_EVERY_SECONDS = 0.1
_LAST_LOOKS = 50
_STORED_WITHIN_SECONDS = 900.0  # a peer may store them one by one
_TRANSACTIONS = """
select xact_commit + xact_rollback from pg_stat_database where datname = %(database)s
"""


class _Cell(NamedTuple):
    """A command that starts a program where its memory is measured; how, and in which words."""

    within: tuple[str, ...]
    memory: Callable[[int], float]
    called: str


def measure(lend: Lend, scale: float, program: Program = OURS) -> Iterator[Figure]:
    """Measure a pod at rest and after 20,000 orders, with a collector and without, then fills.

    Telemetry is on, the allocator is set as in the image, and delays are the default ones.
    """
    for listens, name in ((True, ""), (False, ", no collector listens")):
        with (
            lend() as stack,
            collector(stack, listens=listens) as address,
            _cell(stack, program, address) as place,
            trial(stack, program, lone.pod_settings(address), within=place.within) as at_work,
            _Looks(lambda: place.memory(at_work.pid)) as memory,
        ):
            time.sleep(_SETTLING_SECONDS)
            cpu, transactions = _rest(stack, at_work)
            at_rest = memory.of_late()
            _take(stack, at_work, int(_ORDERS * scale))
            after = memory.of_late()
            most = memory.most()
        yield Figure(meaning=f"CPU at rest{name}", value=cpu, unit="%", limit=0.6)
        yield Figure(meaning=f"transactions at rest{name}", value=transactions, unit="/s", limit=2)
        for when, value, limit in (
            ("at rest", at_rest, 50),
            (f"after {_ORDERS * scale:,.0f} orders", after, 60),
            ("at the most", most, 66),
        ):
            yield Figure(
                meaning=f"{place.called} {when}{name}", value=value, unit="MiB", limit=limit
            )
    yield from lone.measure(lend, scale, program)


@contextmanager
def _cell(stack: Stack, program: Program, collector_address: str) -> Iterator[_Cell]:
    """Lend a place where a program's memory is its own, if there can be one.

    There, files that it maps count as they would on a node where it comes first.
    """
    with memory_group() as group:
        if group is None:
            yield _Cell(within=(), memory=session_resident, called="resident memory")
            return
        copies = stack.workspace.subfolder("cold")
        with trial(stack, program, lone.pod_settings(collector_address)) as scout:
            copy_cold(mapped_files(session_pids(scout.pid)), copies)
        yield _Cell(
            within=(sys.executable, "-I", "-S", cell.__file__, str(group.members), str(copies)),
            memory=lambda _pid: group.working_set(),
            called="working set",
        )


class _Looks(Background):
    """Looks at memory again and again."""

    def __init__(self, look: Callable[[], float]) -> None:
        super().__init__("memory")
        self._look = look
        self._looks: list[float] = []

    def work(self) -> None:
        while not self.stopping.wait(_LOOK_EVERY_SECONDS):
            self._looks.append(self._look())

    def of_late(self) -> float:
        """Return the median of the last five seconds."""
        return median(self._looks[-_LAST_LOOKS:])

    def most(self) -> float:
        """Return the most so far."""
        return max(self._looks)


def _rest(stack: Stack, at_work: Trial) -> tuple[float, float]:
    """Return CPU in percent of a core, and transactions a second, while there is nothing to do."""
    # from another database: what is asked here does not count there
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:

        def transactions() -> int:
            return number_of(connection, _TRANSACTIONS, database=at_work.place.name)

        before, began = (at_work.cpu(), transactions()), time.monotonic()
        time.sleep(_REST_SECONDS)
        after, took = (at_work.cpu(), transactions()), time.monotonic() - began
    return 100 * (after[0] - before[0]) / took, (after[1] - before[1]) / took


def _take(stack: Stack, at_work: Trial, number: int) -> None:
    """Let it take so many orders in, and then work on what falls due."""
    send_orders(stack.broker.bootstrap, at_work.place.topics.orders, islice(orders(seed=1), number))
    wait_until(
        lambda: at_work.number("select count(*) from execution") >= number,
        _STORED_WITHIN_SECONDS,
        f"{number:,} orders to be stored",
    )
    time.sleep(_SETTLING_SECONDS)
