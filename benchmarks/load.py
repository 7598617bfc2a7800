"""What there is to do in a round, and how it gets on the topic and into the tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.universe import Listing

DUE = """
insert into execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, received_timestamp, sent_timestamp, next_fill_timestamp
)
select
    1000000000 + n, true, 'WORK', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3', t.ticker,
    50, now() - interval '1 minute', now() - interval '1 minute',
    now() - interval '1 second' + n * interval '1 microsecond'
from generate_series(1, %(number)s) as n
join (select ticker, row_number() over () - 1 as place from unnest(%(tickers)s::text[]) as ticker)
    as t on t.place = n %% cardinality(%(tickers)s::text[])
"""
CLOSED = """
insert into execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, received_timestamp, sent_timestamp, last_fill_timestamp, quantity_filled,
    number_of_fills, total_amount, version
)
select
    1500000000 + n, false, 'FULL', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3', 'A', 50,
    now() - interval '1 day', now() - interval '1 day', now() - interval '1 day', 50, 1, 5000, 2
from generate_series(1, %(number)s) as n
"""
CLOSED_FILLS = """
insert into fill
select id, 1, 50, 100, last_fill_timestamp, 50, 5000, 2, true from execution
"""
_STRANGERS = tuple(
    Listing(security_id=f"{number:024x}", ticker="", name="", price=1.0)
    for number in range(0xBAD000, 0xBAD000 + 200)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What there is to do: orders on their topic, and executions that are due.

    Among the orders are those of `strangers`, securities that nobody knows; beside what is due are
    `closed` executions, which nobody has to do with any more unless they are to be deleted. With
    `after_idling` the database's statistics are of the time before anything was due, and stay so.
    """

    orders: int = 0
    strangers: int = 0
    due: int = 0
    closed: int = 0
    delete_closed: bool = False
    after_idling: bool = False


def orders_of(load: Load) -> Iterator[FedOrder]:
    """Yield the orders of a load, those of strangers evenly among them."""
    strangers = iter(
        orders(seed=2, first_id=500_000_000, listings=_STRANGERS) if load.strangers else ()
    )
    every = load.orders // load.strangers if load.strangers else load.orders
    for number, order in enumerate(islice(orders(seed=1), load.orders), 1):
        yield order
        if number % every == 0:
            yield from islice(strangers, 1)
