"""What the desk needs of the database: executions to change, locked while they are decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fixengine.rules.changes import ChangeRequest
from fixengine.rules.values import Change, ChangeKind, Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChange:
    """A change whose request is asked again: what it was, and the execution as it was after it."""

    kind: ChangeKind
    execution: Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Executions that are locked to be changed, by id, as they are `now`.

    Those of `unpublished` wait for the message of their last fill. Those of `not_numbers` have a
    number that is NaN, shown as 0 or no limit. `known` are changes by execution id and request key.
    `now` is None where there is no execution.
    """

    executions: Mapping[int, Execution]
    unpublished: frozenset[int]
    not_numbers: frozenset[int]
    now: datetime | None
    known: Mapping[tuple[int, str], KnownChange]


class Changes(Protocol):
    """Executions that customers change; all methods but `close` raise UnavailableError."""

    def lock(self, requests: Sequence[ChangeRequest], *, within: float) -> Locked:
        """Lock executions until `store` or `abandon`, waiting `within` seconds for each."""

    def store(self, changes: Sequence[Change]) -> frozenset[int]:
        """Store changes of what is locked, and unlock it; returns the ids of those stored.

        Raises RejectedError when the database refuses any; then nothing is stored.
        """

    def abandon(self) -> None:
        """Unlock what is locked."""

    def close(self) -> None:
        """Unlock everything and let go. Safe to call twice."""
