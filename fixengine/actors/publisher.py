"""The publisher: fills and dead letters go to the broker; fills then leave the outbox."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeAlias, assert_never

from loguru import logger

from fixengine.actors.asking import ask, tell
from fixengine.actors.base import Actor
from fixengine.actors.deliveries import Deliveries
from fixengine.actors.messages import (
    ActorRef,
    DeadLetter,
    DeadLettersPublished,
    FillsPublished,
    FinishDeadLetters,
    GetUnpublished,
    MarkPublished,
    PublishDeadLetters,
    PublishFills,
    TakeOverOutbox,
)
from fixengine.actors.outgoing import (
    FillToken,
    LetterToken,
    Message,
    Token,
    fill_message,
    letter_message,
)
from fixengine.actors.pending import PendingFills
from fixengine.actors.retries import Retries
from fixengine.domain import Fill
from fixengine.errors import UnavailableError
from fixengine.health import Health
from fixengine.metrics import EngineMetrics
from fixengine.ports import Record, Sink, TakeOver

SWEEP_INTERVAL = 2.0
"""Seconds between looks at the broker, and at what engines that are gone left."""

DRAIN_WITHIN = 2.5
"""Seconds that a stop waits for deliveries; what is left, another engine publishes."""

_PAGE = 500
_PATIENCE = 6.0  # seconds for a reply of the repository
_PATIENCE_OF_A_STOP = 1.0
_LOOKS = 2
_BROKER_TIMEOUT = 1.0
_RESEND_AFTER = 1.0
_STEP = 0.05
_ENOUGH_PENDING = 10_000


@dataclass(frozen=True, slots=True)
class _Serve:
    """Publisher → itself: move deliveries on."""


@dataclass(frozen=True, slots=True)
class _MarkAgain:
    """Publisher → itself: try again to take acknowledged fills out of the outbox."""


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Publisher → itself: is the broker there, and did an engine leave fills behind?"""


@dataclass(frozen=True, slots=True)
class _Scan:
    """Publisher → itself: publish what of this engine's outbox is not on its way."""

    after: int


@dataclass(frozen=True, slots=True)
class _Resend:
    """Publisher → itself: try again what the broker refused."""

    messages: tuple[Message, ...]


_Received: TypeAlias = (
    PublishFills
    | PublishDeadLetters
    | FinishDeadLetters
    | _Serve
    | _MarkAgain
    | _Sweep
    | _Scan
    | _Resend
)


