"""When prices are asked for ahead of a claim, and when what came of that is good for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Event

import pytest

from fixengine.actors.filling.quotes import FRESH_FOR, Quotes
from fixengine.actors.messages import GetPrices, Prices
from fixengine.actors.pricing import BULK_FROM
from fixengine.errors import UnavailableError
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot

MANY = frozenset(f"T{number}" for number in range(BULK_FROM))
NOT_LISTED = "NONE"
BROKEN = "BROKEN"


class Pricing(Actor):
    """Knows a price of all that it is asked for but two; each question raises it.

    Of one of the two it can't say whether there is a price.
    """

    def __init__(self, asked: list[frozenset[str]], away: Event) -> None:
        super().__init__()
        self.asked = asked
        self.away = away

    def receive(self, message: GetPrices) -> Prices:
        self.asked.append(message.tickers)
        if self.away.is_set() or message.tickers == {BROKEN}:
            raise UnavailableError("no price can be had")
        price = Decimal(len(self.asked))
        return Prices(
            known=dict.fromkeys(message.tickers - {NOT_LISTED, BROKEN}, price),
            unknown=message.tickers & {NOT_LISTED},
        )


@dataclass(slots=True)
class Around:
    """Quotes, what the pricing actor was asked, and the time."""

    quotes: Quotes
    asked: list[frozenset[str]]
    away: Event
    now: list[float] = field(default_factory=lambda: [100.0])


@pytest.fixture
def around() -> Iterator[Around]:
    asked: list[frozenset[str]] = []
    now = [100.0]
    away = Event()
    pricing = Pricing.start(asked, away)
    pricing.ask(Boot())
    yield Around(Quotes(pricing, clock=lambda: now[0]), asked, away, now)
    pricing.stop()


def test_the_first_claim_waits_for_its_prices(around: Around) -> None:
    around.quotes.ask_ahead()
    assert around.asked == []
    assert around.quotes.prices(MANY).known == dict.fromkeys(MANY, 1)


def test_what_was_asked_for_ahead_is_not_asked_for_again(around: Around) -> None:
    around.quotes.prices(MANY)
    around.quotes.ask_ahead()
    assert around.quotes.prices(MANY).known == dict.fromkeys(MANY, 2)
    assert around.asked == [MANY, MANY]


def test_each_claim_has_prices_of_its_own(around: Around) -> None:
    around.quotes.prices(MANY)
    around.quotes.ask_ahead()
    around.quotes.prices(MANY)
    assert around.quotes.prices(MANY).known == dict.fromkeys(MANY, 3)


def test_what_nobody_could_expect_is_asked_for(around: Around) -> None:
    around.quotes.prices(MANY | {NOT_LISTED})
    around.quotes.ask_ahead()
    prices = around.quotes.prices(frozenset({"T0", "NEW", NOT_LISTED}))
    assert around.asked[2:] == [frozenset({"NEW"})]
    assert (prices.known["T0"], prices.known["NEW"]) == (2, 3)
    assert prices.unknown == {NOT_LISTED}


def test_where_single_calls_do_none_is_made_that_may_be_in_vain(around: Around) -> None:
    around.quotes.prices(frozenset({"T0"}))
    around.quotes.ask_ahead()
    around.quotes.prices(frozenset({"T1"}))
    assert around.asked == [{"T0"}, {"T1"}]


def test_it_is_asked_ahead_once_for_a_claim(around: Around) -> None:
    around.quotes.prices(MANY)
    around.quotes.ask_ahead()
    around.quotes.ask_ahead()
    assert around.quotes.prices(MANY).known == dict.fromkeys(MANY, 2)
    assert around.asked == [MANY, MANY]


def test_a_claim_of_nothing_ends_it(around: Around) -> None:
    around.quotes.prices(MANY)
    around.quotes.ask_ahead()
    around.now[0] += FRESH_FOR + 0.1
    around.quotes.ask_ahead()
    around.quotes.prices(frozenset({"T0"}))
    assert around.asked == [MANY, MANY, {"T0"}]


def test_prices_older_than_a_long_claim_are_asked_for_again(around: Around) -> None:
    around.quotes.prices(MANY)
    around.quotes.ask_ahead()
    around.now[0] += FRESH_FOR + 0.1
    assert around.quotes.prices(MANY).known == dict.fromkeys(MANY, 3)


def test_a_ticker_that_can_not_be_priced_holds_up_no_other(around: Around) -> None:
    around.quotes.prices(MANY | {BROKEN})
    for _ in range(2):  # it was expected, and then it was not
        around.quotes.ask_ahead()
        prices = around.quotes.prices(MANY | {BROKEN})
        assert prices.known.keys() == MANY
        assert BROKEN not in prices.unknown
        around.quotes.ask_ahead()
        around.quotes.prices(MANY)


def test_without_any_price_a_claim_comes_to_nothing(around: Around) -> None:
    around.quotes.prices(MANY)
    around.quotes.ask_ahead()
    with pytest.raises(UnavailableError):
        around.quotes.prices(frozenset({BROKEN}))


def test_prices_that_can_not_be_had_are_unavailable_also_ahead(around: Around) -> None:
    around.quotes.prices(MANY)
    around.away.set()
    for _ in range(2):  # asked for ahead, and not
        around.quotes.ask_ahead()
        with pytest.raises(UnavailableError):
            around.quotes.prices(MANY)
    around.away.clear()
    assert around.quotes.prices(MANY).known.keys() == MANY
