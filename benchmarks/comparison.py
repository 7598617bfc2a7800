"""This engine and another one, measured in turns with the same neighbours around them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from rich.console import Console

from benchmarks.figures import COMPARABLE
from benchmarks.figures.figure import Figure, Lend, medians
from benchmarks.program import OURS, Program


def compare(
    peer: Program, names: Sequence[str], *, lend: Lend, rounds: int, scale: float, console: Console
) -> Mapping[str, Sequence[Figure]]:
    """Return the figures of both by the programs' names, this engine first.

    Raises DemoError or RuntimeError when one of them ends, or does not come to its end.
    """
    figures: defaultdict[str, list[Figure]] = defaultdict(list)
    for name in names:
        measured: defaultdict[str, list[list[Figure]]] = defaultdict(list)
        for number in range(1, rounds + 1):
            for program in (OURS, peer):
                with console.status(f"{name} {number}/{rounds}, {program.name}"):
                    measured[program.name].append([*COMPARABLE[name](lend, scale, program)])
        for program_name, of_rounds in measured.items():
            figures[program_name] += medians(of_rounds)
    return figures
