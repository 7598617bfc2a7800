"""The points: before and after every step that changes something outside the process.

An engine that is started by `python -m tests.failpoints` with FAILPOINT=NAME in its environment
dies at that point, as by kill -9, the first time it gets there with work. The engine's own code
knows nothing of it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fixengine.actors.changing.desk import Desk
from fixengine.actors.changing.waiting import WaitingRequest
from fixengine.actors.filling.scheduler import FillScheduler
from fixengine.actors.intake.intake import Intake
from fixengine.actors.publishing.deliveries import Deliveries
from fixengine.actors.publishing.letter_queue import PendingLetter
from fixengine.actors.publishing.outgoing import FillToken
from fixengine.actors.publishing.publisher import Publisher
from fixengine.actors.storage.repository import Repository
from fixengine.engine.engine import Engine
from fixengine.infra.kafka.consumer.source import KafkaSource
from fixengine.infra.kafka.producer.sink import KafkaSink
from fixengine.infra.kafka.tail import KafkaTail
from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.claimed_rows import ClaimedRows
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.executions import PostgresExecutions
from fixengine.infra.postgres.outbox import PostgresOutbox
from fixengine.infra.services.neighbours import PricingClient, SecurityClient

DIED = 137
"""The exit code, as of a process that was killed."""

Busy = Callable[[tuple[Any, ...], Any], object]
"""Whether a call is worth to die at, by its arguments and its result; before it that is None."""


def _always(_arguments: tuple[Any, ...], _result: Any) -> object:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A method that changes something outside, or `only_reads` what is there.

    `busy_before` and `busy_after` say which calls count. A step `at_stop` is one of the shutdown;
    `by_heir` one that only an engine takes that finds what a dead one left. `like` names a step
    after which a death leaves the same outside: a transaction that dies with the engine, a message
    that has arrived or not, or a change that only the engine's own actors do not know of.
    """

    owner: type[Any]
    method: str
    busy_before: Busy = _always
    busy_after: Busy = _always
    at_stop: bool = False
    by_heir: bool = False
    only_reads: bool = False
    like: str | None = None


def _of(kind: type[Any]) -> Busy:
    return lambda arguments, _result: isinstance(arguments[1], kind)


def _topic(suffix: str) -> Busy:
    return lambda arguments, _result: str(arguments[1]).startswith(suffix)


def _result(_arguments: tuple[Any, ...], result: Any) -> object:
    return result


STEPS: Mapping[str, Step] = {
    "poll": Step(owner=KafkaSource, method="poll", busy_after=_result, only_reads=True),
    "commit-offsets": Step(owner=KafkaSource, method="commit"),
    "security": Step(owner=SecurityClient, method="ticker", only_reads=True),
    "insert": Step(owner=PostgresExecutions, method="insert_orders"),
    "claim": Step(
        owner=PostgresClaims,
        method="claim",
        busy_after=lambda _, claim: claim.executions,
        like="store",
    ),
    "price": Step(owner=PricingClient, method="price", only_reads=True),
    "all-prices": Step(owner=PricingClient, method="all_prices", only_reads=True),
    "store": Step(
        owner=ClaimedRows,
        method="_write",
        busy_before=lambda call, _: call[2],
        busy_after=_result,
    ),
    "commit": Step(owner=PostgresClaims, method="store", busy_before=lambda call, _: call[1]),
    "lock-to-change": Step(
        owner=PostgresChanges,
        method="lock",
        busy_after=lambda _, locked: locked.executions,
        like="store",
    ),
    "store-changes": Step(owner=PostgresChanges, method="store"),
    "tell-of-changes": Step(owner=Desk, method="_store", busy_after=_result, like="store-changes"),
    "answer-a-request": Step(owner=WaitingRequest, method="decide", like="store-changes"),
    "produce-fill": Step(
        owner=KafkaSink,
        method="produce",
        busy_before=_topic("fills"),
        busy_after=_topic("fills"),
        like="fill-acknowledged",
    ),
    "produce-letter": Step(
        owner=KafkaSink,
        method="produce",
        busy_before=_topic("orders"),
        busy_after=_topic("orders"),
        like="letter-acknowledged",
    ),
    "fill-acknowledged": Step(
        owner=Deliveries,
        method="_on_delivery",
        busy_before=_of(FillToken),
        busy_after=_of(FillToken),
    ),
    "letter-acknowledged": Step(
        owner=Deliveries,
        method="_on_delivery",
        busy_before=_of(PendingLetter),
        busy_after=_of(PendingLetter),
    ),
    "mark-published": Step(owner=PostgresOutbox, method="mark_published"),
    "sweep": Step(owner=PostgresOutbox, method="take_over", only_reads=True),
    "take-over": Step(
        owner=PostgresOutbox,
        method="take_over",
        busy_before=lambda call, _: call[1],
        busy_after=lambda _, look: look.fills,
        by_heir=True,
    ),
    "look-at-the-topic": Step(owner=KafkaTail, method="look", by_heir=True, only_reads=True),
    "stop": Step(owner=Engine, method="stop", at_stop=True),
    "stop-intake": Step(owner=Intake, method="close", at_stop=True),
    "leave-the-group": Step(owner=KafkaSource, method="close", at_stop=True),
    "stop-scheduler": Step(owner=FillScheduler, method="close", at_stop=True),
    "stop-publisher": Step(owner=Publisher, method="close", at_stop=True),
    "close-producer": Step(owner=KafkaSink, method="close", at_stop=True),
    "stop-repository": Step(owner=Repository, method="close", at_stop=True),
    "close-session": Step(owner=PostgresClaims, method="close", at_stop=True),
}

POINTS = tuple(f"{side}-{step}" for step in STEPS for side in ("before", "after"))

UNLIKE = tuple(
    f"after-{name}"
    for name, step in STEPS.items()
    if not (step.only_reads or step.at_stop or step.like)
)
"""Those of an engine at work that each leave something else outside."""


def step_of(point: str) -> Step:
    """Return the step that a point is before or after."""
    return STEPS[point.partition("-")[2]]


def arm(point: str, steps: Mapping[str, Step]) -> None:
    """Let this process die at a point of these steps."""
    step = steps[point.partition("-")[2]]
    call = getattr(step.owner, step.method)
    before = point.startswith("before-")

    def stepped(*arguments: Any, **keywords: Any) -> Any:
        if before and step.busy_before(arguments, None):
            os._exit(DIED)
        result = call(*arguments, **keywords)
        if not before and step.busy_after(arguments, result):
            os._exit(DIED)
        return result

    setattr(step.owner, step.method, stepped)
