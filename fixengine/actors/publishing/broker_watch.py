"""The watch over the broker: whether it answers, and what it does not take though it does."""

from collections.abc import Iterable

from fixengine.actors.publishing.deliveries import Deliveries
from fixengine.actors.publishing.outgoing import FillToken
from fixengine.actors.publishing.pending import Key
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Failure
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.outage import Outage, Outages

SILENCE = 5.0
"""Seconds that a fill may be on its way before it is said that the broker does not answer."""

REFUSED_FOR = 60.0
"""Seconds after which a refused fill that was not tried again is another engine's."""


class BrokerWatch:
    """Where some fills get through and others don't, the others count."""

    def __init__(self, health: Health, deliveries: Deliveries[FillToken]) -> None:
        self._health = health
        self._deliveries = deliveries
        self._refused = Outages[Key](REFUSED_FOR)
        self._say_away = health.down
        self._outage = Outage(
            "fills do not get through, they are tried again",
            "the broker takes fills again",
            level="ERROR",
        )

    def failed(self, failures: tuple[tuple[FillToken, Failure], ...]) -> None:
        """Take note of fills that may not have arrived."""
        self._outage.begin(failures[0][1].reason, fills=len(failures))
        for token, failure in failures:
            self._refused.begin(token.key, failure.reason)

    def takes_fills(self) -> None:
        """Take note that some have arrived, and none has failed."""
        self._outage.end()

    def arrived(self, fills: Iterable[Key]) -> None:
        """Let go of fills that the topic has."""
        for fill in fills:
            self._refused.end(fill)

    def away(self, error: UnavailableError) -> None:
        """Say that it does not answer; one look that fails may just have been slow."""
        say, self._say_away = self._say_away, self._health.down
        say(Part.BROKER, str(error))

    def there(self, *problems: str, blind: str, note: str) -> None:
        """Say that it answers, and what keeps fills from it all the same.

        `problems` do not pass by themselves; `blind` says why fills wait for a look at their topic.
        Any of these may be empty.
        """
        self._say_away = self._health.waits
        if problem := "; ".join(filter(None, problems)):
            self._health.down(Part.BROKER, problem)
        elif waiting := blind or self._refusals() or self._unanswered():
            self._health.waits(Part.BROKER, waiting)
        else:
            self._health.up(Part.BROKER, note)

    def _refusals(self) -> str:
        """Say how many fills wait that the broker has refused, and why it refused the last."""
        reasons = self._refused.reasons()
        return f"fills are refused, {len(reasons)} of them wait: {reasons[-1]}" if reasons else ""

    def _unanswered(self) -> str:
        """Say how many fills the broker leaves unanswered, if it has done so for long."""
        if (oldest := self._deliveries.oldest_for) < SILENCE:
            return ""
        reason = f"the broker does not answer for {len(self._deliveries)} fills"
        self._outage.begin(reason, fills=len(self._deliveries))
        return f"{reason}, the first has waited for {oldest:.0f} s"
