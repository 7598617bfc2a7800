"""Looks at running engines: one of them tells of the whole, each of its own actors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import urllib3

_ASK_SECONDS = 5.0
_LATEST = 8
_AMONG = 200  # newest executions, of which the ones filled last are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen. A number that nobody told is None, or missing in its mapping.

    `counts` are executions by status. `latest` are executions as REST gives them, last filled
    first. `engines` has a name and the body of /readyz for each.
    """

    counts: Mapping[str, int]
    fills_per_second: float | None
    due: int | None
    unpublished: int | None
    lag: int | None
    latest: tuple[Mapping[str, Any], ...]
    engines: tuple[tuple[str, Mapping[str, Any]], ...]

    @property
    def executions(self) -> int:
        """How many executions there are."""
        return sum(self.counts.values())


class Observer:
    """Looks at engines by their REST addresses; without an answer it shows what it saw last."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        """Take the address of each engine, such as http://localhost:8085, by a name for it."""
        self._addresses = addresses
        self._pool = urllib3.PoolManager(retries=False, timeout=_ASK_SECONDS)
        self._summary: Mapping[str, Any] = {}
        self._latest: tuple[Mapping[str, Any], ...] = ()

    def look(self) -> Seen:
        """Return the state of things."""
        first = next(iter(self._addresses.values()))
        summary = self._ask(f"{first}/api/v1/summary", 200)
        if isinstance(summary, dict):
            self._summary = summary
        executions = self._ask(f"{first}/api/v1/executions?limit={_AMONG}", 200)
        if isinstance(executions, list):
            self._latest = _last_filled(executions)
        return Seen(
            counts=self._summary.get("countByStatus", {}),
            fills_per_second=self._summary.get("fillsPerSecond"),
            due=self._summary.get("due"),
            unpublished=self._summary.get("unpublished"),
            lag=self._summary.get("lag"),
            latest=self._latest,
            engines=tuple(
                (name, cast("dict[str, Any]", self._ask(f"{address}/readyz", 200, 503) or {}))
                for name, address in self._addresses.items()
            ),
        )

    def close(self) -> None:
        """Close the kept-alive connections; safe to repeat."""
        self._pool.clear()

    def _ask(self, url: str, *good: int) -> object:
        try:
            answer = self._pool.request("GET", url)
            return answer.json() if answer.status in good else None
        except (urllib3.exceptions.HTTPError, ValueError):
            return None


def _last_filled(executions: list[dict[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    filled = [one for one in executions if "lastFilledTimestamp" in one]
    filled.sort(key=lambda one: float(one["lastFilledTimestamp"]), reverse=True)
    return tuple(filled[:_LATEST])
