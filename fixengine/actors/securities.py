"""The security cache: tickers by security id, asked for once at a time, kept for a while."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import Any, assert_never

from cachetools import TTLCache
from loguru import logger

from fixengine.actors.asking import tell
from fixengine.actors.base import Actor
from fixengine.actors.messages import ActorRef, ResolveTickers, Tickers, TickersArrived
from fixengine.actors.retries import Retries
from fixengine.errors import UnavailableError
from fixengine.metrics import EngineMetrics
from fixengine.ports import SecurityService
from fixengine.tracing import in_scope

KEPT_FOR = 60.0
"""Seconds an answer is believed."""

UNKNOWN_FOR = 5.0
"""Seconds a 404 is believed: long enough for a flood of the same, short for a new security."""

BULK_FROM = 8
"""From so many unknown securities on, one bulk call is cheaper than single ones."""

CONNECTIONS = 8
"""Calls to security-service at a time."""

MOST_CALLS = 64
"""Calls under way or waiting for a connection; more would be stale before they are made."""

_CAPACITY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """A worker thread → security cache: what the service said."""

    asked: frozenset[str]
    tickers: Tickers
    failure: str | None


@dataclass(frozen=True, slots=True)
class _Retry:
    """Security cache → itself: ask again for what is still missing."""


class SecurityCache(Actor):
    """Answers from memory at once; calls run in threads, so that slow ones hold nobody up."""

    def __init__(self, *, service: SecurityService, metrics: EngineMetrics) -> None:
        super().__init__()
        self._service = service
        self._metrics = metrics
        self._tickers: TTLCache[str, str] = TTLCache(_CAPACITY, KEPT_FOR)
        self._unknown: TTLCache[str, None] = TTLCache(_CAPACITY, UNKNOWN_FOR)
        self._wanted: dict[str, set[ActorRef]] = {}
        self._asking: set[str] = set()
        self._retries = Retries(first=0.2, cap=5.0)
        self._failed: dict[str, None] = {}
        self._retry_is_due = False
        self._failing = False
        self._workers = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="security-service")

    def receive(self, message: ResolveTickers | _Fetched | _Retry) -> Any:
        match message:
            case ResolveTickers(security_ids=security_ids, reply_to=reply_to):
                return self._resolve(security_ids, reply_to)
            case _Fetched():
                return self._fetched(message)
            case _Retry():
                return self._retry()
            case _:
                assert_never(message)

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

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
        self._fetch(pending - self._failed.keys())
        return Tickers(known=known, unknown=unknown, pending=pending)

    def _fetch(self, security_ids: Iterable[str]) -> None:
        """Ask for those that are not being asked for, all at once if there are many."""
        missing = frozenset(security_ids) - self._asking
        if len(missing) >= BULK_FROM and not self._failed:
            self._submit(missing, bulk=True)
        else:
            self._fetch_singly(missing)

    def _fetch_singly(self, missing: frozenset[str]) -> None:
        """Ask for each, as far as there is room."""
        room = max(MOST_CALLS - len(self._asking), 0)
        for number, security_id in enumerate(missing):
            if number < room:
                self._submit(frozenset({security_id}), bulk=False)
            else:
                self._put_off(security_id)

    def _submit(self, security_ids: frozenset[str], *, bulk: bool) -> None:
        self._asking |= security_ids
        self._workers.submit(in_scope(self._call), security_ids, bulk=bulk)

    def _fetched(self, answer: _Fetched) -> None:
        self._asking -= answer.asked
        self._tickers.update(answer.tickers.known)
        self._unknown.update(dict.fromkeys(answer.tickers.unknown))
        self._tell_waiting(answer.tickers)
        if answer.failure is not None:
            if not self._failing:
                self._failing = True
                logger.bind(reason=answer.failure).warning("security-service fails, orders wait")
            for security_id in answer.asked:
                self._put_off(security_id)
            return
        recovers = not self._failed.keys().isdisjoint(answer.asked)
        for security_id in answer.asked:
            self._failed.pop(security_id, None)
        # a bulk answer may lack some: only a single 404 says that there is no such security
        self._fetch_singly(answer.asked & self._wanted.keys())
        if recovers and self._failed:
            self._fetch(tuple(self._failed))  # each turn needs a success, so this comes to an end
        elif recovers:
            self._retries.reset()
            if self._failing:
                self._failing = False
                logger.info("security-service answers again")

    def _put_off(self, security_id: str) -> None:
        """Ask again later, behind those that have waited for longer."""
        self._failed.pop(security_id, None)
        self._failed[security_id] = None
        if not self._retry_is_due:
            self._retry_is_due = True
            self.tell_later(self._retries.next_wait(), _Retry())

    def _retry(self) -> None:
        self._retry_is_due = False
        self._fetch(tuple(islice(self._failed, CONNECTIONS)))

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
            logger.exception("a call to security-service failed")
            tickers, failure = Tickers(), repr(error)
        result = "success" if failure is None else "failure"
        self._metrics.security_seconds.labels(result).observe(monotonic() - began)
        tell(self.actor_ref, _Fetched(asked=security_ids, tickers=tickers, failure=failure))

    def _ask_service(self, security_ids: frozenset[str], *, bulk: bool) -> Tickers:
        if bulk:
            everything = self._service.all_tickers()
            return Tickers(known={key: everything[key] for key in security_ids & everything.keys()})
        (security_id,) = security_ids
        ticker = self._service.ticker(security_id)
        if ticker is None:
            return Tickers(unknown=security_ids)
        return Tickers(known={security_id: ticker})
