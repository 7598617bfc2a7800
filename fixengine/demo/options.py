"""What a user may choose about the demo; light enough to import where the extra is missing."""

from dataclasses import dataclass
from enum import StrEnum
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
    changed while they are filled.
    """

    orders: int | None
    rate: float | None
    speed: float
    exits: bool
    cancels: float
    engines: int
    broker: BrokerName
    seed: int
    keep: Path | None

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
