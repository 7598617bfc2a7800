from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fixengine.errors import MalformedError
from fixengine.rules.values import Order, TradeType
from fixengine.wire.orders import decode_order

NORMAL = (
    '{"id":37,"executionStatus":"NEW","tradeType":"BUY","destination":"ML","security":'
    '{"securityId":"68bda020e3644b42ebcb2bd3","ticker":"bdaeb"},"quantity":134.00000000,'
    '"limitPrice":null,"receivedTimestamp":1785240970.233793461,"sentTimestamp":null,'
    '"tradeServiceExecutionId":12,"quantityFilled":0,"averagePrice":0,"version":1,'
    '"securityId":"68bda020e3644b42ebcb2bd3","ticker":"bdaeb"}'
)
SECURITY = "68bda020e3644b42ebcb2bd3"


def changed(**changes: str | None) -> bytes:
    """Return a small valid message whose fields, in JSON, are replaced, or left out by None."""
    fields: dict[str, str | None] = {
        "id": "37",
        "tradeType": '"BUY"',
        "destination": '"ML"',
        "securityId": f'"{SECURITY}"',
        "quantity": "134",
        "receivedTimestamp": "1785240970",
        **changes,
    }
    return b"{%s}" % b",".join(
        f'"{name}":{value}'.encode() for name, value in fields.items() if value is not None
    )


def refusal(value: bytes | None) -> str:
    with pytest.raises(MalformedError) as caught:
        decode_order(value)
    return str(caught.value)


def test_the_normal_message() -> None:
    assert decode_order(NORMAL.encode()) == Order(
        id=37,
        trade_type=TradeType.BUY,
        destination="ML",
        security_id=SECURITY,
        quantity=Decimal(134),
        limit_price=None,
        received_timestamp=datetime(2026, 7, 28, 12, 16, 10, 233793, tzinfo=UTC),
        trade_service_execution_id=12,
        version=1,
    )


def test_absent_optional_fields() -> None:
    order = decode_order(changed())
    assert order.limit_price is None
    assert order.trade_service_execution_id is None
    assert order.version == 1


def test_the_security_alone_is_enough() -> None:
    nested = changed(securityId=None, security=f'{{"securityId":"{SECURITY}"}}')
    assert decode_order(nested).security_id == SECURITY


def test_a_security_is_the_same_in_upper_and_lower_case() -> None:
    assert decode_order(changed(securityId=f'"{SECURITY.upper()}"')).security_id == SECURITY
    nested = f'{{"securityId":"{SECURITY.title()}"}}'
    assert decode_order(changed(security=nested)).security_id == SECURITY


def test_two_securities_that_differ_are_refused() -> None:
    other = f'{{"securityId":"{SECURITY[::-1]}"}}'
    assert "differ" in refusal(changed(security=other))


@pytest.mark.parametrize("kind", ["BUY", "SELL", "SHORT", "COVER", "EXRC"])
def test_all_trade_types(kind: str) -> None:
    assert decode_order(changed(tradeType=f'"{kind}"')).trade_type == kind


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("134", "134"),
        ("134.00000000", "134"),
        ("1E+3", "1000"),
        ("1e-8", "0.00000001"),
        ("9999999999.99999999", "9999999999.99999999"),
        ("1.000000000000000000000000000000", "1"),
        ("1." + "0" * 100_000, "1"),
        ("1" + "0" * 100_000 + "e-100000", "1"),
    ],
)
def test_quantities_are_exact(quantity: str, value: str) -> None:
    decoded = decode_order(changed(quantity=quantity)).quantity
    assert decoded == Decimal(value)
    assert int(decoded.as_tuple().exponent) >= -8, "PostgreSQL refuses more than 16383 places"


@pytest.mark.parametrize("limit", ["null", "0", "0E-8", "0.00009999", "-0.00009999", "0.0"])
def test_no_limit(limit: str) -> None:
    assert decode_order(changed(limitPrice=limit)).limit_price is None


def test_a_limit_has_no_more_places_than_the_column() -> None:
    limit = decode_order(changed(limitPrice="44.1" + "0" * 20_000)).limit_price
    assert limit is not None
    assert (limit, limit.as_tuple().exponent) == (Decimal("44.1"), -8)


@pytest.mark.parametrize("limit", ["0.0001", "44.10000000", "9999999999.99999999"])
def test_a_limit(limit: str) -> None:
    assert decode_order(changed(limitPrice=limit)).limit_price == Decimal(limit)


