"""What orders ask for, as the audit understands them by itself."""

from dataclasses import replace
from itertools import islice

import pytest

from fixengine.audit.meaning import meaning_of
from tests.support.feed.mixed import varied_orders

LATE = b'"receivedTimestamp":1E+999999999'


def test_every_variant_of_an_order_is_understood() -> None:
    for order in islice(varied_orders(seed=3), 400):
        assert order.expected is not None
        assert meaning_of(order.value) == replace(order.expected, ticker=None), order.kind


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff",
        b"{",
        b"[]",
        b"null",
        b"3",
        b"{}",
        b"[" * 100_000,
        b'{"id":true}',
        b'{"id":0}',
        b'{"id":2147483648}',
        b'{"id":1E+999999999}',
        b'{"id":1,"tradeType":1}',
        b'{"id":1,"tradeType":"BUY","destination":"ML","securityId":"x","quantity":"1"}',
        b'{"id":1,"tradeType":"","destination":"","securityId":"x","quantity":1,%s}' % LATE,
        b'{"id":1,"tradeType":"BUY","destination":"ML","security":[],"quantity":1}',
    ],
)
def test_what_can_lead_to_no_execution_means_nothing(value: bytes | None) -> None:
    assert meaning_of(value) is None
