"""What is measured, and what its target is a ratio of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from benchmarks.load import Load
from benchmarks.neighbours import PRICE_CALL_SECONDS
from benchmarks.watching import Rates

ORDERS = 100_000
DUE = 100_000
STRANGERS = 200
SOME_CLOSED = 100_000
CLOSED = 5_000_000


class Runner(StrEnum):
    """Who does a round's work."""

    ENGINE = "engine"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round: its load, who does it, and the seconds that each neighbour takes for an answer."""

    load: Load
    runner: Runner = Runner.ENGINE
    engines: int = 1
    latency: float = PRICE_CALL_SECONDS
    security_latency: float = PRICE_CALL_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A figure, the one it is divided by, and the least that the ratio should be.

    Both are named by a round and by what of its rates counts.
    """

    meaning: str
    measured: tuple[str, str]
    by: tuple[str, str]
    target: float


ROUNDS: Mapping[str, Round] = {
    "intake floor": Round(load=Load(orders=ORDERS), runner=Runner.FLOOR),
    "intake": Round(load=Load(orders=ORDERS)),
    "intake, slow securities": Round(
        load=Load(orders=ORDERS, strangers=STRANGERS), security_latency=2.0
    ),
    "fills floor": Round(load=Load(due=DUE), runner=Runner.FLOOR),
    "fills": Round(load=Load(due=DUE)),
    "fills, slow prices": Round(load=Load(due=DUE), latency=0.02),
    "both": Round(load=Load(orders=ORDERS, due=DUE)),
    "intake, many closed": Round(load=Load(orders=ORDERS, closed=CLOSED)),
    "fills, many closed": Round(load=Load(due=DUE, closed=CLOSED)),
    "fills, closed deleted": Round(load=Load(due=DUE, closed=CLOSED, delete_closed=True)),
    "fills, four engines": Round(load=Load(due=DUE), engines=4),
    "fills, some closed": Round(load=Load(due=DUE, closed=SOME_CLOSED)),
    "flood, some closed": Round(load=Load(due=DUE, closed=SOME_CLOSED, after_idling=True)),
    "flood, many closed": Round(load=Load(due=DUE, closed=CLOSED, after_idling=True)),
}

SCENARIOS: Mapping[str, Scenario] = {
    "intake": Scenario(
        meaning="orders stored, engine ÷ floor",
        measured=("intake", "orders"),
        by=("intake floor", "orders"),
        target=0.7,
    ),
    "slow-securities": Scenario(
        meaning="orders of cached securities, others at 2 s a call among them ÷ all at 1 ms",
        measured=("intake, slow securities", "orders"),
        by=("intake", "orders"),
        target=0.95,
    ),
    "fills": Scenario(
        meaning="fills acknowledged and marked, engine ÷ floor, prices after 1 ms",
        measured=("fills", "fills"),
        by=("fills floor", "fills"),
        target=0.7,
    ),
    "slow-prices": Scenario(
        meaning="fills with prices after 20 ms ÷ after 1 ms",
        measured=("fills, slow prices", "fills"),
        by=("fills", "fills"),
        target=0.8,
    ),
    "both-intake": Scenario(
        meaning="orders stored while fills are made ÷ alone",
        measured=("both", "orders"),
        by=("intake", "orders"),
        target=0.45,
    ),
    "both-fills": Scenario(
        meaning="fills while orders are stored ÷ alone",
        measured=("both", "fills"),
        by=("fills", "fills"),
        target=0.45,
    ),
    "closed-intake": Scenario(
        meaning="orders stored beside 5 million closed executions ÷ beside none",
        measured=("intake, many closed", "orders"),
        by=("intake", "orders"),
        target=0.95,
    ),
    "closed-fills": Scenario(
        meaning="fills beside 5 million closed executions ÷ beside none",
        measured=("fills, many closed", "fills"),
        by=("fills", "fills"),
        target=0.95,
    ),
    "retention": Scenario(
        meaning="fills while 5 million closed executions are being deleted ÷ beside none",
        measured=("fills, closed deleted", "fills"),
        by=("fills", "fills"),
        target=0.8,
    ),
    "four-engines": Scenario(
        meaning="fills by four engines on one database ÷ by one",
        measured=("fills, four engines", "fills"),
        by=("fills", "fills"),
        target=1.0,
    ),
    "flood": Scenario(
        meaning="fills beside 100,000 closed executions, statistics of an idle time ÷ fresh ones",
        measured=("flood, some closed", "fills"),
        by=("fills, some closed", "fills"),
        target=0.9,
    ),
    "closed-flood": Scenario(
        meaning="fills beside 5 million closed executions, statistics of an idle time ÷ fresh ones",
        measured=("flood, many closed", "fills"),
        by=("fills, many closed", "fills"),
        target=0.9,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A scenario's outcome: each round's rates a second, their medians, and the ratio of these."""

    name: str
    scenario: Scenario
    measured_rounds: tuple[float, ...]
    by_rounds: tuple[float, ...]

    @property
    def measured(self) -> float:
        """The median of what is measured."""
        return median(self.measured_rounds)

    @property
    def by(self) -> float:
        """The median of what it is held against."""
        return median(self.by_rounds)

    @property
    def ratio(self) -> float:
        """What was measured, divided by what it is held against."""
        return self.measured / self.by


def rate_of(rates: Rates, what: str) -> float:
    """Return orders or fills a second; raises ValueError when a round was too short for one."""
    rate = rates.orders if what == "orders" else rates.fills
    if rate is None:
        raise ValueError(f"the round was too short to measure {what}: give it more to do")
    return rate
