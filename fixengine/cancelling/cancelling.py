"""Cancels many executions, each once, and knows what came of each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from time import monotonic
from typing import Protocol

from fixengine.cancelling.rest import Answer, Execution, Outcome
from fixengine.errors import ConflictError

AT_ONCE = 4
"""Requests under way at the same time: an engine's REST has few threads, and others ask it too."""

KEY = "fixengine-cancel"
"""The key of each request. A cancelled execution stays so: who cancels it again is told the same.
"""

_PAUSE = 0.5  # seconds before a request without an outcome is repeated


class Fate(StrEnum):
    """What became of an execution that was to be cancelled."""

    CANCELLED = "cancelled"
    CLOSED = "closed before"
    NOT = "not cancelled"
    UNKNOWN = "not known"


CLOSED = frozenset({Fate.CANCELLED, Fate.CLOSED})
"""The fates of what is closed, whoever closed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one execution, in a word and in more of them."""

    execution_id: int
    fate: Fate
    said: str

    def __str__(self) -> str:
        return f"{self.execution_id} {self.fate}: {self.said}"


class NoRightError(ConflictError):
    """No cancel of this client can succeed any more; `results` are of those asked for."""

    def __init__(self, message: str, results: tuple[Result, ...]) -> None:
        super().__init__(message)
        self.results = results


class Canceller(Protocol):
    """What asks for a cancel."""

    def cancel(self, execution_id: int, *, key: str) -> Answer:
        """Ask once; raises ConflictError if no cancel can succeed."""


def cancel_all(
    rest: Canceller,
    execution_ids: Sequence[int],
    *,
    within: float,
    over: Event,
    show: Callable[[int], None],
) -> tuple[Result, ...]:
    """Cancel executions, some at a time; return what became of those that were asked for.

    A request without an outcome is repeated for `within` seconds. When it is `over`, no more are
    begun. `show` is told how many have a result. Raises NoRightError if no more can succeed.
    """
    refusals: list[ConflictError] = []

    def cancel(execution_id: int) -> Result | None:
        if over.is_set():
            return None
        try:
            return _cancelled(rest, execution_id, within=within, over=over, refusals=refusals)
        except BaseException:
            over.set()  # the others would only find the same
            raise

    results: list[Result] = []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for result in threads.map(cancel, execution_ids):
            if result is not None:
                results.append(result)
                show(len(results))
    if refusals:
        raise NoRightError(str(refusals[0]), tuple(results))
    return tuple(results)


def forecast(execution_id: int, execution: Execution | None) -> Result:
    """Say what a cancel would do to an execution as it is now."""
    if execution is None:
        return Result(execution_id=execution_id, fate=Fate.NOT, said="there is no such execution")
    fate = Fate.CANCELLED if execution.is_open else Fate.CLOSED
    return Result(execution_id=execution_id, fate=fate, said=str(execution))


def _cancelled(
    rest: Canceller,
    execution_id: int,
    *,
    within: float,
    over: Event,
    refusals: list[ConflictError],
) -> Result:
    deadline = monotonic() + within
    refused = Outcome.REFUSED
    while True:
        try:
            answer = rest.cancel(execution_id, key=KEY)
        except ConflictError as error:
            refusals.append(error)
            over.set()  # the others would only find the same
            return _result(execution_id, Answer(outcome=refused, said=str(error)))
        refused = Outcome.UNKNOWN  # from here on: what was asked before may have been done
        settled = answer.outcome is not Outcome.UNKNOWN
        if settled or monotonic() > deadline or over.wait(_PAUSE):
            return _result(execution_id, answer)


def _result(execution_id: int, answer: Answer) -> Result:
    execution = answer.execution
    fate, said = Fate.NOT, answer.said
    if answer.outcome is Outcome.UNKNOWN:
        fate, said = Fate.UNKNOWN, f"{answer.said}: cancel it again, which does nothing twice"
    elif execution is not None and not execution.is_open:
        done = answer.outcome is Outcome.DONE
        fate, said = (Fate.CANCELLED if done else Fate.CLOSED), str(execution)
    return Result(execution_id=execution_id, fate=fate, said=said)