class Publisher(Actor):
    """Each stored fill goes to the topic once while this actor lives."""

    def __init__(
        self,
        *,
        sink: Sink,
        repository: ActorRef,
        health: Health,
        metrics: EngineMetrics,
        fills_topic: str,
        dlq_topic: str,
    ) -> None:
        super().__init__()
        self._sink = sink
        self._repository = repository
        self._health = health
        self._metrics = metrics
        self._fills_topic = fills_topic
        self._dlq_topic = dlq_topic
        self._deliveries = Deliveries[Token](sink)
        self._pending = PendingFills()
        self._letters: set[Record] = set()
        self._patience = _PATIENCE
        self._missed: Counter[int] = Counter()
        self._serving = False
        self._refused = False
        self._mark_at = 0.0
        self._mark_retries = Retries(first=0.1, cap=5.0)

    def boot(self) -> None:
        self._sink.open()
        self.actor_ref.tell(_Sweep())

    def receive(self, message: _Received) -> Any:
        match message:
            case PublishFills(fills=fills, reply_to=reply_to):
                return self._publish_told(fills, reply_to)
            case PublishDeadLetters(letters=letters, reply_to=reply_to):
                return self._publish_letters(letters, reply_to)
            case FinishDeadLetters(records=records, within=within):
                return self._finish_letters(records, within)
            case _Serve():
                return self._serve()
            case _MarkAgain():
                return None if self._serving else self._serve()
            case _Sweep():
                return self._sweep()
            case _Scan(after=after):
                return self._scan(after)
            case _Resend(messages=messages):
                return self._send(messages)
            case _:
                assert_never(message)

    def close(self) -> None:
        try:
            self._drain(monotonic() + DRAIN_WITHIN)
        finally:
            self._sink.close()

    def _publish_told(self, fills: tuple[Fill, ...], reply_to: ActorRef) -> None:
        news = self._pending.told(fills, reply_to)
        if len(news) < len(fills):
            tell(reply_to, FillsPublished(count=len(fills) - len(news)))
        self._publish(news)

    def _publish(self, fills: Iterable[Fill]) -> None:
        self._send(fill_message(fill, topic=self._fills_topic) for fill in fills)

    def _publish_letters(self, letters: tuple[DeadLetter, ...], reply_to: ActorRef) -> None:
        now = datetime.now(UTC)
        self._letters.update(letter.record for letter in letters)
        self._send(
            letter_message(letter, topic=self._dlq_topic, failed_at=now, reply_to=reply_to)
            for letter in letters
        )

    def _finish_letters(self, records: tuple[Record, ...], within: float) -> tuple[Record, ...]:
        deadline = monotonic() + within
        while not self._letters.isdisjoint(records) and monotonic() < deadline:
            self._step()
        return tuple(record for record in records if record not in self._letters)

    def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._deliveries.add(message)
        if not self._serving:
            self._serving = True
            self.actor_ref.tell(_Serve())

    def _serve(self) -> None:
        self._step()
        self._serving = bool(self._deliveries)
        if self._serving:
            self.actor_ref.tell(_Serve())
        elif self._pending.acknowledged:
            self.tell_later(max(self._mark_at - monotonic(), 0), _MarkAgain())

    def _step(self) -> None:
        """Move deliveries on and deal with the news."""
        news = self._deliveries.step(_STEP)
        for token in news.tokens:
            match token:
                case FillToken(key=key):
                    self._pending.acknowledged.append(key)
                case LetterToken(record=record, reply_to=reply_to):
                    self._letters.discard(record)
                    self._metrics.dead_letters.inc()
                    tell(reply_to, DeadLettersPublished(records=(record,)))
        if news.failures:
            self._failed(news.failures)
        elif news.tokens and self._refused:
            self._refused = False
            logger.info("the broker takes messages again")
        if self._pending.acknowledged and monotonic() >= self._mark_at:
            self._mark()

    def _failed(self, failures: tuple[tuple[Message, str], ...]) -> None:
        if not self._refused:
            self._refused = True
            message, reason = failures[0]
            logger.bind(topic=message.topic, reason=reason, messages=len(failures)).error(
                "the broker refuses messages, they are tried again"
            )
        self.tell_later(_RESEND_AFTER, _Resend(tuple(message for message, _ in failures)))

    def _mark(self) -> None:
        """Take acknowledged fills out of the outbox, or leave them for the next step."""
        fills = tuple(self._pending.acknowledged)
        try:
            marked = ask(self._repository, MarkPublished(fills=fills), timeout=self._patience)
        except UnavailableError:
            self._mark_at = monotonic() + self._mark_retries.next_wait()
            return
        self._mark_retries.reset()
        self._metrics.published.inc(len(fills))
        if marked < len(fills):
            logger.bind(fills=len(fills) - marked).warning(
                "fills were taken over by another engine while they were published here"
            )
        for sender, count in self._pending.marked().items():
            tell(sender, FillsPublished(count=count))

    def _sweep(self) -> None:
        try:
            self._sink.ensure_topics(_BROKER_TIMEOUT)
        except UnavailableError as error:
            self._health.down("broker", str(error))
        else:
            self._health.up("broker")
        self._take_over()
        self._scan(after=0)
        self.tell_later(SWEEP_INTERVAL, _Sweep())

    def _take_over(self) -> None:
        """Adopt fills of engines that were missed at the last two looks and still are."""
        suspects = frozenset(owner for owner, looks in self._missed.items() if looks >= _LOOKS)
        try:
            look: TakeOver = ask(
                self._repository, TakeOverOutbox(suspects=suspects), timeout=self._patience
            )
        except UnavailableError:
            self._missed.clear()  # after an outage the others come back just as we do
            return
        self._missed = Counter({owner: self._missed[owner] + 1 for owner in look.gone})
        if look.fills:
            self._metrics.taken_over.inc(look.fills)
            logger.bind(fills=look.fills).info("fills of engines that are gone taken over")

    def _scan(self, after: int) -> None:
        if len(self._pending) > _ENOUGH_PENDING:
            self.tell_later(_STEP, _Scan(after))
            return
        try:
            page = self._page(after)
        except UnavailableError:
            return  # the repository says so itself; the next sweep is near
        if len(page) == _PAGE:
            self.actor_ref.tell(_Scan(page[-1].execution.id))

    def _page(self, after: int) -> tuple[Fill, ...]:
        """Publish a page of the outbox, but what is on its way already; return the page."""
        page: tuple[Fill, ...] = ask(
            self._repository,
            GetUnpublished(after=after, limit=_PAGE),
            timeout=self._patience,
        )
        self._publish(self._pending.found(page))
        return page

    def _drain(self, deadline: float) -> None:
        """Publish and mark what there is, until the deadline."""
        self._patience = _PATIENCE_OF_A_STOP
        repository_answers = self._publish_the_rest(deadline)
        while monotonic() < deadline and (
            self._deliveries or (repository_answers and self._pending.acknowledged)
        ):
            self._step()
        if self._pending:
            logger.bind(fills=len(self._pending)).warning("fills are left for another engine")

    def _publish_the_rest(self, deadline: float) -> bool:
        """Look for fills that nobody could tell of, since the stop has overtaken the message.

        Returns whether the repository could be asked.
        """
        after = 0
        while monotonic() < deadline:
            try:
                page = self._page(after)
            except UnavailableError:
                return False
            if len(page) < _PAGE:
                break
            after = page[-1].execution.id
        return True
