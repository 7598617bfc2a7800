"""`make bench`: rounds of engine and floor in turns on one stack, then what is no ratio."""

import argparse
import json
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from loguru import logger
from rich.console import Console
from rich.progress import Progress

from benchmarks import tables
from benchmarks.chart import chart
from benchmarks.comparison import compare
from benchmarks.figures import BY_NAME, COMPARABLE, COMPARED, FIGURES, LONG
from benchmarks.figures.figure import Figure, medians
from benchmarks.program import program_at
from benchmarks.rounds import Rounds
from benchmarks.scenarios import ROUNDS, SCENARIOS, Result, Round, Runner, rate_of
from benchmarks.watching import Rates
from fixengine.commands.argument_types import positive
from fixengine.demo.stack import Stack
from fixengine.infra.process.interrupts import signals_as_interrupts
from tests.support.stacks import BrokerKind


def main() -> int:
    """Run, print the table, write what is asked for; return 0, also when a target is missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only",
        choices=[*SCENARIOS, *FIGURES],
        action="append",
        help=f"these alone (default: all but {', '.join(sorted(BY_NAME))})",
    )
    parser.add_argument(
        "--rounds",
        type=positive(int),
        default=3,
        help="of each, but one of what takes long (default: 3)",
    )
    parser.add_argument(
        "--scale", type=positive(float), default=1.0, help="so much more or less to do (default: 1)"
    )
    kinds = [kind.value for kind in BrokerKind]
    parser.add_argument("--stack", choices=kinds, default=BrokerKind.EMBEDDED.value)
    parser.add_argument(
        "--peer",
        type=program_at,
        metavar="PATH",
        help="another engine of the same contract, an executable that reads the same settings: "
        f"measure {', '.join(COMPARABLE)} of both in turns",
    )
    parser.add_argument("--json", type=Path, help="a file for every round's rates")
    parser.add_argument("--svg", type=Path, help="a file for the chart")
    arguments = parser.parse_args()
    if arguments.peer and not COMPARABLE.keys() >= set(arguments.only or ()):
        parser.error(f"of a peer only these can be measured: {', '.join(COMPARABLE)}")
    logger.disable("fixengine")  # every round migrates a database
    console = Console()
    chosen = arguments.only or [*SCENARIOS, *(FIGURES.keys() - BY_NAME)]
    names = [name for name in SCENARIOS if name in chosen]
    broker = BrokerKind(arguments.stack)
    if arguments.peer:
        return _compare(broker, arguments, console)
    with signals_as_interrupts():
        rates = _rates(broker, names, arguments.rounds, arguments.scale, console)
        figures = _figures(broker, chosen, arguments.rounds, arguments.scale, console)
    results = [_result(name, rates) for name in names]
    if results:
        console.print(tables.of_results(results))
    if figures:
        console.print(tables.of_figures(figures))
    if arguments.json:
        record = {**_record(results, rates, arguments), "figures": list(map(asdict, figures))}
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    if arguments.svg:
        arguments.svg.write_text(chart(results), "utf-8")
    return 0


def _compare(broker: BrokerKind, arguments: argparse.Namespace, console: Console) -> int:
    """Measure this engine and the peer in turns; return 1 when one of them can't show all of it."""
    with signals_as_interrupts():
        compared = compare(
            arguments.peer,
            {name: COMPARABLE[name] for name in arguments.only or COMPARED},
            lend=partial(_lent, broker),
            rounds=arguments.rounds,
            scale=arguments.scale,
            console=console,
        )
    console.print(tables.of_comparison(arguments.peer.name, compared))
    for reason in compared.missing:
        console.print(f"not compared: {reason}", style="red", markup=False)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(compared), indent=1) + "\n")
    return 1 if compared.missing else 0


@contextmanager
def _lent(broker: BrokerKind, *, durable: bool = False) -> Iterator[Stack]:
    """Lend a stack that nothing has used."""
    with Stack(servers=broker.servers, durable=durable) as stack:
        stack.start()
        yield stack


def _rates(
    broker: BrokerKind, names: Sequence[str], rounds: int, scale: float, console: Console
) -> dict[str, list[Rates]]:
    """Run each round that the scenarios need so many times, all of them in turns."""
    needed = {side[0] for name in names for side in (SCENARIOS[name].measured, SCENARIOS[name].by)}
    plan = [(name, ROUNDS[name]) for name in ROUNDS if name in needed]
    rates: defaultdict[str, list[Rates]] = defaultdict(list)
    if not plan:
        return {}
    with Stack(servers=broker.servers) as stack, Progress(console=console) as progress:
        stack.start()
        bench = Rounds(stack)
        task = progress.add_task("", total=rounds * len(plan))
        for number in range(1, rounds + 1):
            for name, planned in plan:
                progress.update(task, description=f"{name} {number}/{rounds}")
                rates[name].append(_run(bench, planned, scale))
                progress.advance(task)
    return dict(rates)


def _figures(
    broker: BrokerKind, chosen: Container[str], rounds: int, scale: float, console: Console
) -> list[Figure]:
    """Measure each figure in so many rounds, those that take long in one."""
    figures: list[Figure] = []
    for name, measure in FIGURES.items():
        if name in chosen:
            measured = []
            for number in range(1, 1 + (1 if name in LONG else rounds)):
                with console.status(f"{name} {number}/{rounds}"):
                    measured.append([*measure(partial(_lent, broker), scale)])
            figures += medians(measured)
    return figures


def _run(bench: Rounds, planned: Round, scale: float) -> Rates:
    load = replace(
        planned.load,
        orders=int(planned.load.orders * scale),
        strangers=int(planned.load.strangers * scale),
        due=int(planned.load.due * scale),
        closed=int(planned.load.closed * scale),
    )
    latencies = (planned.latency, planned.security_latency)
    if planned.runner is Runner.FLOOR:
        return bench.floor(load, latencies)
    return bench.engines(load, planned.engines, latencies)


def _result(name: str, rates: dict[str, list[Rates]]) -> Result:
    scenario = SCENARIOS[name]
    measured, by = (
        tuple(rate_of(each, what) for each in rates[which])
        for which, what in (scenario.measured, scenario.by)
    )
    return Result(name=name, scenario=scenario, measured_rounds=measured, by_rounds=by)


def _record(
    results: Sequence[Result], rates: dict[str, list[Rates]], arguments: argparse.Namespace
) -> dict[str, object]:
    return {
        "machine": {"cores": os.cpu_count(), "system": platform.platform()},
        "python": platform.python_version(),
        "stack": arguments.stack,
        "scale": arguments.scale,
        "rounds": {
            name: [{"orders": each.orders, "fills": each.fills} for each in all_of_it]
            for name, all_of_it in rates.items()
        },
        "results": {
            result.name: {"ratio": round(result.ratio, 3), "target": result.scenario.target}
            for result in results
        },
    }


if __name__ == "__main__":
    sys.exit(main())
