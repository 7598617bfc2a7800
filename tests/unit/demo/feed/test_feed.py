"""The order generator repeats itself, keeps its promises, and agrees with itself about JSON."""

import json
from collections import Counter
from decimal import Decimal
from itertools import islice

from fixengine.demo.feed.feed import SINCE, orders
from fixengine.demo.feed.universe import UNPRICEABLE, priced_listings
from fixengine.wire.orders import decode_order
from tests.support.feed.flaws import FLAWS
from tests.support.feed.mixed import bad_orders, mixed_orders, unpriceable_orders, varied_orders
from tests.support.feed.variants import VARIANTS


def test_the_normal_message_has_every_field_in_the_neighbours_order() -> None:
    order = next(orders(seed=1))
    assert order.value is not None
    body = json.loads(order.value, parse_float=str)
    assert list(body) == [
        "id",
        "executionStatus",
        "tradeType",
        "destination",
        "security",
        "quantity",
        "limitPrice",
        "receivedTimestamp",
        "sentTimestamp",
        "tradeServiceExecutionId",
        "quantityFilled",
        "averagePrice",
        "version",
        "securityId",
        "ticker",
    ]
    assert order.key == b"1"
    assert [name for name, _ in order.headers] == ["__TypeId__"]
    assert body["sentTimestamp"] is None
    assert body["quantity"].endswith(".00000000")
    assert len(body["receivedTimestamp"].partition(".")[2]) == 9
    assert order.expected is not None
    assert body["ticker"] != order.expected.ticker


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not() -> None:
    first, again, other = (
        mixed_orders(seed=seed, good=200, bad=50, unpriceable=3, duplicates=20)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_orders_are_received_as_far_apart_as_they_are_sent() -> None:
    fed = orders(seed=1, since=SINCE, rate=2)
    late = [decode_order(order.value).received_timestamp - SINCE for order in islice(fed, 4)]
    assert [round(each.total_seconds(), 1) for each in late] == [0, 0.5, 1, 1.5]


def test_a_mix_holds_what_was_asked_for() -> None:
    mixed = mixed_orders(seed=1, good=2000, bad=60, unpriceable=3, duplicates=20)
    ids = Counter(order.expected.execution_service_id for order in mixed if order.expected)
    assert len(mixed) == 2083
    assert sorted(ids) == list(range(1, 2004))
    assert sum(order.valid for order in mixed) == 2023
    assert {order.kind for order in mixed} == {*VARIANTS, *FLAWS, "unpriceable"}


def test_what_a_variant_promises_is_what_the_engine_reads() -> None:
    for order in islice(varied_orders(seed=7), 10 * len(VARIANTS)):
        expected, read = order.expected, decode_order(order.value)
        assert expected is not None
        assert (
            read.id,
            read.trade_type,
            read.destination,
            read.security_id,
            read.quantity,
            read.limit_price,
            read.received_timestamp,
            read.trade_service_execution_id,
            read.version,
        ) == (
            expected.execution_service_id,
            expected.trade_type,
            expected.destination,
            expected.security_id,
            expected.quantity_ordered,
            expected.limit_price,
            expected.received_timestamp,
            expected.trade_service_execution_id,
            expected.version,
        )


def test_every_flaw_spoils_its_order() -> None:
    good = list(islice(orders(seed=3, first_id=1_000_000_000), len(FLAWS)))
    bad = list(islice(bad_orders(seed=3), len(FLAWS)))
    assert [order.kind for order in bad] == list(FLAWS)
    assert not any(order.valid for order in bad)
    assert all(spoiled.value != sound.value for spoiled, sound in zip(bad, good, strict=True))


def test_quantities_are_mixed_and_limits_are_on_the_easy_side() -> None:
    means = {one.ticker: Decimal(str(one.price)) for one in priced_listings()}
    expected = [order.expected for order in islice(orders(seed=5), 2000) if order.expected]
    quantities = [one.quantity_ordered for one in expected]
    assert min(quantities) < 100
    assert max(quantities) > 30_000
    limited = [one for one in expected if one.limit_price is not None]
    assert 800 < len(limited) < 1200
    for one in limited:
        assert one.limit_price is not None
        assert one.ticker is not None
        if one.trade_type in {"BUY", "COVER"}:
            assert one.limit_price >= means[one.ticker]
        else:
            assert one.limit_price <= means[one.ticker]


def test_unpriceable_orders_are_valid_and_never_fillable() -> None:
    tickers = {one.ticker for one in UNPRICEABLE}
    assert not tickers & {one.ticker for one in priced_listings()}
    for order in islice(unpriceable_orders(seed=1), 20):
        assert order.expected is not None
        assert order.expected.ticker in tickers
        assert not order.expected.fillable
