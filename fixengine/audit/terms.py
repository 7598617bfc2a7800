"""What an audit demands, and what it can't know: what is missing then is no contradiction."""

from dataclasses import dataclass
from datetime import datetime

from fixengine.rules.values import Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What must hold beside the ledger's own consistency.

    `complete`: every order that can be filled is FULL. `all_published`: the outbox is empty.
    `repeats_allowed`: a fill may be on its topic twice; a dead letter may be in any case.
    `empty_fills_announced`: the engines ran with PUBLISH_EMPTY_FILLS, None where some did and some
    did not.
    `partitions_are_fixed`: the topic of fills was given no partitions while orders were open.
    """

    complete: bool = True
    all_published: bool = True
    repeats_allowed: bool = True
    empty_fills_announced: bool | None = False
    partitions_are_fixed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How far what is judged goes back, and how near to now it comes; None: no limit.

    `newest` are the latest executions whose orders must be on their topic, of each database, by the
    remainder of their numbers. Orders received before
    `orders_since`, and messages of fills before `fills_since`, may be gone from their topics;
    executions whose orders were received before `kept_since` may be deleted. What was filled
    before `ledger_since` has no rows in the ledger. Executions are judged if they were sent from
    `since` on, and before `until`.
    """

    newest: tuple[int, ...] | None = None
    orders_since: datetime | None = None
    fills_since: datetime | None = None
    kept_since: datetime | None = None
    ledger_since: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, execution: Execution) -> bool:
        """Say whether an execution is in range."""
        sent = execution.sent_timestamp
        return not _before(sent, self.since) and (self.until is None or sent < self.until)

    def is_young(self, execution: Execution) -> bool:
        """Say whether an execution may be younger than what was read of its topic."""
        newest = self.newest
        return newest is not None and execution.id > newest[execution.id % len(newest)]

    def has_no_order(self, execution: Execution) -> bool:
        """Say whether its order may be gone from the topic."""
        return _before(execution.received_timestamp, self.orders_since)

    def is_deleted(self, received: datetime) -> bool:
        """Say whether the execution of an order may be deleted."""
        return _before(received, self.kept_since)

    def has_no_message(self, filled_at: datetime | None) -> bool:
        """Say whether a fill's message may be gone from the topic."""
        return self.fills_since is not None and (filled_at is None or filled_at < self.fills_since)

    def is_before_ledger(self, timestamp_ms: int | None) -> bool:
        """Say whether a record is older than the ledger."""
        limit = self.ledger_since
        return limit is not None and (timestamp_ms or 0) < limit.timestamp() * 1000

    def is_adopted(self, execution: Execution) -> bool:
        """Say whether an execution is older than the ledger."""
        return _before(execution.sent_timestamp, self.ledger_since)


def _before(moment: datetime, limit: datetime | None) -> bool:
    return limit is not None and moment < limit
