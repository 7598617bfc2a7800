"""What the decoder promises of every order it takes, and of every reason it gives."""

from datetime import UTC, datetime
from decimal import Decimal

from fixengine.rules.values import Order, TradeType

_LARGEST = 2**31 - 1
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_LONGEST_REASON = 300


def assert_sound(order: Order) -> None:
    """The table holds it as it is."""
    assert type(order.id) is int
    assert 0 < order.id <= _LARGEST
    assert order.trade_type in TradeType
    assert 0 < len(order.destination.strip()) <= len(order.destination) <= 20
    assert "\0" not in order.destination
    order.destination.encode()
    assert len(bytes.fromhex(order.security_id)) == 12
    assert len(order.security_id) == 24
    assert order.security_id == order.security_id.lower()
    _assert_fits(order.quantity)
    assert order.quantity > 0
    if order.limit_price is not None:
        _assert_fits(order.limit_price)
        assert order.limit_price >= Decimal("0.0001")
    assert _EARLIEST <= order.received_timestamp < _LATEST
    assert abs(order.trade_service_execution_id or 0) <= _LARGEST
    assert abs(order.version) <= _LARGEST


def assert_reason(reason: str) -> None:
    """It goes into a header and onto a terminal."""
    assert reason.isprintable()
    assert 0 < len(reason.encode()) <= _LONGEST_REASON


def _assert_fits(number: Decimal) -> None:
    assert abs(number) < Decimal(10) ** 10
    assert int(number.as_tuple().exponent) >= -8
