"""What a user may choose about the demo; light enough to import where the extra is missing."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from pathlib import Path

_FILL_DELAYS = (("FILL_DELAY_FIRST", 1.0), ("FILL_DELAY_MIN", 5.0), ("FILL_DELAY_MAX", 120.0))


class BrokerName(StrEnum):
    """Which broker: one from a wheel, or Apache Kafka by Maven and Java."""

    EMBEDDED = "embedded"
    APACHE = "apache"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """The options of `fixengine demo`.

    `orders` None means without end. `rate` is orders a second, None: all at once. `speed` divides
    the seconds between an execution's fills. `cancels` percent of the orders are cancelled or
    changed while they are filled. `fix` percent of them come by FIX.
    """

    orders: int | None
    rate: float | None
    speed: float
    exits: bool
    cancels: float
    fix: float
    engines: int
    broker: BrokerName
    seed: int
    keep: Path | None

    @property
    def orders_by_fix(self) -> int | None:
        """How many orders come by FIX, None: without end."""
        return None if self.orders is None else ceil(self.orders * self.fix / 100)

    @property
    def orders_by_topic(self) -> int | None:
        """How many orders are fed to the topic, None: without end."""
        by_fix = self.orders_by_fix
        return None if self.orders is None or by_fix is None else self.orders - by_fix

    def rate_of(self, percent: float) -> float | None:
        """Return the orders a second of so many of all orders; None: all at once."""
        return None if self.rate is None else self.rate * percent / 100

    def engine_settings(self) -> dict[str, str]:
        """Return the engine settings that follow from the options."""
        delays = {name: f"{seconds / self.speed:f}" for name, seconds in _FILL_DELAYS}
        return {**delays, "FILL_SEED": str(self.seed)}

    def longest_delay_seconds(self) -> float:
        """Return the longest time between two fills of an execution."""
        return _FILL_DELAYS[-1][1] / self.speed

    def deadline_seconds(self) -> float:
        """Return how long all orders may take to be closed: far more than they should need."""
        orders = self.orders or 0
        sending = orders / self.rate if self.rate else 0.0
        return 60.0 + sending + orders / 50 + 60 * self.longest_delay_seconds()
