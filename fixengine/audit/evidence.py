"""What the audit judges: all that there is about one order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fixengine.infra.postgres.audit_pages import Told
from fixengine.ports.kafka import Record
from fixengine.rules.values import ChangeEntry, Execution, LedgerEntry
from fixengine.wire.letters import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The columns that an order must lead to; `version` is the one before any fill.

    `ticker` is None where only security-service knows it. `fillable` is False when its security
    has no price: the execution must stay open and empty.
    """

    execution_service_id: int
    trade_type: str
    destination: str
    security_id: str
    ticker: str | None
    quantity_ordered: Decimal
    limit_price: Decimal | None
    received_timestamp: datetime
    trade_service_execution_id: int | None
    version: int
    fillable: bool
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An order as it was sent; `place` is where on its topic, if that is known.

    `buried`: there is a dead letter of it. `settled`: an engine has done with it.
    """

    expected: Expected
    place: Place | None = None
    buried: bool = False
    settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An execution, its fills, the number of the one in the outbox, and which were changes.

    Fills and changes are in order of number. `told` is what its FIX client was, None without one.
    """

    execution: Execution
    fills: tuple[LedgerEntry, ...] = ()
    unpublished: int | None = None
    changes: tuple[ChangeEntry, ...] = ()
    told: Told | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What was sent, stored and published under one key, in the order of the topics."""

    key: bytes | None
    sources: tuple[Source, ...] = ()
    stored: tuple[Stored, ...] = ()
    messages: tuple[Record, ...] = ()


def key_of(order_id: int) -> bytes:
    """Return the key that messages of an order have."""
    return str(order_id).encode()
