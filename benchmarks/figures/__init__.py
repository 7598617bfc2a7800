"""What is measured by itself, not against a floor: how long, how much, how often. A file each."""

from collections.abc import Callable, Iterator, Mapping

from benchmarks.figures import (
    actors,
    changes,
    idle,
    latency,
    memory,
    pinned,
    rest,
    soak,
    start,
    wal,
)
from benchmarks.figures.figure import Figure, Lend

FIGURES: Mapping[str, Callable[[Lend, float], Iterator[Figure]]] = {
    each.__name__.rpartition(".")[2]: each.measure
    for each in (actors, changes, idle, latency, wal, start, rest, memory, pinned, soak)
}
LONG = frozenset({"memory", "pinned", "soak"})
"""Those that take ten minutes and more."""
