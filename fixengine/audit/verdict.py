"""What an audit comes to: contradictions, what was counted, and one line that sums it up."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

from fixengine.wire.letters import Place


class Kind(StrEnum):
    """What sort of contradiction it is; `docs/auditing.md` says what each means."""

    LOST = "lost"
    DOUBLED = "doubled"
    OVERFILLED = "overfilled"
    STORED_AND_BURIED = "stored-and-buried"
    NOBODY_SENT = "nobody-sent"
    ORDER = "order"
    STATE = "state"
    LEDGER = "ledger"
    FILLS = "fills"
    TOLD = "told"
    MESSAGE = "message"
    LETTER = "letter"
    UNFINISHED = "unfinished"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A sentence, and where to look: executions by number, records by their places."""

    kind: Kind
    said: str
    order: int | None = None
    executions: tuple[int, ...] = ()
    orders: tuple[Place, ...] = ()
    fills: tuple[Place, ...] = ()
    letters: tuple[Place, ...] = ()

    def evidence(self) -> Iterator[tuple[str, str]]:
        """Yield what to look at, and where that is."""
        for name in ("executions", "orders", "fills", "letters"):
            found = getattr(self, name)
            if found:
                yield name, ", ".join(map(str, found))

    def __str__(self) -> str:
        """Return the sentence."""
        return self.said


@dataclass(slots=True, kw_only=True)
class Counts:
    """What was looked at, and below `contradictions` what could not be judged, and why not.

    `messages` and `dead_letters` count records on the topics, `repeated_…` those among them that
    repeat an earlier one. `by_fix` are executions that FIX clients ordered.
    """

    orders: int = 0
    executions: int = 0
    by_fix: int = 0
    full: int = 0
    cancelled: int = 0
    replaced: int = 0
    expired: int = 0
    fills: int = 0
    messages: int = 0
    repeated_messages: int = 0
    dead_letters: int = 0
    repeated_dead_letters: int = 0
    contradictions: int = 0
    waiting_orders: int = 0
    young_executions: int = 0
    orders_gone: int = 0
    executions_gone: int = 0
    letters_without_orders: int = 0
    adopted: int = 0
    spread: int = 0
    outside: int = 0

    def summary(self) -> str:
        """Return one line."""
        changed = "".join(
            f"{number} {name}, "
            for name, number in (
                ("cancelled", self.cancelled),
                ("replaced", self.replaced),
                ("expired", self.expired),
            )
            if number
        )
        executions = f"{self.executions} executions"
        if self.by_fix:
            executions += f" ({self.by_fix} by FIX)"
        counts = (
            f"{self.orders} orders, {executions}, {self.full} full, {changed}"
            f"{self.fills} fills, {self.messages} messages ({self.repeated_messages} repeated), "
            f"{self.dead_letters} dead letters ({self.repeated_dead_letters} repeated)"
        )
        if not self.contradictions:
            return f"the ledger holds: {counts}"
        number = self.contradictions
        found = f"{number} contradiction{'' if number == 1 else 's'}"
        return f"the ledger does not hold: {counts}; {found}"

    def not_judged(self) -> Iterator[str]:
        """Yield a line for each reason why something could not be judged, or not wholly."""
        for name, reason in _REASONS.items():
            number = getattr(self, name)
            if number:
                yield f"{number} {reason}"

    def as_dict(self) -> dict[str, int]:
        """Return all numbers by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


_REASONS = {
    "waiting_orders": (
        "orders no engine has taken yet, or out of range, or older than the ledger or the letters"
    ),
    "young_executions": "executions younger than the audit: their orders were not looked for",
    "orders_gone": "executions with orders that the topic no longer keeps, or out of range",
    "executions_gone": "orders older than RETENTION_DAYS, with executions that are deleted",
    "letters_without_orders": "dead letters of orders that are out of range or no longer kept",
    "adopted": "executions that were filled before the database had a ledger",
    "spread": (
        "executions with messages on several partitions: their order was judged on each alone"
    ),
    "outside": "executions out of range",
}
