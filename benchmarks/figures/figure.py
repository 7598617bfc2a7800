"""A figure, and what it is measured on."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

from fixengine.demo.stack import Stack

Lend: TypeAlias = Callable[[], AbstractContextManager[Stack]]
"""Lends a stack that nothing has used: the embedded broker gets slower with what it keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value, and the most or the least that it should be."""

    meaning: str
    value: float
    unit: str
    limit: float | None = None
    at_most: bool = True

    @property
    def good(self) -> bool:
        """Whether it keeps to its limit, if it has one."""
        if self.limit is None:
            return True
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def at_least(meaning: str, value: float, unit: str, limit: float) -> Figure:
    """Return a figure that should be no less than its limit."""
    return Figure(meaning=meaning, value=value, unit=unit, limit=limit, at_most=False)
