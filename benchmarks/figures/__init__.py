"""What is measured by itself, not against a floor: how long, how much, how often. A file each."""

from collections.abc import Callable, Iterator, Mapping

from benchmarks.figures import (
    actors,
    asked,
    bulk,
    changes,
    fix,
    idle,
    kill,
    latency,
    lone,
    many_open,
    memory,
    orders,
    pinned,
    pod,
    rest,
    scaling,
    soak,
    start,
    wal,
)
from benchmarks.figures.figure import Figure, Lend
from benchmarks.program import Program

COMPARABLE: Mapping[str, Callable[[Lend, float, Program], Iterator[Figure]]] = {
    "bulk": bulk.measure,
    "lone": lone.measure,
    "pod": pod.measure,
    "asked": asked.measure,
}
"""Those that any engine of the contract can show."""
COMPARED = ("bulk", "pod", "asked")
"""Those that are measured with a peer when nothing else is asked for; `pod` has `lone` in it."""
FIGURES: Mapping[str, Callable[[Lend, float], Iterator[Figure]]] = {
    each.__name__.rpartition(".")[2]: each.measure
    for each in (
        actors,
        changes,
        fix,
        idle,
        latency,
        orders,
        wal,
        start,
        kill,
        rest,
        pod,
        lone,
        bulk,
        asked,
        memory,
        many_open,
        scaling,
        pinned,
        soak,
    )
}
LONG = frozenset({"many_open", "memory", "pinned", "scaling", "soak"})
"""Those that take minutes; one round of them has to do."""
BY_NAME = LONG | {"lone", "bulk", "asked", "kill"}
"""Those that run only when they are asked for, or with a peer: others have the same in them.

`kill` shows nothing with the embedded broker.
"""
