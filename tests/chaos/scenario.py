"""One scenario from start to judgement."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fixengine.audit.verdict import Kind
from fixengine.demo.audit.report import audit
from fixengine.demo.errors import DemoError
from fixengine.demo.waiting import wait_until
from tests.chaos.faults import FAULTS, MAY_REPEAT, wait_until_ready
from tests.chaos.field import Field
from tests.chaos.ground import Ground
from tests.support.operators import untrue

REGAIN_SECONDS = 30.0
"""Seconds after a fault's end within which the engines must be at full speed again."""

_WINDOW_SECONDS = 4.0
_ENOUGH = 0.9
_FINISH_SECONDS = 90.0
_FED = "execution_service_id > 0"  # the others came by FIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one scenario. `in_hand` is the least that was, when a fault was injected.

    `changes` are the requests to cancel and replace that were answered as done. `regained` is the
    throughput after the fault over that before it, `regained_after` how many seconds that took.
    """

    name: str
    orders: int
    changes: int
    faults: int
    in_hand: int
    lost: int
    doubled: int
    duplicates: int
    regained: float
    regained_after: float
    problems: tuple[str, ...]


def run(ground: Ground, name: str, *, number: int, seed: int, program: str) -> Outcome:
    """Let one fault loose on a field of its own; raises DemoError when the field can't be made."""
    rng = Random(f"{seed}:{number}:{name}")
    word = "".join(letter for letter in name if letter.isalnum())
    field = Field(ground, name=f"{number}-{word}", program=program)
    problems: list[str] = []
    regained = regained_after = 0.0
    try:
        for engine in field.engines:
            engine.start(ready_within=None)
        wait_until_ready(field.engines, 60)
        with field.feeding():
            wait_until(lambda: field.published() > 200, 60, "the work to be in full swing")
            usual = field.rate(_WINDOW_SECONDS)
            try:
                FAULTS[name](field, rng)
            finally:
                ground.mend()
            ended = time.monotonic()
            rate = 0.0
            while rate < _ENOUGH * usual and time.monotonic() - ended < 2 * REGAIN_SECONDS:
                rate = field.rate(1.0)
                regained_after = time.monotonic() - ended
            wait_until_ready(field.engines, REGAIN_SECONDS)
            regained = field.rate(_WINDOW_SECONDS) / usual
        if regained_after > REGAIN_SECONDS:
            problems.append(f"full speed took {regained_after:.0f} s")
        problems += finish(field)
    except (DemoError, AssertionError) as error:
        problems.append(str(error) or type(error).__name__)
    return _judge(field, name, tuple(problems), regained, regained_after)


def finish(field: Field, within: float = _FINISH_SECONDS) -> list[str]:
    """Wait until all is done, `within` so many seconds, and end the engines."""
    orders = sum(order.valid for order in field.fed)
    wait_until(
        lambda: field.rows(f"execution where not is_open and {_FED}") == orders,
        within,
        "all orders to be filled",
    )
    wait_until(lambda: field.rows("outbox") == 0, within, "all fills to be published")
    codes = [engine.terminate(deadline_seconds=10) for engine in field.engines]
    return [f"an engine ended with exit code {code}" for code in codes if code != 0]


def findings(field: Field) -> Iterator[str]:
    """Yield what `fixengine audit` finds, which knows nothing of what was fed."""
    code, said = field.audit()
    if code != 0:
        yield from (f"fixengine audit, exit code {code}: {line}" for line in said.splitlines())


def _judge(
    field: Field, name: str, problems: tuple[str, ...], regained: float, regained_after: float
) -> Outcome:
    report = audit(
        field.fed, dsn=field.dsn, bootstrap=field.ground.broker.bootstrap, topics=field.topics
    )
    in_hand = min((hit.total for hit in field.hits), default=0)
    if not in_hand:
        problems = (*problems, "a fault hit engines that had nothing to do")
    repeated = report.counts.repeated_messages
    if repeated and name not in MAY_REPEAT:
        problems = (*problems, f"{repeated} fills were published twice")
    problems = (*problems, *field.problems, *untrue(field.operators, field.dsn))
    kinds = Counter(each.kind for each in report.contradictions)
    outcome = Outcome(
        name=name,
        orders=report.counts.orders,
        changes=sum(answer.is_done for answer in field.operators.answers),
        faults=len(field.hits),
        in_hand=in_hand,
        lost=kinds[Kind.LOST],
        doubled=kinds[Kind.DOUBLED] + kinds[Kind.OVERFILLED],
        duplicates=repeated,
        regained=regained,
        regained_after=regained_after,
        problems=(*problems, *report.problems, *findings(field)),
    )
    field.close()
    return outcome
