"""Calls to security-service, in threads: some for one security each, or one for all of them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from time import monotonic

from fixengine.actors.messages import Tickers
from fixengine.errors import UnavailableError
from fixengine.ports.services import SecurityService
from fixengine.recurring import Recurring
from fixengine.supervision.scope import in_scope
from fixengine.telemetry.metrics.engine import EngineMetrics

BULK_FROM = 8
"""From so many unknown securities on, one bulk call is cheaper than single ones."""

BULK_PAUSE = 5.0
"""Seconds without bulk calls after one that did not bring all it was made for."""

CONNECTIONS = 8
"""Single calls at a time; further ones wait for their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A worker thread → security cache: what the service said, or why it said nothing."""

    asked: frozenset[str]
    bulk: bool
    tickers: Tickers
    failure: str | None


class Calls:
    """Asks for each security once at a time.

    It is whole with eleven attributes: each says something of the calls under way, and a call's
    end changes most of them at once.
    """

    def __init__(
        self,
        service: SecurityService,
        metrics: EngineMetrics,
        *,
        tell: Callable[[Fetched], None],
        clock: Callable[[], float],
    ) -> None:
        """Take the service, and what is told of each call's end, in a thread of its own."""
        self._service = service
        self._metrics = metrics
        self._tell = tell
        self._clock = clock
        self._asking: set[str] = set()
        self._queue: dict[str, None] = {}
        self._running = 0
        self._next_bulk = 0.0
        self._broken = Recurring("ERROR", "a call to security-service failed")
        self._workers = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="security-service")
        # its own, for it may bring at once what others would wait for behind slow calls
        self._bulk_worker = ThreadPoolExecutor(1, thread_name_prefix="securities-in-bulk")

    def close(self) -> None:
        """Begin no more calls; those under way are not waited for."""
        for workers in (self._workers, self._bulk_worker):
            workers.shutdown(wait=False, cancel_futures=True)

    def ask(self, security_ids: Iterable[str]) -> None:
        """Ask for these, with one call if there are many."""
        missing = frozenset(security_ids) - self._asking
        waiting = missing | self._queue.keys()
        if len(waiting) >= BULK_FROM and self._clock() >= self._next_bulk:
            self._queue.clear()
            self._asking |= waiting
            self._next_bulk = inf  # one at a time
            self._bulk_worker.submit(in_scope(self._call), waiting, bulk=True)
        else:
            self.ask_singly(missing)

    def ask_singly(self, security_ids: Iterable[str]) -> None:
        """Ask for each of these with a call of its own, when its turn comes."""
        self._queue.update((key, None) for key in security_ids if key not in self._asking)
        while self._queue and self._running < CONNECTIONS:
            security_id = next(iter(self._queue))
            del self._queue[security_id]
            self._running += 1
            self._asking.add(security_id)
            self._workers.submit(in_scope(self._call), frozenset({security_id}), bulk=False)

    def ended(self, answer: Fetched) -> None:
        """Take note of the end of a call, and of what need not be asked for any more."""
        known = answer.tickers.known
        self._asking -= answer.asked
        if answer.bulk:
            brought_all = answer.asked <= known.keys()
            self._next_bulk = 0.0 if brought_all else self._clock() + BULK_PAUSE
        else:
            self._running -= 1
        for security_id in known:
            self._queue.pop(security_id, None)

    # In a worker thread.

    def _call(self, security_ids: frozenset[str], *, bulk: bool) -> None:
        began = monotonic()
        try:
            tickers, failure = self._ask_service(security_ids, bulk=bulk), None
        except UnavailableError as error:
            tickers, failure = Tickers(), str(error)
        except Exception as error:  # noqa: BLE001 - a thread's edge; the actor must hear of it
            self._broken.happened(exception=error)
            tickers, failure = Tickers(), repr(error)
        result = "success" if failure is None else "failure"
        self._metrics.security_seconds.labels(result).observe(monotonic() - began)
        self._tell(Fetched(asked=security_ids, bulk=bulk, tickers=tickers, failure=failure))

    def _ask_service(self, security_ids: frozenset[str], *, bulk: bool) -> Tickers:
        if bulk:
            return Tickers(known=dict(self._service.all_tickers()))
        (security_id,) = security_ids
        ticker = self._service.ticker(security_id)
        if ticker is None:
            return Tickers(unknown=security_ids)
        return Tickers(known={security_id: ticker})
