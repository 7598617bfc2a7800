"""A request that waits to be decided: it is answered once, by its deadline at the latest."""

from time import monotonic, time_ns

from fixengine.errors import RejectedError, SchemaError, UnavailableError
from fixengine.rules.changes import ChangeDecision, ChangeRequest
from fixengine.supervision.reply import Reply
from fixengine.telemetry.metrics.changes import ChangeMetrics


class WaitingRequest:
    """A request, and the reply that whoever asks waits for."""

    def __init__(self, *, request: ChangeRequest, deadline: float, metrics: ChangeMetrics) -> None:
        """Take the request, and the monotonic time by which it is answered."""
        self.request = request
        self.came_at = time_ns()  # for traces
        self.decision = Reply[ChangeDecision]()
        self._deadline = deadline
        self._metrics = metrics
        self._came_at = monotonic()
        self._answered = False

    def decide(self, decision: ChangeDecision) -> None:
        """Answer with what became of it."""
        self._answer(decision.outcome)
        self.decision.set(decision)

    def fail(self, error: UnavailableError) -> None:
        """Answer that it could not be decided, unless it is answered already."""
        if not self._answered:
            self._answer("undecided")
            self.decision.fail(error)

    def refuse(self, error: RejectedError | SchemaError) -> None:
        """Answer that the database refuses it."""
        self._answer("refused")
        self.decision.fail(error)

    def is_late(self) -> bool:
        """Say whether its deadline is over, and if so, answer."""
        if monotonic() <= self._deadline:
            return False
        self.fail(
            UnavailableError(
                "the execution was not free in time: an engine is at work on it, or its last fill "
                "can't be published now"
            )
        )
        return True

    def _answer(self, outcome: str) -> None:
        self._answered = True
        kind = self.request.kind.lower()
        self._metrics.changes.labels(kind, outcome).inc()
        self._metrics.change_seconds.observe(monotonic() - self._came_at)
