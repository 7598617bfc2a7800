"""The security cache: tickers by security id, asked for once at a time, kept for a while."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from math import inf
from time import monotonic
from typing import Any, assert_never

from cachetools import TTLCache

from fixengine.actors.messages import ResolveTickers, Tickers, TickersArrived
from fixengine.errors import UnavailableError
from fixengine.ports.services import SecurityService
from fixengine.recurring import Recurring
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.supervision.retries import Retries
from fixengine.supervision.scope import in_scope
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.outage import HoldUp, Outage

KEPT_FOR = 60.0
"""Seconds an answer is believed."""

REFRESHED_FROM = 45.0
"""Seconds from which on an answer that is used is also asked for anew: there are 15 s for the next
one to come before this one is believed no more."""

UNKNOWN_FOR = 5.0
"""Seconds a 404 is believed: long enough for a flood of the same, short for a new security."""

BULK_FROM = 8
"""From so many unknown securities on, one bulk call is cheaper than single ones."""

BULK_PAUSE = 5.0
"""Seconds without bulk calls after one that did not bring all it was made for."""

CONNECTIONS = 8
"""Single calls to security-service at a time."""

_CAPACITY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """A worker thread → security cache: what the service said."""

    asked: frozenset[str]
    bulk: bool
    tickers: Tickers
    failure: str | None


@dataclass(frozen=True, slots=True)
class _Retry:
    """Security cache → itself: ask again for what is still missing."""


class SecurityCache(Actor):
    """Answers from memory at once; calls run in threads, so that slow ones hold nobody up.

    A bulk answer is kept as a whole: what comes next is likely to be in it.
    """

    def __init__(
        self,
        *,
        service: SecurityService,
        health: Health,
        metrics: EngineMetrics,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__()
        self._service = service
        self._holds_up = HoldUp(health, Part.STORING, "orders wait for their tickers")
        self._metrics = metrics
        self._clock = clock
        self._tickers: TTLCache[str, str] = TTLCache(_CAPACITY, KEPT_FOR, clock)
        self._fresh: TTLCache[str, None] = TTLCache(_CAPACITY, REFRESHED_FROM, clock)
        self._unknown: TTLCache[str, None] = TTLCache(_CAPACITY, UNKNOWN_FOR, clock)
        self._wanted: dict[str, set[ActorRef]] = {}
        self._asking: set[str] = set()
        self._queue: dict[str, None] = {}
        self._calls = 0
        self._next_bulk = 0.0
        self._retries = Retries(first=0.2, cap=5.0)
        self._failed: dict[str, None] = {}
        self._retry_is_due = False
        self._outage = Outage(
            "security-service fails, orders wait", "security-service answers again"
        )
        self._broken = Recurring("ERROR", "a call to security-service failed")
        self._workers = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="security-service")
        # its own, for it may bring at once what others would wait for behind slow calls
        self._bulk_worker = ThreadPoolExecutor(1, thread_name_prefix="securities-in-bulk")

    def receive(self, message: ResolveTickers | _Fetched | _Retry) -> Any:
        match message:
            case ResolveTickers(security_ids=security_ids, reply_to=reply_to):
                return message.answer(self._resolve(security_ids, reply_to))
            case _Fetched():
                return self._fetched(message)
            case _Retry():
                return self._retry()
            case _:
                assert_never(message)

    def close(self) -> None:
        for workers in (self._workers, self._bulk_worker):
            workers.shutdown(wait=False, cancel_futures=True)

    def _resolve(self, security_ids: frozenset[str], reply_to: ActorRef) -> Tickers:
        known = {
            security_id: ticker
            for security_id in security_ids
            if (ticker := self._tickers.get(security_id)) is not None
        }
        unknown = frozenset(key for key in security_ids if key in self._unknown)
        pending = security_ids - known.keys() - unknown
        for security_id in pending:
            self._wanted.setdefault(security_id, set()).add(reply_to)
        ageing = frozenset(key for key in known if key not in self._fresh)
        self._fetch((pending | ageing) - self._failed.keys())
        return Tickers(known=known, unknown=unknown, pending=pending)

    def _fetch(self, security_ids: Iterable[str]) -> None:
        """Ask for those that are not being asked for, all at once if there are many."""
        missing = frozenset(security_ids) - self._asking
        waiting = missing | self._queue.keys()
        if len(waiting) >= BULK_FROM and self._clock() >= self._next_bulk:
            self._queue.clear()
            self._asking |= waiting
            self._next_bulk = inf  # one at a time
            self._bulk_worker.submit(in_scope(self._call), waiting, bulk=True)
        else:
            self._fetch_singly(missing)

    def _fetch_singly(self, security_ids: Iterable[str]) -> None:
        """Ask for each, when its turn comes."""
        self._queue.update(dict.fromkeys(security_ids))
        while self._queue and self._calls < CONNECTIONS:
            security_id = next(iter(self._queue))
            del self._queue[security_id]
            self._calls += 1
            self._asking.add(security_id)
            self._workers.submit(in_scope(self._call), frozenset({security_id}), bulk=False)

    def _fetched(self, answer: _Fetched) -> None:
        self._asking -= answer.asked
        if answer.bulk:
            brought_all = answer.asked <= answer.tickers.known.keys()
            self._next_bulk = 0.0 if brought_all else self._clock() + BULK_PAUSE
        else:
            self._calls -= 1
        self._take(answer)
        self._fetch_singly(())  # there is room for one more

    def _take(self, answer: _Fetched) -> None:
        settled = answer.asked | answer.tickers.known.keys()
        for security_id, ticker in answer.tickers.known.items():
            self._tickers[security_id] = ticker
            self._fresh[security_id] = None
            self._queue.pop(security_id, None)
        for security_id in answer.tickers.unknown:
            self._unknown[security_id] = None
            self._tickers.pop(security_id, None)
        self._tell_waiting(answer.tickers)
        if answer.failure is not None:
            self._outage.begin(answer.failure)
            for security_id in answer.asked:
                self._put_off(security_id)
            self._hold_up(answer.failure)
            return
        self._holds_up.end()
        recovers = not self._failed.keys().isdisjoint(settled)
        for security_id in settled:
            self._failed.pop(security_id, None)
        # a bulk answer may lack some: only a single 404 says that there is no such security
        self._fetch_singly(
            key
            for key in answer.asked - answer.tickers.known.keys()
            if key in self._wanted or key in self._tickers
        )
        if recovers and self._failed:
            self._fetch(tuple(self._failed))  # each turn needs a success, so this comes to an end
        elif recovers:
            self._retries.reset()
            self._outage.end()

    def _put_off(self, security_id: str) -> None:
        """Ask again later, behind those that have waited for longer."""
        self._failed.pop(security_id, None)
        self._failed[security_id] = None
        if not self._retry_is_due:
            self._retry_is_due = True
            self.tell_later(self._retries.next_wait(), _Retry())

    def _hold_up(self, failure: str) -> None:
        """Say that orders wait; one security alone may be what the service can't answer for."""
        if len(self._failed.keys() & self._wanted.keys()) > 1:
            self._holds_up.begin(failure)

    def _retry(self) -> None:
        self._retry_is_due = False
        some = islice(self._failed, CONNECTIONS)
        self._fetch_singly([key for key in some if key not in self._asking])

    def _tell_waiting(self, tickers: Tickers) -> None:
        """Tell whoever waits for any of these, each no more than it asked for."""
        news: dict[ActorRef, set[str]] = {}
        for security_id in (*tickers.known, *tickers.unknown):
            for ref in self._wanted.pop(security_id, ()):
                news.setdefault(ref, set()).add(security_id)
        for ref, security_ids in news.items():
            known = {key: tickers.known[key] for key in security_ids & tickers.known.keys()}
            unknown = frozenset(security_ids & tickers.unknown)
            tell(ref, TickersArrived(tickers=Tickers(known=known, unknown=unknown)))

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
        tell(
            self.actor_ref,
            _Fetched(asked=security_ids, bulk=bulk, tickers=tickers, failure=failure),
        )

    def _ask_service(self, security_ids: frozenset[str], *, bulk: bool) -> Tickers:
        if bulk:
            return Tickers(known=dict(self._service.all_tickers()))
        (security_id,) = security_ids
        ticker = self._service.ticker(security_id)
        if ticker is None:
            return Tickers(unknown=security_ids)
        return Tickers(known={security_id: ticker})
