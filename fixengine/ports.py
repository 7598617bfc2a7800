"""What the actors and the REST resources need from the outside, as protocols and values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from fixengine.domain import Execution

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One Kafka record as it was read. `timestamp_ms` is None when the broker gave none."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionQuery:
    """A page of executions, highest id first; None means any. `limit` is 1 to 1000."""

    limit: int = 100
    before_id: int | None = None
    is_open: bool | None = None
    status: str | None = None
    ticker: str | None = None
    trade_type: str | None = None
    destination: str | None = None
    execution_service_id: int | None = None
    received_since: datetime | None = None
    received_until: datetime | None = None


class ExecutionReader(Protocol):
    """Queries; both raise UnavailableError when the database does not answer in time."""

    def get(self, execution_id: int) -> Execution | None:
        """Find one execution by the engine's own id."""

    def page(self, query: ExecutionQuery) -> tuple[Execution, ...]:
        """Find executions, highest id first."""


class SecurityService(Protocol):
    """Tickers by security id."""

    def ticker(self, security_id: str) -> str | None:
        """Return the ticker, None when the service says there is no such security.

        Raises UnavailableError when it gives no usable answer before the deadline.
        """

    def all_tickers(self) -> Mapping[str, str]:
        """Return every security's ticker by id; raises UnavailableError."""


class PricingService(Protocol):
    """Fresh prices by ticker."""

    def price(self, ticker: str) -> Decimal | None:
        """Return the closing price, None when the service does not know the ticker.

        Raises UnavailableError when it gives no usable answer before the deadline.
        """

    def all_prices(self) -> Mapping[str, Decimal]:
        """Return every priced ticker's closing price; raises UnavailableError."""


class ActorState(Protocol):
    """One actor of the tree as an outsider sees it."""

    @property
    def name(self) -> str:
        """Its place in the tree."""

    @property
    def state(self) -> str:
        """Where in its life it is."""

    @property
    def alive(self) -> bool:
        """Whether it is there to do its work."""

    @property
    def restarts(self) -> int:
        """How often it was started again."""

    @property
    def mailbox(self) -> int:
        """How many messages wait for it."""

    @property
    def busy_for(self) -> float | None:
        """Seconds it has spent on the message in hand, None when idle."""

    @property
    def last_error(self) -> str | None:
        """Why it last crashed."""
