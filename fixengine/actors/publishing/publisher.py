"""The publisher: fills go to the broker, and then leave the outbox."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias, assert_never

from loguru import logger

from fixengine.actors.messages import DeadLetterTopic, FillsPublished, PublishFills
from fixengine.actors.publishing.broker_watch import BrokerWatch
from fixengine.actors.publishing.deliveries import Deliveries
from fixengine.actors.publishing.limits import PUBLISHER_LIMITS, PublisherLimits
from fixengine.actors.publishing.marks import GATHER_FOR, Marking
from fixengine.actors.publishing.outbox import OutboxClient
from fixengine.actors.publishing.outbox_watch import OutboxWatch
from fixengine.actors.publishing.outgoing import FillToken, fill_message
from fixengine.actors.publishing.pending import PendingFills
from fixengine.actors.publishing.take_over import TakeOvers
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Sink, Tail, TopicNews
from fixengine.rules.values import Fill
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.engine import EngineMetrics

_STEP = 0.05
"""Seconds that a step waits for news."""

_CLOSE_WITHIN = 0.2
"""Seconds of a stop's time that are left for letting go of the producer."""


@dataclass(frozen=True, slots=True)
class _Serve:
    """Publisher → itself: move deliveries on."""


@dataclass(frozen=True, slots=True)
class _MarkAgain:
    """Publisher → itself: try again to take acknowledged fills out of the outbox."""


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Publisher → itself: is the broker there, and are there fills that nobody told of?"""


_Received: TypeAlias = PublishFills | _Serve | _MarkAgain | _Sweep


class Publisher(Actor):
    """Each stored fill goes to the topic once.

    A fill that the scheduler tells of is sent. One that is found in the outbox is sent only if a
    look at the topic shows that it is not there. It is whole with twelve attributes: they are its
    parts, which all move on in one step, and what connects them.
    """

    closes_within = 1.5

    def __init__(
        self,
        *,
        sink: Sink,
        tail: Tail,
        repository: ActorRef,
        dead_letters: ActorRef,
        health: Health,
        metrics: EngineMetrics,
        fills_topic: str,
        dlq_topic: str,
        settled: Callable[[], bool],
        limits: PublisherLimits = PUBLISHER_LIMITS,
    ) -> None:
        """Take the parts; `settled` says whether publishers before have nothing under way."""
        super().__init__()
        self._limits = limits
        self._dead_letters = dead_letters
        self._fills_topic = fills_topic
        self._dlq_topic = dlq_topic
        self._deliveries = Deliveries[FillToken](sink)
        self._pending = PendingFills()
        self._outbox = OutboxClient(repository, within=limits.repository_within)
        self._take_overs = TakeOvers(self._outbox, metrics)
        self._watch = OutboxWatch(
            outbox=self._outbox,
            tail=tail,
            pending=self._pending,
            send=self._publish,
            settled=settled,
            silent_for=limits.tail_silent_for,
        )
        self._broker = BrokerWatch(
            sink=sink,
            deliveries=self._deliveries,
            health=health,
            fills_topic=fills_topic,
            limits=limits,
        )
        self._marking = Marking(
            outbox=self._outbox,
            pending=self._pending,
            metrics=metrics,
            arrived=self._broker.arrived,
        )
        self._serving = False

    def boot(self) -> None:
        self._deliveries.open()
        self.actor_ref.tell(_Sweep())

    def receive(self, message: _Received) -> Any:
        match message:
            case PublishFills(fills=fills, until=until, reply_to=reply_to):
                return self._publish_told(fills, until, reply_to)
            case _Serve():
                return self._serve()
            case _MarkAgain():
                return None if self._serving else self._serve()
            case _Sweep():
                return self._sweep()
            case _:
                assert_never(message)

    def close(self) -> None:
        try:
            self._drain(self.close_by(self._limits.drained_within) - _CLOSE_WITHIN)
        finally:
            self._watch.close()
            self._deliveries.close()

    def _publish_told(
        self, fills: tuple[Fill, ...], until: float, reply_to: ActorRef | None
    ) -> None:
        news = self._pending.told(fills, reply_to)
        if reply_to is not None and len(news) < len(fills):
            tell(reply_to, FillsPublished(count=len(fills) - len(news)))
        self._publish(news, until)

    def _publish(self, fills: Iterable[Fill], until: float) -> None:
        for fill in fills:
            self._deliveries.add(fill_message(fill, topic=self._fills_topic, until=until))
        self._go_on()

    def _go_on(self) -> None:
        if not self._serving:
            self._serving = True
            self.actor_ref.tell(_Serve())

    def _serve(self) -> None:
        self._step()
        self._serving = bool(self._deliveries) or self._watch.checking
        if self._serving:
            self.actor_ref.tell(_Serve())
        elif self._pending.acknowledged:
            self.tell_later(self._marking.wait, _MarkAgain())

    def _step(self) -> None:
        """Move deliveries and the watch over the outbox on, and deal with the news."""
        self._watch.step(_STEP)
        news = self._deliveries.step(GATHER_FOR if self._pending.acknowledged else _STEP)
        self._broker.heard(news)
        self._pending.acknowledge(token.key for token in news.tokens)
        if news.failures:
            self._pending.fail(token.key for token, _ in news.failures)
        self._marking.step(more_to_come=bool(self._deliveries))

    def _sweep(self) -> None:
        if self.stopping:
            return
        news = self._broker.look(blind=self._watch.blind)
        if news is not None:
            self._tell_dead_letters(news)
        # without its topic, or a broker, fills are left to engines that may have them, and no more
        # are made here
        if self._broker.can_publish and not self.stopping:
            self._look_after_the_outbox()
        self._go_on()  # a producer may break also while it has nothing to do
        self.tell_later(self._limits.look_every, _Sweep())

    def _tell_dead_letters(self, news: TopicNews) -> None:
        topic = DeadLetterTopic(
            refused=news.refused.get(self._dlq_topic), note=news.notes.get(self._dlq_topic, "")
        )
        tell(self._dead_letters, topic)

    def _look_after_the_outbox(self) -> None:
        for sender, count in self._pending.settle().items():
            tell(sender, FillsPublished(count=count))
        try:
            has_own = self._take_overs.look(checking=self._watch.checking)
            self._watch.look(empty=not has_own)
        except UnavailableError:
            return  # the repository says so itself; the next sweep is near
        if self._watch.checking:
            self._go_on()

    def _drain(self, deadline: float) -> None:
        """Publish and mark what there is, until the deadline."""
        self._outbox.within = self._limits.repository_within_in_a_stop
        # the stop has overtaken what the scheduler told of last
        for told in self.actor_inbox.waiting(PublishFills):
            self._publish_told(told.fills, told.until, told.reply_to)
        try:
            self._watch.scan(older_than=0)
            repository_answers = True
        except UnavailableError:
            repository_answers = False
        while monotonic() < deadline and (
            self._deliveries
            or self._watch.checking
            or (repository_answers and self._pending.acknowledged)
        ):
            self._step()
        if self._pending:
            logger.bind(fills=len(self._pending)).warning("fills are left for another engine")
