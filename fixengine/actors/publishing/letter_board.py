"""What readiness, log and metrics show of dead letters: that some wait, and why."""

from time import monotonic

from fixengine.actors.messages import DeadLetterTopic
from fixengine.actors.publishing.letter_queue import LetterQueue, PendingLetter
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.outage import Outage


class LetterBoard:
    """A letter that can't be written counts for more than a topic that can't be made."""

    def __init__(self, health: Health, metrics: EngineMetrics, *, topic: str) -> None:
        self.made = DeadLetterTopic(refused=None, note="")
        self._health = health
        self._metrics = metrics
        self._topic = topic
        self._outage = Outage(
            "dead letters can't be written, they wait",
            "dead letters are written again",
            level="ERROR",
        )

    def written(self, letter: PendingLetter) -> None:
        """Count a letter that is on the topic."""
        self._metrics.dead_letters.inc()
        if letter.room is not None or not letter.whole:
            self._metrics.letters_shortened.inc()

    def show(self, queue: LetterQueue) -> None:
        """Show how it stands with these letters."""
        self._metrics.letters_waiting.set(len(queue))
        problem = queue.problem(monotonic())
        if problem is not None:
            self._show_that_they_wait(len(queue), *problem)
            return
        self._outage.end()
        if self.made.refused is None:
            self._health.up(Part.DEAD_LETTERS, self.made.note)
        else:
            self._health.down(Part.DEAD_LETTERS, self.made.refused)

    def _show_that_they_wait(self, number: int, letter: PendingLetter, reason: str) -> None:
        cause = self.made.refused or reason
        record = letter.record
        self._health.waits(
            Part.DEAD_LETTERS,
            f"{number} dead letters wait, the order at {record.topic} {letter.place} "
            f"first: it can't be written to {self._topic}: {cause}",
        )
        self._outage.begin(
            cause,
            letters=number,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
