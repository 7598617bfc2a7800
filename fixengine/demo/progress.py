"""How far the demo is: counts from the database, the rest from the engines themselves."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import urllib3

from fixengine.demo.engine import Engine

_WINDOW = 10
_LATEST = 8
_COUNTS = """
select count(*) filter (where execution_status = 'WORK'),
       count(*) filter (where execution_status = 'PART'),
       count(*) filter (where execution_status = 'FULL'),
       coalesce(sum(number_of_fills), 0),
       (select count(*) from public.outbox)
from public.execution
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One look at everything. `latest` are executions as REST gives them, last filled first."""

    sent: int
    waiting: int
    partly: int
    full: int
    fills: int
    unpublished: int
    fills_per_second: float
    latest: tuple[dict[str, Any], ...]
    engines: tuple[tuple[str, dict[str, Any]], ...]


class Observer:
    """Looks at a running stack; what does not answer is shown as it was, or left out."""

    def __init__(self, *, dsn: str, engines: Sequence[Engine]) -> None:
        self._dsn = dsn
        self._engines = engines
        self._connection: psycopg.Connection | None = None
        self._counts = (0, 0, 0, 0, 0)
        self._samples: deque[tuple[float, int]] = deque(maxlen=_WINDOW)

    def look(self, *, sent: int, now: float) -> Progress:
        """Return the state of things; `now` is a monotonic clock's time in seconds."""
        self._count()
        waiting, partly, full, fills, unpublished = self._counts
        self._samples.append((now, fills))
        began, fills_then = self._samples[0]
        return Progress(
            sent=sent,
            waiting=waiting,
            partly=partly,
            full=full,
            fills=fills,
            unpublished=unpublished,
            fills_per_second=(fills - fills_then) / (now - began) if now > began else 0.0,
            latest=self._latest(),
            engines=tuple((engine.process.name, engine.state()) for engine in self._engines),
        )

    def close(self) -> None:
        """Close the connection; safe to repeat."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _count(self) -> None:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._dsn,
                    autocommit=True,
                    connect_timeout=2,
                    options="-c default_transaction_read_only=on -c statement_timeout=2s",
                )
            row = self._connection.execute(_COUNTS).fetchone()
        except psycopg.Error:
            self.close()
            return
        if row is not None:
            self._counts = (row[0], row[1], row[2], row[3], row[4])

    def _latest(self) -> tuple[dict[str, Any], ...]:
        try:
            _, executions = self._engines[0].get("/api/v1/executions?limit=200")
        except (urllib3.exceptions.HTTPError, ValueError):
            return ()
        filled = [one for one in executions if "lastFilledTimestamp" in one]
        filled.sort(key=lambda one: float(one["lastFilledTimestamp"]), reverse=True)
        return tuple(filled[:_LATEST])
