"""Orders that lack nothing but their ticker: it is asked for, and they wait until it is known."""

from dataclasses import dataclass, field

from fixengine.actors.intake.in_hand import InHand, begin_batch
from fixengine.actors.messages import ResolveTickers, Tickers
from fixengine.supervision.refs import ActorRef, ask
from fixengine.telemetry.tracing import UNTRACED, Tracer
from fixengine.wire.letter_reasons import Reason

_WITHIN = 5.0  # seconds


@dataclass(slots=True, kw_only=True)
class Resolved:
    """Items that have their ticker now, and those that never will, each with the reason."""

    items: list[InHand] = field(default_factory=list)
    refused: list[tuple[InHand, str]] = field(default_factory=list)


class Resolving:
    """Items by security. What is not known at once arrives at `reply_to` later."""

    def __init__(
        self, securities: ActorRef, *, reply_to: ActorRef, tracer: Tracer = UNTRACED
    ) -> None:
        self._securities = securities
        self._reply_to = reply_to
        self._tracer = tracer
        self._waiting: dict[str, list[InHand]] = {}

    def __len__(self) -> int:
        """Return of how many securities there are items that wait."""
        return len(self._waiting)

    def add(self, items: list[InHand]) -> Resolved:
        """Take decoded items on; return what is known already."""
        if not items:
            return Resolved()
        for item in items:
            self._waiting.setdefault(item.security_id, []).append(item)
        with begin_batch(self._tracer, "find tickers", items):
            return self._ask(frozenset(item.security_id for item in items))

    def again(self) -> Resolved:
        """Ask again for all that is waited for; return what is known by now."""
        return self._ask(frozenset(self._waiting))

    def arrived(self, tickers: Tickers) -> Resolved:
        """Take what is known now."""
        resolved = Resolved()
        for security_id, ticker in tickers.known.items():
            for item in self._waiting.pop(security_id, ()):
                item.ticker = ticker
                resolved.items.append(item)
        resolved.refused.extend(
            (item, Reason.UNKNOWN_SECURITY.format(value=security_id))
            for security_id in tickers.unknown
            for item in self._waiting.pop(security_id, ())
        )
        return resolved

    def forget(self, partitions: frozenset[int]) -> None:
        """Drop what belongs to another engine now."""
        self._waiting = {
            security_id: kept
            for security_id, items in self._waiting.items()
            if (kept := [item for item in items if item.record.partition not in partitions])
        }

    def _ask(self, security_ids: frozenset[str]) -> Resolved:
        message = ResolveTickers(security_ids=security_ids, reply_to=self._reply_to)
        return self.arrived(ask(self._securities, message, timeout=_WITHIN))
