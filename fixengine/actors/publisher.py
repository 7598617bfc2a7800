"""The publisher: fills and dead letters go to the broker; fills then leave the outbox."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeAlias, assert_never

from cachetools import LRUCache
from loguru import logger

from fixengine.actors.asking import ask, tell
from fixengine.actors.base import Actor
from fixengine.actors.deliveries import Deliveries, Outgoing
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
    RecoverFills,
    TakeOverOutbox,
)
from fixengine.actors.retries import Retries
from fixengine.domain import Fill
from fixengine.errors import UnavailableError
from fixengine.health import Health
from fixengine.letters import letter_headers
from fixengine.metrics import EngineMetrics
from fixengine.ports import Record, Sink
from fixengine.wire import encode_execution

SWEEP_INTERVAL = 2.0
"""Seconds between looks at the broker, and at what engines that are gone left."""

DRAIN_WITHIN = 2.5
"""Seconds that a stop waits for deliveries; what is left, another engine publishes."""

_PAGE = 500
_REPOSITORY_TIMEOUT = 6.0
_BROKER_TIMEOUT = 1.0
_RESEND_AFTER = 1.0
_STEP = 0.05
_ENOUGH_PENDING = 10_000


@dataclass(frozen=True, slots=True)
class _FillToken:
    execution_id: int
    number: int

    @property
    def key(self) -> tuple[int, int]:
        return (self.execution_id, self.number)


@dataclass(frozen=True, slots=True)
class _LetterToken:
    record: Record
    reply_to: ActorRef


_Token: TypeAlias = _FillToken | _LetterToken
_Message: TypeAlias = Outgoing[_Token]


@dataclass(frozen=True, slots=True)
class _Serve:
    """Publisher → itself: move deliveries on."""


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

    messages: tuple[_Message, ...]


_Received: TypeAlias = (
    PublishFills
    | PublishDeadLetters
    | FinishDeadLetters
    | RecoverFills
    | _Serve
    | _Sweep
    | _Scan
    | _Resend
)


class Publisher(Actor):
    """Each stored fill goes to the topic once while this actor lives.

    A fill is pending from when it is told or found until it is marked. Found ones are remembered,
    because the message that tells of them may still be on its way.
    """

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
        self._deliveries = Deliveries[_Token](sink)
        self._pending: dict[tuple[int, int], ActorRef | None] = {}
        self._found: LRUCache[tuple[int, int], None] = LRUCache(10_000)
        self._acknowledged: list[tuple[int, int]] = []
        self._letters: set[Record] = set()
        self._in_doubt = True
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
            case RecoverFills():
                return self._scan(after=0)
            case _Serve():
                return self._serve()
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
        news = [fill for fill in fills if _key(fill) not in self._found]
        if len(news) < len(fills):
            tell(reply_to, FillsPublished(count=len(fills) - len(news)))
        self._publish(news, reply_to)

    def _publish(self, fills: Iterable[Fill], reply_to: ActorRef | None) -> None:
        for fill in fills:
            self._pending[_key(fill)] = reply_to
        self._send(
            Outgoing(
                token=_FillToken(*_key(fill)),
                topic=self._fills_topic,
                key=str(fill.execution.execution_service_id).encode(),
                value=encode_execution(fill.execution),
            )
            for fill in fills
        )

    def _publish_letters(self, letters: tuple[DeadLetter, ...], reply_to: ActorRef) -> None:
        now = datetime.now(UTC)
        self._letters.update(letter.record for letter in letters)
        self._send(
            Outgoing(
                token=_LetterToken(letter.record, reply_to),
                topic=self._dlq_topic,
                key=letter.record.key,
                value=letter.record.value,
                headers=letter_headers(letter.record, reason=letter.reason, failed_at=now),
            )
            for letter in letters
        )

    def _finish_letters(self, records: tuple[Record, ...], within: float) -> tuple[Record, ...]:
        deadline = monotonic() + within
        while not self._letters.isdisjoint(records) and monotonic() < deadline:
            self._step()
        return tuple(record for record in records if record not in self._letters)

    def _send(self, messages: Iterable[_Message]) -> None:
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
        elif self._acknowledged:
            self._serving = True
            self.tell_later(max(self._mark_at - monotonic(), 0), _Serve())

    def _step(self) -> None:
        """Move deliveries on and deal with the news."""
        news = self._deliveries.step(_STEP)
        for token in news.tokens:
            match token:
                case _FillToken():
                    self._acknowledged.append(token.key)
                case _LetterToken(record=record, reply_to=reply_to):
                    self._letters.discard(record)
                    self._metrics.dead_letters.inc()
                    tell(reply_to, DeadLettersPublished(records=(record,)))
        if news.failures:
            self._failed(news.failures)
        elif news.tokens and self._refused:
            self._refused = False
            logger.info("the broker takes messages again")
        if self._acknowledged and monotonic() >= self._mark_at:
            self._mark()

    def _failed(self, failures: tuple[tuple[_Message, str], ...]) -> None:
        if not self._refused:
            self._refused = True
            message, reason = failures[0]
            logger.bind(topic=message.topic, reason=reason, messages=len(failures)).error(
                "the broker refuses messages, they are tried again"
            )
        self.tell_later(_RESEND_AFTER, _Resend(tuple(message for message, _ in failures)))

    def _mark(self) -> None:
        """Take acknowledged fills out of the outbox, or leave them for the next step."""
        fills = tuple(self._acknowledged)
        try:
            marked = ask(self._repository, MarkPublished(fills=fills), timeout=_REPOSITORY_TIMEOUT)
        except UnavailableError:
            self._mark_at = monotonic() + self._mark_retries.next_wait()
            return
        self._mark_retries.reset()
        self._acknowledged.clear()
        self._metrics.published.inc(len(fills))
        if marked < len(fills):
            logger.bind(fills=len(fills) - marked).warning(
                "fills were taken over by another engine while they were published here"
            )
        tally = Counter(self._pending.pop(key) for key in fills)
        for reply_to, count in tally.items():
            if reply_to is not None:
                tell(reply_to, FillsPublished(count=count))

    def _sweep(self) -> None:
        try:
            self._sink.ensure_topics(_BROKER_TIMEOUT)
        except UnavailableError as error:
            self._health.down("broker", str(error))
        else:
            self._health.up("broker")
        try:
            taken = ask(self._repository, TakeOverOutbox(), timeout=_REPOSITORY_TIMEOUT)
        except UnavailableError:
            taken = 0  # the repository says so itself; the next sweep is near
        if taken:
            self._metrics.taken_over.inc(taken)
            logger.bind(fills=taken).info("fills of engines that are gone taken over")
        if taken or self._in_doubt:
            self._scan(after=0)
        self.tell_later(SWEEP_INTERVAL, _Sweep())

    def _scan(self, after: int) -> None:
        if len(self._pending) > _ENOUGH_PENDING:
            self.tell_later(_STEP, _Scan(after))
            return
        try:
            page = self._page(after)
        except UnavailableError:
            self._in_doubt = True
            return
        self._in_doubt = False
        if len(page) == _PAGE:
            self.actor_ref.tell(_Scan(page[-1].execution.id))

    def _page(self, after: int) -> tuple[Fill, ...]:
        """Publish a page of the outbox, but what is on its way already; return the page."""
        page: tuple[Fill, ...] = ask(
            self._repository,
            GetUnpublished(after=after, limit=_PAGE),
            timeout=_REPOSITORY_TIMEOUT,
        )
        found = [fill for fill in page if _key(fill) not in self._pending]
        self._found.update((_key(fill), None) for fill in found)
        self._publish(found, reply_to=None)
        return page

    def _drain(self, deadline: float) -> None:
        """Publish and mark what there is, until the deadline."""
        try:
            self._page(after=0)  # the stop has overtaken messages that told of fills
        except UnavailableError as error:
            logger.bind(reason=str(error)).warning("fills are left for another engine")
        while (self._deliveries or self._acknowledged) and monotonic() < deadline:
            self._step()
        if self._pending:
            logger.bind(fills=len(self._pending)).warning("fills are left for another engine")


def _key(fill: Fill) -> tuple[int, int]:
    return (fill.execution.id, fill.execution.number_of_fills)
