"""Dead letters go to the broker, by a producer of their own that is there while there are any."""

from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeAlias, assert_never

from fixengine.actors.messages import (
    DeadLettersWritten,
    DeadLetterTopic,
    FinishDeadLetters,
    ForgetDeadLetters,
    WriteDeadLetters,
)
from fixengine.actors.publishing.deliveries import Deliveries
from fixengine.actors.publishing.letter_board import LetterBoard
from fixengine.actors.publishing.letter_queue import LetterQueue, PendingLetter
from fixengine.actors.publishing.limits import DEAD_LETTER_LIMITS, DeadLetterLimits
from fixengine.actors.publishing.originals import Rereading, save_memory
from fixengine.actors.publishing.outgoing import letter_message
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Failure, Originals, Sink
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import tell
from fixengine.supervision.timers import Timer
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.wire.letters import Place
from fixengine.wire.shortening import measures

_STEP = 0.05
"""Seconds that a step waits for news."""

_NOT_OURS = Failure(reason="another engine writes it")


class _Serve:
    """Dead letters → itself: move on."""


_Received: TypeAlias = (
    WriteDeadLetters | ForgetDeadLetters | FinishDeadLetters | DeadLetterTopic | _Serve
)


class DeadLetters(Actor):
    """Writes what can be written, shortened if need be, and says what waits and why."""

    def __init__(
        self,
        *,
        sink: Sink,
        originals: Originals,
        health: Health,
        metrics: EngineMetrics,
        topic: str,
        limits: DeadLetterLimits = DEAD_LETTER_LIMITS,
    ) -> None:
        super().__init__()
        self._limits = limits
        self._rereading = Rereading(originals, within=limits.reread_within)
        self._board = LetterBoard(health, metrics, topic=topic)
        self._topic = topic
        self._queue = LetterQueue()
        self._deliveries = Deliveries[PendingLetter](sink)
        self._told = False
        self._timer: Timer | None = None
        self._idle_since = 0.0

    def receive(self, message: _Received) -> Any:
        match message:
            case WriteDeadLetters():
                return self._write(message)
            case ForgetDeadLetters(partitions=partitions):
                return self._forget(partitions)
            case FinishDeadLetters(places=places, within=within):
                return message.answer(self._finish(places, within))
            case DeadLetterTopic():
                self._board.made = message
                return self._board.show(self._queue)
            case _Serve():
                self._told = False
                return self._serve()
            case _:
                assert_never(message)

    def close(self) -> None:
        self._rereading.close()
        self._deliveries.close()

    def _write(self, message: WriteDeadLetters) -> None:
        now = datetime.now(UTC)
        self._queue.add(
            PendingLetter(
                record=letter.record,
                reason=letter.reason,
                failed_at=now,
                reply_to=message.reply_to,
                original=measures(letter.record),
            )
            for letter in message.letters
        )
        save_memory(self._queue.at_rest())
        self._go_on(0)

    def _forget(self, partitions: frozenset[int] | None) -> None:
        self._queue.forget(partitions)
        self._board.show(self._queue)

    def _finish(self, places: tuple[Place, ...], within: float) -> tuple[Place, ...]:
        deadline = monotonic() + within
        while (
            any(place in self._queue for place in places)
            and monotonic() < deadline
            and (self._queue.under_way or self._queue.wait(monotonic()) == 0)
        ):
            self._step()
        return tuple(place for place in places if place not in self._queue)

    def _go_on(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if delay:
            self._timer = self.tell_later(delay, _Serve())
        elif not self._told:
            self._told = True
            self.actor_ref.tell(_Serve())

    def _serve(self) -> None:
        self._step()
        now = monotonic()
        wait = 0 if self._queue.under_way else self._queue.wait(now)
        if wait is not None:
            self._idle_since = now
            self._go_on(wait)
        elif self._deliveries.is_open:
            if now - self._idle_since >= self._limits.idle_for:
                self._deliveries.close()
            else:
                self._go_on(self._limits.idle_for)

    def _step(self) -> None:
        """Send what is to be sent, and deal with the news of what is on its way."""
        if not self._deliveries.is_open:
            if not (self._queue or self._queue.under_way):
                return
            self._deliveries.open()
        self._rereading.add(self._queue.take(monotonic()))
        self._hand_over()
        news = self._deliveries.step(_STEP)
        now = monotonic()
        for letter in news.tokens:
            self._written(letter, now)
        for letter, failure in news.failures:
            self._queue.failed(letter, failure, now)
        if self._queue.problem(monotonic()) is not None:
            save_memory(self._queue.at_rest())
        self._board.show(self._queue)

    def _hand_over(self) -> None:
        """Give the producer the letters whose records are at hand."""
        try:
            ready = self._rereading.step(_STEP)
        except UnavailableError as error:
            unread = Failure(reason=str(error), of_itself=True)
            self._queue.failed(self._rereading.give_up(), unread, monotonic())
            return
        for letter in ready:
            if letter.place in self._queue:
                self._deliveries.add(letter_message(letter, topic=self._topic))
            else:  # it was forgotten while others were read
                self._queue.failed(letter, _NOT_OURS, monotonic())

    def _written(self, letter: PendingLetter, now: float) -> None:
        self._board.written(letter)
        if self._queue.written(letter, now):
            tell(letter.reply_to, DeadLettersWritten(places=(letter.place,)))
