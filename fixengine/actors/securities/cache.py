"""The security cache: tickers by security id, from memory or from security-service."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, assert_never

from fixengine.actors.messages import ResolveTickers, Tickers, TickersArrived
from fixengine.actors.securities.answers import Answers
from fixengine.actors.securities.calls import CONNECTIONS, Calls, Fetched
from fixengine.ports.services import SecurityService
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.supervision.retries import Retries
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.outage import HoldUp, Outage


@dataclass(frozen=True, slots=True)
class _Retry:
    """Security cache → itself: ask again for what is still missing."""


class SecurityCache(Actor):
    """Answers from memory at once, and tells later what it has to ask security-service for.

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
        self._answers = Answers(clock)
        self._calls = Calls(service, metrics, tell=partial(tell, self.actor_ref), clock=clock)
        self._wanted: dict[str, set[ActorRef]] = {}  # who waits for which security
        self._failed: dict[str, None] = {}  # securities to ask for again, the longest wait first
        self._retries = Retries(first=0.2, cap=5.0)
        self._retry_is_due = False
        self._holds_up = HoldUp(health, Part.STORING, "orders wait for their tickers")
        self._outage = Outage(
            "security-service fails, orders wait", "security-service answers again"
        )

    def receive(self, message: ResolveTickers | Fetched | _Retry) -> Any:
        match message:
            case ResolveTickers(security_ids=security_ids, reply_to=reply_to):
                return message.answer(self._resolve(security_ids, reply_to))
            case Fetched():
                return self._fetched(message)
            case _Retry():
                return self._retry()
            case _:
                assert_never(message)

    def close(self) -> None:
        self._calls.close()

    def _resolve(self, security_ids: frozenset[str], reply_to: ActorRef) -> Tickers:
        tickers = self._answers.to(security_ids)
        for security_id in tickers.pending:
            self._wanted.setdefault(security_id, set()).add(reply_to)
        ageing = self._answers.ageing(tickers.known)
        self._calls.ask((tickers.pending | ageing) - self._failed.keys())
        return tickers

    def _fetched(self, answer: Fetched) -> None:
        self._calls.ended(answer)
        self._answers.keep(answer.tickers)
        self._tell_waiting(answer.tickers)
        if answer.failure is None:
            self._succeeded(answer)
        else:
            self._failed_for(answer.asked, answer.failure)
        self._calls.ask_singly(())  # there is room for one more

    def _succeeded(self, answer: Fetched) -> None:
        """Go on where a call brought an answer."""
        known = answer.tickers.known
        self._holds_up.end()
        settled = answer.asked | known.keys()
        recovers = not self._failed.keys().isdisjoint(settled)
        for security_id in settled:
            self._failed.pop(security_id, None)
        # a bulk answer may lack some: only a single 404 says that there is no such security
        self._calls.ask_singly(
            key
            for key in answer.asked - known.keys()
            if key in self._wanted or key in self._answers
        )
        if recovers and self._failed:
            self._calls.ask(tuple(self._failed))  # each turn needs a success, so this ends
        elif recovers:
            self._retries.reset()
            self._outage.end()

    def _failed_for(self, security_ids: frozenset[str], failure: str) -> None:
        """Ask again later, and say that orders wait.

        They may wait for one security alone because the service can't answer for that one.
        """
        self._outage.begin(failure)
        for security_id in security_ids:
            self._failed.pop(security_id, None)  # behind those that have waited for longer
            self._failed[security_id] = None
        if not self._retry_is_due:
            self._retry_is_due = True
            self.tell_later(self._retries.next_wait(), _Retry())
        if len(self._failed.keys() & self._wanted.keys()) > 1:
            self._holds_up.begin(failure)

    def _retry(self) -> None:
        self._retry_is_due = False
        self._calls.ask_singly([*islice(self._failed, CONNECTIONS)])

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
