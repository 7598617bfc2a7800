"""Watching how far a round has come, from outside, and how fast."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from benchmarks.load import Load
from fixengine.demo.process import ChildProcess

_LOOK_EVERY_SECONDS = 0.1  # it counts what there is, which takes the database a while
_SHORTEST_SECONDS = 0.5
_DEADLINE_SECONDS = 300.0
_STORED = "select coalesce(max(id), 0) - %(there)s from execution"
_PUBLISHED = """
select (select count(*) from fill where execution_id > %(closed)s) - (select count(*) from outbox)
"""
_AT_WORK = "select distinct owner from outbox"
_FILLED = """
select count(*), count(distinct execution_id) from fill where execution_id > %(closed)s
"""
_LEFT = "select count(*) from execution where id <= %(closed)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Orders stored, and fills acknowledged and marked, a second.

    None for what the round had none of, and for what was done too soon to tell a rate.
    """

    orders: float | None
    fills: float | None


class _Course:
    """How far something had come, at each look."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._looks: list[tuple[float, int]] = []

    @property
    def done(self) -> bool:
        """Whether it has come to its end; with nothing to do it is there at once."""
        return self._target == 0 or bool(self._looks and self._looks[-1][1] >= self._target)

    @property
    def warm(self) -> tuple[float, float] | None:
        """When a tenth of it was behind, and its end; None if there was nothing to do."""
        warmed_up = [at for at, number in self._looks if number > self._target // 10]
        return (warmed_up[0], warmed_up[-1]) if warmed_up else None

    def see(self, number: int) -> None:
        """Take note of a look."""
        self._looks.append((time.monotonic(), number))

    def rate(self, since: float, until: float) -> float | None:
        """Return how much a second it made in between; None if that was too short to say."""
        looks = [look for look in self._looks if since <= look[0] <= until]
        if not looks or looks[-1][0] - looks[0][0] < _SHORTEST_SECONDS:
            return None
        return (looks[-1][1] - looks[0][1]) / (looks[-1][0] - looks[0][0])


def watch(dsn: str, load: Load, programs: Sequence[ChildProcess]) -> Rates:
    """Look at what is done until all of it is; with two kinds of work, the time of both counts."""
    stored, published = _Course(load.orders), _Course(load.due)
    there = {"closed": load.closed, "there": load.closed + load.due}
    at_work: set[int] = set()
    deadline = time.monotonic() + _DEADLINE_SECONDS
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not (stored.done and published.done):
            for course, query in ((stored, _STORED), (published, _PUBLISHED)):
                if not course.done:
                    row = connection.execute(query.encode(), there).fetchone()
                    assert row is not None
                    course.see(row[0])
            if load.due and len(at_work) < len(programs):
                at_work.update(row[0] for row in connection.execute(_AT_WORK))
            ended = next((each for each in programs if not each.running), None)
            if ended or time.monotonic() > deadline:
                words = (ended or programs[0]).last_words()
                raise RuntimeError(f"it did not come to its end: {words}")
            time.sleep(_LOOK_EVERY_SECONDS)
    if load.due and len(at_work) < len(programs):
        raise RuntimeError(f"{len(at_work)} of {len(programs)} had something to do: give them more")
    warm = [each for each in (stored.warm, published.warm) if each]
    both = max(since for since, _ in warm), min(until for _, until in warm)
    return Rates(
        orders=stored.rate(*both) if load.orders else None,
        fills=published.rate(*both) if load.due else None,
    )


def verify(dsn: str, load: Load, told: int | None) -> None:
    """Raise RuntimeError unless each due execution was filled once and announced once.

    With `delete_closed` some executions must be gone as well.
    """
    closed = {"closed": load.closed}
    with psycopg.connect(dsn) as connection:
        row = connection.execute(_FILLED.encode(), closed).fetchone()
        if load.delete_closed:
            left = connection.execute(_LEFT.encode(), closed).fetchone()
            if left == (load.closed,):
                raise RuntimeError("no closed execution was deleted meanwhile")
    if row != (load.due, load.due) or told != load.due:
        raise RuntimeError(
            f"{load.due} executions were due; fills, of executions, and messages: {row}, {told}"
        )
