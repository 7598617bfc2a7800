"""The watch over the broker: whether it answers, and what it does not take although it answers."""

from collections.abc import Iterable

from fixengine.actors.publishing.deliveries import Delivered, Deliveries
from fixengine.actors.publishing.limits import PublisherLimits
from fixengine.actors.publishing.outgoing import FillToken
from fixengine.actors.publishing.pending import Key
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Sink, TopicNews
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.outage import Outage, Outages


class BrokerWatch:
    """Where some fills get through and others don't, it tells of the others."""

    def __init__(
        self,
        *,
        sink: Sink,
        deliveries: Deliveries[FillToken],
        health: Health,
        fills_topic: str,
        limits: PublisherLimits,
    ) -> None:
        self.can_publish = False
        self._sink = sink
        self._deliveries = deliveries
        self._health = health
        self._fills_topic = fills_topic
        self._limits = limits
        self._refused = Outages[Key](limits.refused_for)
        self._broken = ""
        self._say_away = health.down
        self._outage = Outage(
            "fills do not get through, they are tried again",
            "the broker takes fills again",
            level="ERROR",
        )

    def heard(self, news: Delivered[FillToken]) -> None:
        """Take note of what became of some fills."""
        self._broken = news.broken or self._broken
        if news.failures:
            _, failure = news.failures[0]
            self._outage.begin(failure.reason, fills=len(news.failures))
            for token, failure in news.failures:
                self._refused.begin(token.key, failure.reason)
        elif news.tokens:
            self._outage.end()

    def arrived(self, fills: Iterable[Key]) -> None:
        """Let go of fills that the topic has."""
        for fill in fills:
            self._refused.end(fill)

    def look(self, *, blind: str) -> TopicNews | None:
        """Look at the broker and at its topics, and tell readiness; return the news of topics.

        `blind` says why fills wait for a look at their topic, if they do. None means that the
        broker does not answer. `can_publish` is true from now on where fills have a topic and a
        producer.
        """
        self.can_publish = False
        self._renew_the_producer()
        try:
            news = self._sink.ensure_topics(self._limits.broker_within)
        except UnavailableError as error:
            self._away(str(error))
            return None
        refused = self._broken or news.refused.get(self._fills_topic, "")
        self._there(
            problem="; ".join(filter(None, (refused, self._sink.unreached()))),
            blind=blind,
            note=news.notes.get(self._fills_topic, ""),
        )
        self.can_publish = not refused
        return news

    def _renew_the_producer(self) -> None:
        """Replace a producer that could not go on. One that lasts from look to look works."""
        if self._deliveries.is_open:
            self._broken = ""
        else:
            self._deliveries.open()

    def _away(self, reason: str) -> None:
        """Say that the broker does not answer. After an answer one look may just be slow."""
        say, self._say_away = self._say_away, self._health.down
        say(Part.BROKER, reason)

    def _there(self, *, problem: str, blind: str, note: str) -> None:
        """Say that the broker answers, and what keeps fills from it. A problem does not pass."""
        self._say_away = self._health.waits
        if problem:
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
        if (oldest := self._deliveries.oldest_for) < self._limits.unanswered_for:
            return ""
        reason = f"the broker does not answer for {len(self._deliveries)} fills"
        self._outage.begin(reason, fills=len(self._deliveries))
        return f"{reason}, the first has waited for {oldest:.0f} s"
