"""Fills that are stored and not published yet: until then their executions can't be claimed."""

from collections.abc import Sequence
from datetime import datetime

from fixengine.rules.values import Fill

REMEMBERED = 20_000
"""Fills: so many wait only while none get through."""


class Awaited:
    """When the execution of each (execution id, fill number) is due again; None for never.

    The repository and the desk use it: each call is a single step of a dictionary, or adds other
    keys than any other call.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        """Take how many are remembered; the others are strangers when they are published."""
        self._most = most
        self._due: dict[tuple[int, int], datetime | None] = {}

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, fill: tuple[int, int]) -> bool:
        return fill in self._due

    def add(self, fills: Sequence[Fill], stored: frozenset[int]) -> None:
        """Remember those of the fills that are stored, and go to the topic."""
        if len(self._due) < self._most:
            self._due.update(
                (
                    (fill.execution.id, fill.execution.number_of_fills),
                    fill.execution.next_fill_timestamp,
                )
                for fill in fills
                if fill.announced and fill.execution.id in stored
            )

    def pop(self, fill: tuple[int, int]) -> datetime | None:
        """Forget a fill; return when its execution is due again, None for never."""
        return self._due.pop(fill)

    def clear(self) -> None:
        """Forget all of them."""
        self._due.clear()
