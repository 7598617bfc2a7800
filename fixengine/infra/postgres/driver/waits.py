"""Connections that wait for an answer no longer than they may, and no longer than their actor."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

from fixengine.infra.postgres.driver.traced import TracedConnection
from fixengine.supervision.patience import excused_until, patient_until

FIRST_ANSWER_WITHIN = 3.0
"""Seconds for the first answers of a server that has taken the login."""

_LOOK = 0.1  # seconds between looks at the time

_T = TypeVar("_T")


class NoAnswer(psycopg.OperationalError):
    """The server has taken a statement, and said nothing for too long."""


class BoundedConnection(TracedConnection):
    """Gives up, and closes, when the server leaves a statement unanswered for too long.

    Too long is `answers_within` seconds, unless somebody knows why it takes longer, and in any
    case when the actor that waits is stopped.
    """

    answers_within = FIRST_ANSWER_WITHIN

    def wait(self, gen: PQGen[_T], interval: float = _LOOK, timeout: float | None = None) -> _T:
        """Wait as the driver does, for as long as it may."""
        most = self.answers_within if timeout is None else timeout
        try:
            return super().wait(_bounded(gen, most), min(interval, _LOOK))
        except NoAnswer:
            self.pgconn.finish()  # what comes later is the answer to nothing
            raise


def _bounded(gen: PQGen[_T], most: float) -> PQGen[_T]:
    began = monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            now = monotonic()
            too_late = min(max(began + most, excused_until()), patient_until())
            if not ready and now >= too_late:
                raise NoAnswer(f"it has not answered for {now - began:.1f} s")
            wanted = gen.send(ready)
    except StopIteration as done:
        answer: _T = done.value
        return answer


@contextmanager
def unbounded(connection: psycopg.Connection[TupleRow]) -> Iterator[None]:
    """Let the server take its time within the block; only a stop ends the wait."""
    if not isinstance(connection, BoundedConnection):
        yield
        return
    before, connection.answers_within = connection.answers_within, inf
    try:
        yield
    finally:
        connection.answers_within = before
