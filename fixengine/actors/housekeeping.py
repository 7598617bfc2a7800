"""Housekeeping: deletes executions that are no longer kept, a few at a time."""

from dataclasses import dataclass

from loguru import logger

from fixengine.actors.messages import DropParts, ForgetExecutions, ForgetMessages
from fixengine.errors import UnavailableError
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, ask
from fixengine.telemetry.metrics.engine import EngineMetrics

INTERVAL = 60.0
"""Seconds between passes over the executions."""

PACE = 0.1
"""Seconds between the steps of a pass, so that the repository can do other things."""

_REPOSITORY_TIMEOUT = 6.0  # seconds

assert PACE < INTERVAL


@dataclass(frozen=True, slots=True)
class _Step:
    """Housekeeping → itself: look at the next executions."""


class Housekeeping(Actor):
    """A pass begins with the oldest execution, goes on with messages, and ends with parts."""

    def __init__(self, *, repository: ActorRef, metrics: EngineMetrics) -> None:
        super().__init__()
        self._repository = repository
        self._metrics = metrics
        self._after = 0
        self._forgotten = 0
        self._messages = 0

    def boot(self) -> None:
        self.actor_ref.tell(_Step())

    def receive(self, message: _Step) -> None:
        if self.stopping:
            return
        try:
            pause = self._step()
        except UnavailableError as error:
            logger.bind(reason=str(error)).debug("housekeeping waits")
            pause = INTERVAL
        self.tell_later(pause, message)

    def _step(self) -> float:
        """Take the next step of a pass; return how many seconds to wait for the one after it."""
        message = ForgetExecutions(after=self._after)
        forgotten = ask(self._repository, message, timeout=_REPOSITORY_TIMEOUT)
        self._metrics.forgotten.inc(forgotten.executions)
        self._forgotten += forgotten.executions
        if forgotten.old and forgotten.last is not None:
            self._after = forgotten.last
            return PACE
        messages = ask(self._repository, ForgetMessages(), timeout=_REPOSITORY_TIMEOUT)
        self._messages += messages
        if messages:
            return PACE
        self._end_pass()
        return INTERVAL

    def _end_pass(self) -> None:
        count, self._after, self._forgotten = self._forgotten, 0, 0
        messages, self._messages = self._messages, 0
        parts = ask(self._repository, DropParts(), timeout=_REPOSITORY_TIMEOUT)
        if count or messages or parts:
            logger.bind(executions=count, fix_messages=messages, parts=parts).info(
                "old executions were deleted"
            )
