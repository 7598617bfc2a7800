"""Orders in: execution-service's messages are decoded and checked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import msgspec

from fixengine.errors import MalformedError
from fixengine.rules.values import Order, TradeType, is_blank
from fixengine.wire import numbers
from fixengine.wire.letter_reasons import Reason
from fixengine.wire.numbers import as_json, shown

LARGEST_INTEGER = 2**31 - 1
LARGEST_VERSION = 2**30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_SECOND = Decimal(253_370_764_799)  # the end of the year 9998
_TRADE_TYPES = {kind.value: kind for kind in TradeType}
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


class _Security(msgspec.Struct, rename="camel", gc=False):
    security_id: str | None = None


class _Message(msgspec.Struct, rename="camel", gc=False):
    """The fields that count; all others are passed over, known or not.

    Numbers are checked by hand, as msgspec would also read a text as a decimal.
    """

    id: object = None
    trade_type: str | None = None
    destination: str | None = None
    security_id: str | None = None
    security: _Security | None = None
    quantity: object = None
    limit_price: object = None
    received_timestamp: object = None
    trade_service_execution_id: object = None
    version: object = None
    expires_timestamp: object = None


_decoder = msgspec.json.Decoder(_Message, float_hook=Decimal)
_T = TypeVar("_T")


def decode_order(value: bytes | None) -> Order:
    """Decode the value of an `orders` record.

    Raises MalformedError, which names the field and says what it must be.
    """
    if not value:
        raise MalformedError(Reason.EMPTY)
    try:
        message = _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(Reason.NOT_AN_ORDER.format(error=error)) from error
    except InvalidOperation as error:
        cause = "a number has an exponent of more than 18 digits"
        raise MalformedError(Reason.NOT_AN_ORDER.format(error=cause)) from error
    execution_id = message.trade_service_execution_id
    quantity = numbers.number("quantity", message.quantity)
    return Order(
        id=_identifier("id", _required("id", message.id)),
        trade_type=_trade_type(_required("tradeType", message.trade_type)),
        destination=_destination(_required("destination", message.destination)),
        security_id=_security_id(message),
        quantity=numbers.quantity(_required("quantity", quantity)),
        limit_price=numbers.limit_price(numbers.number("limitPrice", message.limit_price)),
        received_timestamp=_moment("receivedTimestamp", message.received_timestamp),
        trade_service_execution_id=(
            None if execution_id is None else _integer("tradeServiceExecutionId", execution_id)
        ),
        version=1 if message.version is None else _version(message.version),
        expires_at=(
            None
            if message.expires_timestamp is None
            else _moment("expiresTimestamp", message.expires_timestamp)
        ),
    )


def _required(name: str, value: _T | None) -> _T:
    if value is None:
        raise MalformedError(Reason.MISSING.format(field=name))
    return value


def _integer(name: str, value: object) -> int:
    if type(value) is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        return value  # as nearly all are written
    number = _required(name, numbers.number(name, value))
    if number.copy_abs() > LARGEST_INTEGER or number != int(number):
        raise MalformedError(Reason.NOT_AN_INTEGER.format(field=name, value=shown(number)))
    return int(number)


def _identifier(name: str, value: object) -> int:
    identifier = _integer(name, value)
    if identifier <= 0:
        raise MalformedError(Reason.NOT_POSITIVE.format(field=name, value=identifier))
    return identifier


def _version(value: object) -> int:
    version = _integer("version", value)
    if version > LARGEST_VERSION:
        raise MalformedError(Reason.VERSION.format(value=version, most=LARGEST_VERSION))
    return version


def _trade_type(name: str) -> TradeType:
    trade_type = _TRADE_TYPES.get(name)
    if trade_type is None:
        known = ", ".join(TradeType)
        raise MalformedError(Reason.TRADE_TYPE.format(value=shown(name), known=known))
    return trade_type


def _destination(name: str) -> str:
    if not 0 < len(name) <= 20 or "\0" in name or is_blank(name):
        raise MalformedError(Reason.DESTINATION.format(value=shown(name)))
    return name


def _security_id(message: _Message) -> str:
    nested = None if message.security is None else message.security.security_id
    security_id = _required("securityId", message.security_id or nested)
    if nested is not None and nested.lower() != security_id.lower():
        raise MalformedError(Reason.TWO_SECURITIES)
    if len(security_id) != 24 or not _HEX_DIGITS.issuperset(security_id):
        raise MalformedError(Reason.SECURITY_ID.format(value=shown(security_id)))
    return security_id.lower()  # so that each security has one id


def _moment(name: str, value: object) -> datetime:
    """Read seconds since 1970, or ISO 8601 with an offset; cut off what is below a microsecond."""
    try:
        if isinstance(value, str):
            return _from_iso(value)
        seconds = numbers.number(name, value)
        return _from_seconds(_required(name, seconds))
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise MalformedError(Reason.MOMENT.format(field=name, value=as_json(value))) from error


def _from_seconds(seconds: Decimal) -> datetime:
    if not 0 <= seconds <= _LATEST_SECOND:
        raise ValueError("out of range")
    whole, part = divmod(int(seconds.scaleb(6)), 10**6)
    return _EPOCH + timedelta(seconds=whole, microseconds=part)


def _from_iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    moment = moment.astimezone(UTC)
    if not _EPOCH <= moment <= _EPOCH + timedelta(seconds=int(_LATEST_SECOND)):
        raise ValueError("out of range")
    return moment