@pytest.mark.parametrize(
    "text",
    [
        '"2026-07-28T12:16:10.233793461Z"',
        '"2026-07-28T14:16:10.233793+02:00"',
        "1785240970.233793461",
        "1.785240970233793e9",
    ],
)
def test_timestamps(text: str) -> None:
    order = decode_order(changed(receivedTimestamp=text, expiresTimestamp=text))
    moment = datetime(2026, 7, 28, 12, 16, 10, 233793, tzinfo=UTC)
    assert (order.received_timestamp, order.expires_at) == (moment, moment)


@pytest.mark.parametrize("value", [None, "null"])
def test_an_order_that_does_not_say_when_it_ends_never_does(value: str | None) -> None:
    assert decode_order(changed(expiresTimestamp=value)).expires_at is None


@pytest.mark.parametrize(
    "field", ["id", "tradeType", "destination", "securityId", "quantity", "receivedTimestamp"]
)
@pytest.mark.parametrize("value", [None, "null"])
def test_a_required_field_that_is_missing_is_named(field: str, value: str | None) -> None:
    assert refusal(changed(**{field: value})) == f"{field} is missing"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "0"),
        ("id", "-1"),
        ("id", "2147483648"),
        ("id", "1.5"),
        ("id", "1e400000000"),
        ("id", '"NaN"'),
        ("tradeType", '"HOLD"'),
        ("tradeType", '"buy"'),
        ("destination", '""'),
        ("destination", '"123456789012345678901"'),
        ("destination", r'"a\u0000"'),
        ("destination", '" "'),
        ("destination", r'"\t\n  "'),
        ("destination", r'"\u00a0\u3000\u2003"'),
        ("destination", r'"\u200b\ufeff"'),
        ("securityId", '"68bda020e3644b42ebcb2bd"'),
        ("securityId", '"68bda020e3644b42ebcb2bdg"'),
        ("securityId", '"\uff168bda020e3644b42ebcb2bd3"'),
        ("quantity", "0"),
        ("quantity", "-1"),
        ("quantity", "10000000000"),
        ("quantity", "0.000000001"),
        ("quantity", "1e-999999999"),
        ("quantity", '"sNaN"'),
        ("limitPrice", "-1"),
        ("limitPrice", "10000000000"),
        ("limitPrice", "44.123456789"),
        ("receivedTimestamp", '"2026-07-28T12:16:10"'),
        ("receivedTimestamp", '"yesterday"'),
        ("receivedTimestamp", "1785240970233"),
        ("receivedTimestamp", "-1"),
        ("receivedTimestamp", "true"),
        ("expiresTimestamp", '"2026-07-28T22:00:00"'),
        ("expiresTimestamp", '"tonight"'),
        ("expiresTimestamp", '""'),
        ("expiresTimestamp", "1785240970233"),
        ("expiresTimestamp", "-1"),
        ("expiresTimestamp", "1e400000000"),
        ("expiresTimestamp", "true"),
        ("expiresTimestamp", "[1]"),
        ("expiresTimestamp", "{}"),
        ("tradeServiceExecutionId", "2147483648"),
        ("version", "1e10"),
        ("version", "1073741825"),
        ("receivedTimestamp", "253402300799"),
        ("receivedTimestamp", '"9999-01-01T00:00:00Z"'),
    ],
)
def test_a_value_that_the_table_cannot_hold_is_refused_by_name(field: str, value: str) -> None:
    assert refusal(changed(**{field: value})).startswith(f"{field} is ")


@pytest.mark.parametrize(
    "field", ["id", "quantity", "limitPrice", "tradeServiceExecutionId", "version"]
)
@pytest.mark.parametrize(
    "value", ['"134"', '"1_3"', '" 134"', '"\uff11"', '"Infinity"', "true", "[1]", "{}"]
)
def test_a_number_is_a_number_of_json(field: str, value: str) -> None:
    assert refusal(changed(**{field: value})).endswith(": it must be a number")


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"null",
        b"[]",
        b"37",
        b"{",
        b"\xff\xfe",
        b'{"id":NaN}',
        b'{"destination":"\xff"}',
        b'{"security":"A"}',
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_order_is_refused(value: bytes | None) -> None:
    assert refusal(value).startswith("the message is ")
