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
from pathlib import Path
from statistics import median

from loguru import logger
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.chart import chart
from benchmarks.figures import FIGURES, LONG
from benchmarks.figures.figure import Figure
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
        help=f"these alone (default: all but {', '.join(sorted(LONG))})",
    )
    parser.add_argument("--rounds", type=positive(int), default=3, help="of each (default: 3)")
    parser.add_argument(
        "--scale", type=positive(float), default=1.0, help="so much more or less to do (default: 1)"
    )
    kinds = [kind.value for kind in BrokerKind]
    parser.add_argument("--stack", choices=kinds, default=BrokerKind.EMBEDDED.value)
    parser.add_argument("--json", type=Path, help="a file for every round's rates")
    parser.add_argument("--svg", type=Path, help="a file for the chart")
    arguments = parser.parse_args()
    logger.disable("fixengine")  # every round migrates a database
    console = Console()
    chosen = arguments.only or [*SCENARIOS, *(FIGURES.keys() - LONG)]
    names = [name for name in SCENARIOS if name in chosen]
    broker = BrokerKind(arguments.stack)
    with signals_as_interrupts():
        rates = _rates(broker, names, arguments.rounds, arguments.scale, console)
        figures = _figures(broker, chosen, arguments.scale, console)
    results = [_result(name, rates) for name in names]
    if results:
        console.print(_table(results))
    if figures:
        console.print(_figures_table(figures))
    if arguments.json:
        record = {**_record(results, rates, arguments), "figures": list(map(asdict, figures))}
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    if arguments.svg:
        arguments.svg.write_text(chart(results), "utf-8")
    return 0


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
    broker: BrokerKind, chosen: Container[str], scale: float, console: Console
) -> list[Figure]:
    @contextmanager
    def lend() -> Iterator[Stack]:
        with Stack(servers=broker.servers) as stack:
            stack.start()
            yield stack

    figures: list[Figure] = []
    for name, measure in FIGURES.items():
        if name in chosen:
            with console.status(name):
                figures += measure(lend, scale)
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
        median(rate_of(each, what) for each in rates[which])
        for which, what in (scenario.measured, scenario.by)
    )
    return Result(name=name, scenario=scenario, measured=measured, by=by)


def _table(results: Sequence[Result]) -> Table:
    table = Table(box=None, header_style="dim")
    for title in ("scenario", "what", "measured", "held against", "ratio", "target"):
        table.add_column(title, justify="left" if title in {"scenario", "what"} else "right")
    for result in results:
        good = result.ratio >= result.scenario.target
        table.add_row(
            result.name,
            result.scenario.meaning,
            f"{result.measured:,.0f}/s",
            f"{result.by:,.0f}/s",
            f"[{'green' if good else 'red'}]{result.ratio:.2f}[/]",
            f"≥ {result.scenario.target:g}",
        )
    return table


def _figures_table(figures: Sequence[Figure]) -> Table:
    table = Table(box=None, header_style="dim")
    for title in ("figure", "measured", "target"):
        table.add_column(title, justify="left" if title == "figure" else "right")
    for figure in figures:
        sign = "≤" if figure.at_most else "≥"
        table.add_row(
            figure.meaning,
            f"[{'green' if figure.good else 'red'}]{figure.value:,.4g} {figure.unit}[/]",
            "" if figure.limit is None else f"{sign} {figure.limit:g} {figure.unit}",
        )
    return table


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
