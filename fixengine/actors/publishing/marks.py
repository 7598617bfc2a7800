"""The end of a fill's way: what the broker has acknowledged leaves the outbox."""

from collections.abc import Callable, Iterable
from time import monotonic

from loguru import logger

from fixengine.actors.messages import FillsPublished
from fixengine.actors.publishing.outbox import OutboxClient
from fixengine.actors.publishing.pending import Key, PendingFills
from fixengine.errors import UnavailableError
from fixengine.recurring import Recurring
from fixengine.supervision.refs import tell
from fixengine.supervision.retries import Retries
from fixengine.telemetry.metrics.engine import EngineMetrics

GATHER_FOR = 0.02
"""Seconds for which acknowledged fills wait for others, to be marked together."""


class Marking:
    """Marks acknowledged fills, and tells who made them. A mark that fails is made again later."""

    def __init__(
        self,
        *,
        outbox: OutboxClient,
        pending: PendingFills,
        metrics: EngineMetrics,
        arrived: Callable[[Iterable[Key]], None],
    ) -> None:
        """Take the parts; `arrived` hears of fills on the topic before they can be marked."""
        self._outbox = outbox
        self._pending = pending
        self._metrics = metrics
        self._arrived = arrived
        self._gathers_until: float | None = None
        self._not_before = 0.0
        self._in_doubt = False
        self._retries = Retries(first=0.1, cap=5.0)
        self._taken_away = Recurring(
            "WARNING", "fills were taken over by another engine while they were published here"
        )

    @property
    def wait(self) -> float:
        """Seconds until acknowledged fills can be marked."""
        return max(self._not_before - monotonic(), 0)

    def step(self, *, more_to_come: bool) -> None:
        """Mark acknowledged fills, unless a retry has to wait, or others are about to join them."""
        if not self._pending.acknowledged:
            return
        now = monotonic()
        if self._gathers_until is None:
            self._gathers_until = now + GATHER_FOR
        if now >= self._not_before and not (more_to_come and now < self._gathers_until):
            self._mark(tuple(self._pending.acknowledged))

    def _mark(self, fills: tuple[Key, ...]) -> None:
        self._arrived(fills)
        try:
            marked = self._outbox.mark(fills)
        except UnavailableError:
            self._not_before = monotonic() + self._retries.next_wait()
            self._in_doubt = True
            return
        self._gathers_until = None
        self._retries.reset()
        self._metrics.published.inc(len(fills))
        logger.opt(lazy=True).debug(
            "fills published", executions=lambda: [execution for execution, _ in fills]
        )
        # a mark that seemed to fail may have been made
        if marked < len(fills) and not self._in_doubt:
            self._metrics.possibly_repeated.inc(len(fills) - marked)
            self._taken_away.happened(len(fills) - marked)
        self._in_doubt = False
        for sender, count in self._pending.mark(fills).items():
            tell(sender, FillsPublished(count=count))
