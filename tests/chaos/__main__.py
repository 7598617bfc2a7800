"""Runs scenarios until the time is up, in an order that the seed decides; exit 1 on a problem."""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path

from rich.console import Console

from fixengine.demo.workspace import Workspace
from fixengine.infra.process.interrupts import signals_as_interrupts
from tests.chaos import broken
from tests.chaos.faults import FAULTS
from tests.chaos.gateways import GATEWAY_FAULTS
from tests.chaos.ground import Ground
from tests.chaos.report import line, table
from tests.chaos.scenario import Outcome, run

_SHOWN_PROBLEMS = 10


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="begin none after (default: 3)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", choices=FAULTS, action="append", help="these faults alone")
    parser.add_argument("--broken", choices=broken.VARIANTS, help="an engine broken on purpose")
    parser.add_argument("--json", type=Path, help="where to write the outcomes")
    parser.add_argument("--keep", type=Path, help="a new folder to leave the logs in")
    arguments = parser.parse_args()
    console = Console()
    console.print(f"seed {arguments.seed}", highlight=False)
    with signals_as_interrupts(), Workspace(keep=arguments.keep) as workspace:
        outcomes = list(_outcomes(arguments, workspace, console))
    console.print(table(outcomes))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    failed = [outcome for outcome in outcomes if outcome.problems]
    console.print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed", highlight=False)
    return 1 if failed else 0


def _outcomes(
    arguments: argparse.Namespace, workspace: Workspace, console: Console
) -> Iterator[Outcome]:
    ground = Ground(workspace, seed=arguments.seed)
    ground.start()
    until = time.monotonic() + arguments.minutes * 60
    program = broken.program(arguments.broken)
    try:
        for number, name in zip(count(1), names_of(arguments.seed, arguments.only), strict=False):
            if time.monotonic() >= until:
                return
            outcome = run(ground, name, number=number, seed=arguments.seed, program=program)
            console.print(line(outcome), highlight=False, soft_wrap=True)
            for problem in outcome.problems[:_SHOWN_PROBLEMS]:
                console.print(f"  problem: {problem}", highlight=False, soft_wrap=True)
            yield outcome
    finally:
        ground.stop()


def names_of(seed: int, only: list[str] | None) -> Iterator[str]:
    """Yield faults for ever, each as often as any other; one of gateways is among the first."""
    rng = random.Random(seed)
    names = only or list(FAULTS)
    first = rng.sample(names, len(names))
    of_gateways = [name for name in first if name in GATEWAY_FAULTS][:1]
    yield from (*of_gateways, *(name for name in first if name not in of_gateways))
    while True:
        yield from rng.sample(names, len(names))


if __name__ == "__main__":
    sys.exit(main())
