"""Orders by FIX as a gateway stores them, written by hand for tests that need no gateway."""

from fixengine.demo.feed.universe import priced_listings
from fixengine.rules.values import TimeInForce
from tests.support.rows import change

_ENTERED = """
with entered as (
    insert into execution (
        id, execution_service_id, is_open, execution_status, trade_type, destination, security_id,
        ticker, quantity_ordered, received_timestamp, sent_timestamp, next_fill_timestamp, version
    )
    select
        n.id, -n.id, true, 'WORK', 'BUY', 'ML', '{security}', '{ticker}', 1000, now(), now(), now(),
        1
    from (
        select nextval('execution_id_seq')::integer as id from generate_series(1, {count})
    ) as n
    returning id
),
timed as (
    insert into expiry select id, null, '{time_in_force}' from entered
),
told as (
    insert into fix_sent
    select
        9, 1, id, '8', now(),
        convert_to(
            format(
                E'37=%s\x0117=%s-0\x0138=1000\x0114=0\x01151=1000\x016=0\x01', id, id
            ),
            'UTF8'
        ),
        id, 0
    from entered
)
insert into fix_order select id, 9, 'a', null, null, null, '1', '3' from entered
"""


def order_by_fix(dsn: str, count: int, time_in_force: TimeInForce) -> None:
    """Store so many orders of a thousand units, due at once, whose client knows that they are."""
    listing = priced_listings()[0]
    change(
        dsn,
        _ENTERED.format(
            security=listing.security_id,
            ticker=listing.ticker,
            count=count,
            time_in_force=time_in_force,
        ),
    )
