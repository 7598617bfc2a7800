"""What engines that are gone left in the outbox: another engine takes it over."""

from collections.abc import Callable
from functools import partial
from time import monotonic

from fixengine.actors.publishing.outbox import OutboxClient, paced
from fixengine.recurring import Recurring
from fixengine.rules.pace import Pace
from fixengine.rules.take_over_times import TAKE_OVER_AFTER
from fixengine.telemetry.metrics.engine import EngineMetrics


class TakeOvers:
    """Adopts fills when their engine has been gone for TAKE_OVER_AFTER."""

    def __init__(
        self, outbox: OutboxClient, metrics: EngineMetrics, clock: Callable[[], float] = monotonic
    ) -> None:
        self._outbox = outbox
        self._metrics = metrics
        self._clock = clock
        self._pace = Pace(clock)
        self._gone_since: dict[int, float] = {}
        self._has_own = True
        self._adopted = Recurring("INFO", "fills of engines that are gone taken over")

    def look(self, *, checking: bool) -> bool:
        """Look for engines that are gone, as often as it is worth. Raises UnavailableError.

        Returns whether the outbox may hold any fill that is this engine's.

        Nothing is adopted while what was found before is `checking` against the topic: what the
        check knows of a fill would be stale if the fill had been another engine's meanwhile.
        """
        self._has_own = True  # as long as nothing says otherwise
        if self._pace.due:
            paced(self._pace, partial(self._adopt, checking=checking))
        return self._has_own

    def _adopt(self, *, checking: bool) -> float:
        """Adopt what is left; return the seconds that it took the database."""
        now = self._clock()
        suspects = frozenset(
            owner
            for owner, since in self._gone_since.items()
            if now - since >= TAKE_OVER_AFTER and not checking
        )
        look = self._outbox.take_over(suspects)
        now = self._clock()
        self._gone_since = {
            owner: self._gone_since.get(owner, now) for owner in look.gone - suspects
        }
        self._has_own = look.own
        if look.fills:
            self._metrics.taken_over.inc(look.fills)
            self._adopted.happened(look.fills)
        return look.seconds
