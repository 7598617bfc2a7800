"""A figure, and what it is measured on."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from statistics import median
from typing import Protocol

from fixengine.demo.stack import Stack


class Lend(Protocol):
    """Lends a stack that nothing has used: the embedded broker gets slower with what it keeps.

    With `durable` the database keeps what it commits, also when its machine crashes.
    """

    def __call__(self, *, durable: bool = False) -> AbstractContextManager[Stack]:
        """Start one, and stop it at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value, and the most or the least that it should be.

    `rounds` has the values whose median it is.
    """

    meaning: str
    value: float
    unit: str
    limit: float | None = None
    at_most: bool = True
    rounds: tuple[float, ...] = ()

    @property
    def said(self) -> str:
        """The value with its unit, and of several rounds the least and the most."""
        value = f"{self.value:,.4g} {self.unit}".strip()
        if len(self.rounds) < 2:
            return value
        return f"{value} ({min(self.rounds):,.4g} to {max(self.rounds):,.4g})"

    @property
    def good(self) -> bool:
        """Whether it keeps to its limit, if it has one."""
        if self.limit is None:
            return True
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def at_least(meaning: str, value: float, unit: str, limit: float) -> Figure:
    """Return a figure that should be no less than its limit."""
    return Figure(meaning=meaning, value=value, unit=unit, limit=limit, at_most=False)


def medians(rounds: Sequence[Sequence[Figure]]) -> Iterator[Figure]:
    """Yield the figures that every round measured anew, in the same order in each."""
    for repeated in zip(*rounds, strict=True):
        values = tuple(each.value for each in repeated)
        yield replace(repeated[0], value=median(values), rounds=values)
