from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Event, Thread

import pytest

from fixengine.actors.reading.totals import (
    COUNT_FOR,
    FORGOTTEN_AFTER,
    KEPT_FOR,
    SHARE,
    STRETCH,
    Counter,
)
from fixengine.errors import UnavailableError
from fixengine.ports.queries import Subtotals, Sums


@dataclass
class Table:
    """`size` executions, of which every stretch takes `seconds` to add up."""

    size: int
    seconds: float = 0.0
    now: float = 1000.0
    asked: list[int] = field(default_factory=list)
    failure: Exception | None = None
    on_asked: Callable[[], object] = lambda: None

    def clock(self) -> float:
        return self.now

    def add_up(self, *, after: int, limit: int) -> Subtotals:
        self.on_asked()
        if self.failure is not None:
            raise self.failure
        self.asked.append(after)
        self.now += self.seconds
        found = min(limit, self.size - after)
        sums = Sums(executions=found, quantity_ordered=Decimal(found))
        return Subtotals(
            by_status={"WORK": sums} if found else {}, last_id=after + found if found else None
        )

    def counter(self) -> Counter:
        return Counter(self.add_up, clock=self.clock)


def count(counter: Counter) -> int:
    return sum(sums.executions for sums in counter.totals().by_status.values())


@pytest.mark.parametrize("size", [0, 1, STRETCH - 1, STRETCH, STRETCH + 1, 3 * STRETCH])
def test_every_execution_is_counted_once(size: int) -> None:
    assert count(Table(size).counter()) == size


def test_sums_are_exact() -> None:
    huge = Decimal("99999999999999999999.00000001")
    assert sum([Sums(total_amount=huge)] * 3, Sums()).total_amount == Decimal(
        "299999999999999999997.00000003"
    )


def test_totals_are_good_for_a_second_at_the_least() -> None:
    table = Table(5)
    counter = table.counter()
    count(counter)
    table.size = 6
    table.now += KEPT_FOR - 0.01
    assert count(counter) == 5
    table.now += 0.01
    assert count(counter) == 6


def test_the_longer_a_count_takes_the_longer_it_is_good_for() -> None:
    table = Table(2 * STRETCH, seconds=0.2)
    counter = table.counter()
    count(counter)
    counted = len(table.asked)
    table.now += SHARE * 0.6 - 0.1
    count(counter)
    assert len(table.asked) == counted
    table.now += 0.2
    count(counter)
    assert len(table.asked) == 2 * counted


def test_a_long_count_goes_on_from_request_to_request() -> None:
    table = Table(25 * STRETCH, seconds=COUNT_FOR / 10)
    counter = table.counter()
    for _ in range(2):
        with pytest.raises(UnavailableError, match="still being counted"):
            counter.totals()
    assert count(counter) == 25 * STRETCH
    assert table.asked == [STRETCH * number for number in range(26)]


def test_while_the_next_count_is_under_way_there_are_the_last_totals() -> None:
    table = Table(STRETCH)
    counter = table.counter()
    count(counter)
    table.now += KEPT_FOR
    table.size, table.seconds = 3 * STRETCH, COUNT_FOR
    assert [count(counter) for _ in range(4)] == [STRETCH, STRETCH, STRETCH, 3 * STRETCH]


def test_a_count_that_was_left_begins_anew() -> None:
    table = Table(3 * STRETCH, seconds=COUNT_FOR)
    counter = table.counter()
    with pytest.raises(UnavailableError):
        counter.totals()
    table.now += FORGOTTEN_AFTER + 0.01
    with pytest.raises(UnavailableError):
        counter.totals()
    assert table.asked == [0, 0]


def test_without_a_database_there_are_none_even_when_there_were() -> None:
    table = Table(1)
    counter = table.counter()
    count(counter)
    table.now += KEPT_FOR
    table.failure = UnavailableError("away")
    with pytest.raises(UnavailableError, match="away"):
        counter.totals()
    table.failure = None
    assert count(counter) == 1


def test_one_request_counts_and_the_others_do_not_wait() -> None:
    table = Table(7)
    counter = table.counter()
    count(counter)
    table.now += KEPT_FOR
    counting, let_go = Event(), Event()

    def hold() -> None:
        counting.set()
        let_go.wait(60)

    table.on_asked = hold
    thread = Thread(target=counter.totals)
    thread.start()
    assert counting.wait(60)
    assert count(counter) == 7
    assert len(table.asked) == 1
    let_go.set()
    thread.join(60)
    assert len(table.asked) == 2
