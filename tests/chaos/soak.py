"""Many orders, half of them cancelled at random moments and others changed, without a fault."""

import argparse
import sys
from collections import Counter

from rich.console import Console

from fixengine.demo.audit.report import audit
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.infra.process.interrupts import signals_as_interrupts
from tests.chaos.faults import wait_until_ready
from tests.chaos.field import Field
from tests.chaos.ground import Ground
from tests.chaos.scenario import findings, finish
from tests.support.operators import untrue

_SHOWN_PROBLEMS = 20
_DELAYS = {"FILL_DELAY_FIRST": "60", "FILL_DELAY_MIN": "0.5", "FILL_DELAY_MAX": "4"}
_FINISH_SECONDS = 600.0
_WITHIN = 62.0  # before the first fill, during those that follow, and after the last


def main() -> int:
    """Run, print what it came to, and return the exit code: 1 on a problem."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000, help="(default: 100,000)")
    parser.add_argument("--rate", type=float, default=200.0, help="orders a second (default: 200)")
    parser.add_argument(
        "--share", type=float, default=0.8, help="cancelled or changed (default: 0.8)"
    )
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    with signals_as_interrupts(), Workspace() as workspace:
        ground = Ground(workspace, seed=1)
        ground.start()
        try:
            problems = _soaked(ground, arguments, console)
        finally:
            ground.stop()
    for problem in problems[:_SHOWN_PROBLEMS]:
        console.print(f"problem: {problem}")
    console.print(f"{len(problems)} problems")
    return 1 if problems else 0


def _soaked(ground: Ground, arguments: argparse.Namespace, console: Console) -> list[str]:
    field = Field(ground, name="soak", changed=arguments.share, delays=_DELAYS, within=_WITHIN)
    for engine in field.engines:
        engine.start(ready_within=None)
    wait_until_ready(field.engines, 60)
    with field.feeding(arguments.rate) as feed:
        seconds = 2 * arguments.orders / arguments.rate + 60
        wait_until(lambda: len(feed.sent) >= arguments.orders, seconds, "all orders to be sent")
    problems = finish(field, within=_FINISH_SECONDS)
    report = audit(field.fed, dsn=field.dsn, bootstrap=ground.broker.bootstrap, topics=field.topics)
    asked, answers = field.operators.asked, field.operators.answers
    told = Counter(
        f"{each.asked.kind} {'done' if each.is_done else 'too late'}" for each in answers
    )
    console.print(report.summary())
    console.print(
        f"{len(asked)} requests, {len(answers)} answered: "
        + ", ".join(f"{number} × {what}" for what, number in sorted(told.items()))
    )
    seconds = sorted(each.seconds for each in answers)
    shares = ((share, seconds[int(share * (len(seconds) - 1))]) for share in (0.5, 0.99, 1))
    console.print(
        "answered within " + ", ".join(f"{took:.2f} s (p{100 * share:g})" for share, took in shares)
    )
    problems += [*report.problems, *untrue(field.operators, field.dsn), *findings(field)]
    if report.counts.repeated_messages:
        problems.append(f"{report.counts.repeated_messages} messages were published twice")
    field.close()
    return problems


if __name__ == "__main__":
    sys.exit(main())
