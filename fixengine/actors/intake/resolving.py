"""The stage of orders whose ticker is still to be found: they wait until it is known."""

from fixengine.actors.intake.in_hand import InHand, Moved, begin_batch, without
from fixengine.actors.messages import ResolveTickers, Tickers
from fixengine.supervision.refs import ActorRef, ask
from fixengine.telemetry.tracing import UNTRACED, Tracer
from fixengine.wire.letter_reasons import Reason

RESOLVED_WITHIN = 5.0
"""Seconds in which the security cache answers what it knows."""


class Resolving:
    """Items by security. The security cache answers what it knows; it tells `reply_to` the rest."""

    def __init__(
        self, securities: ActorRef, *, reply_to: ActorRef, tracer: Tracer = UNTRACED
    ) -> None:
        self._securities = securities
        self._reply_to = reply_to
        self._tracer = tracer
        self._new: list[InHand] = []
        self._waiting: dict[str, list[InHand]] = {}

    def __len__(self) -> int:
        """Return for how many securities items wait."""
        return len(self._waiting)

    def add(self, items: list[InHand]) -> None:
        """Take items on; each is decoded."""
        self._new += items
        for item in items:
            self._waiting.setdefault(item.security_id, []).append(item)

    def turn(self, *, again: bool = False) -> Moved:
        """Ask for the tickers of new items, or `again` for all that wait; see what is known."""
        new, self._new = self._new, []
        if again:
            return self._ask(frozenset(self._waiting))
        if not new:
            return Moved()
        with begin_batch(self._tracer, "find tickers", new):
            return self._ask(frozenset(item.security_id for item in new))

    def arrived(self, tickers: Tickers) -> Moved:
        """See which items this answers."""
        resolved = Moved()
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
        """Drop the items of partitions that are gone."""
        self._new = without(partitions, self._new)
        self._waiting = {
            security_id: kept
            for security_id, items in self._waiting.items()
            if (kept := without(partitions, items))
        }

    def _ask(self, security_ids: frozenset[str]) -> Moved:
        message = ResolveTickers(security_ids=security_ids, reply_to=self._reply_to)
        return self.arrived(ask(self._securities, message, timeout=RESOLVED_WITHIN))
