"""This engine and another one, measured in turns with the same neighbours around them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from benchmarks.figures.figure import Figure, Lend, medians
from benchmarks.program import OURS, Program
from fixengine.demo.errors import DemoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The figures of both, in the same order, and why some of them are missing."""

    ours: list[Figure] = field(default_factory=list)
    peers: list[Figure] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def compare(
    peer: Program,
    measures: Mapping[str, Callable[[Lend, float, Program], Iterator[Figure]]],
    *,
    lend: Lend,
    rounds: int,
    scale: float,
    console: Console,
) -> Compared:
    """Measure each of `measures` in turns.

    What one of them can't show, such as REST that it does not have, is missing for both, and the
    others are measured all the same.
    """
    compared = Compared()
    for name, measure in measures.items():
        ours: list[Sequence[Figure]] = []
        peers: list[Sequence[Figure]] = []
        try:
            for number in range(1, rounds + 1):
                for program, measured in ((OURS, ours), (peer, peers)):
                    with console.status(f"{name} {number}/{rounds}, {program.name}"):
                        measured.append([*measure(lend, scale, program)])
        except (DemoError, RuntimeError) as error:
            compared.missing.append(f"{name}, of {program.name}: {error}")
            continue
        compared.ours.extend(medians(ours))
        compared.peers.extend(medians(peers))
    return compared
