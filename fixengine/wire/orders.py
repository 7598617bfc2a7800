"""Orders in: execution-service's messages are decoded and checked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import msgspec

from fixengine.errors import MalformedError
from fixengine.rules.values import LOWEST_LIMIT, Order, TradeType, is_blank
from fixengine.wire.letter_reasons import Reason

LARGEST_INTEGER = 2**31 - 1
LARGEST_VERSION = 2**30
_COLUMN_LIMIT = Decimal(10) ** 10
_COLUMN_STEP = Decimal("1e-8")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_SECOND = Decimal(253_370_764_799)  # the end of the year 9998
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


class _Security(msgspec.Struct, rename="camel"):
    security_id: str | None = None


class _Message(msgspec.Struct, rename="camel"):
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
    execution_id = _number("tradeServiceExecutionId", message.trade_service_execution_id)
    version = _number("version", message.version)
    return Order(
        id=_identifier("id", _required("id", _number("id", message.id))),
        trade_type=_trade_type(_required("tradeType", message.trade_type)),
        destination=_destination(_required("destination", message.destination)),
        security_id=_security_id(message),
        quantity=_quantity(_required("quantity", _number("quantity", message.quantity))),
        limit_price=_limit_price(_number("limitPrice", message.limit_price)),
        received_timestamp=_moment("receivedTimestamp", message.received_timestamp),
        trade_service_execution_id=(
            None if execution_id is None else _integer("tradeServiceExecutionId", execution_id)
        ),
        version=1 if version is None else _version(version),
        expires_at=(
            None
            if message.expires_timestamp is None
            else _moment("expiresTimestamp", message.expires_timestamp)
        ),
    )


def _number(name: str, value: object) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    if type(value) is int:  # isinstance would also take a bool
        return Decimal(value)
    raise MalformedError(Reason.NOT_A_NUMBER.format(field=name, value=_as_json(value)))


def _required(name: str, value: _T | None) -> _T:
    if value is None:
        raise MalformedError(Reason.MISSING.format(field=name))
    return value


def _integer(name: str, number: Decimal) -> int:
    if number.copy_abs() > LARGEST_INTEGER or number != int(number):
        raise MalformedError(Reason.NOT_AN_INTEGER.format(field=name, value=_shown(number)))
    return int(number)


def _identifier(name: str, number: Decimal) -> int:
    identifier = _integer(name, number)
    if identifier <= 0:
        raise MalformedError(Reason.NOT_POSITIVE.format(field=name, value=identifier))
    return identifier


def _version(number: Decimal) -> int:
    version = _integer("version", number)
    if version > LARGEST_VERSION:
        raise MalformedError(Reason.VERSION.format(value=version, most=LARGEST_VERSION))
    return version


def _trade_type(name: str) -> TradeType:
    try:
        return TradeType(name)
    except ValueError:
        known = ", ".join(TradeType)
        raise MalformedError(Reason.TRADE_TYPE.format(value=_shown(name), known=known)) from None


def _destination(name: str) -> str:
    if not 0 < len(name) <= 20 or "\0" in name or is_blank(name):
        raise MalformedError(Reason.DESTINATION.format(value=_shown(name)))
    return name


def _security_id(message: _Message) -> str:
    nested = None if message.security is None else message.security.security_id
    security_id = _required("securityId", message.security_id or nested)
    if nested is not None and nested.lower() != security_id.lower():
        raise MalformedError(Reason.TWO_SECURITIES)
    if len(security_id) != 24 or not _HEX_DIGITS.issuperset(security_id):
        raise MalformedError(Reason.SECURITY_ID.format(value=_shown(security_id)))
    return security_id.lower()  # so that each security has one id


def _quantity(number: Decimal) -> Decimal:
    quantity = _for_column(number)
    if quantity is None or quantity <= 0:
        raise MalformedError(Reason.QUANTITY.format(value=_shown(number)))
    return quantity


def _limit_price(number: Decimal | None) -> Decimal | None:
    if number is None or number.copy_abs() < LOWEST_LIMIT:
        return None
    limit = _for_column(number)
    if limit is None or limit < 0:
        raise MalformedError(Reason.LIMIT_PRICE.format(value=_shown(number)))
    return limit


def _for_column(number: Decimal) -> Decimal | None:
    """Return the number with the 8 places of numeric(18,8), None when that type can't hold it.

    PostgreSQL refuses a number that is written with thousands of places, even if all are 0.
    """
    if number.copy_abs() >= _COLUMN_LIMIT:
        return None
    rounded = number.quantize(_COLUMN_STEP)
    return rounded if rounded == number else None


def _moment(name: str, value: object) -> datetime:
    """Read seconds since 1970, or ISO 8601 with an offset; cut off what is below a microsecond."""
    try:
        if isinstance(value, str):
            return _from_iso(value)
        seconds = _number(name, value)
        return _from_seconds(_required(name, seconds))
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise MalformedError(Reason.MOMENT.format(field=name, value=_as_json(value))) from error


def _from_seconds(seconds: Decimal) -> datetime:
    if not 0 <= seconds <= _LATEST_SECOND:
        raise ValueError("out of range")
    return _EPOCH + timedelta(microseconds=int(seconds.scaleb(6)))


def _from_iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    moment = moment.astimezone(UTC)
    if not _EPOCH <= moment <= _EPOCH + timedelta(seconds=int(_LATEST_SECOND)):
        raise ValueError("out of range")
    return moment


def _as_json(value: object) -> str:
    match value:
        case list():  # it may be nested too deep to be written
            return "an array"
        case dict():
            return "an object"
        case Decimal():
            return _shown(value)
        case _:
            return _shown(msgspec.json.encode(value).decode())


def _shown(value: object) -> str:
    text = ascii(str(value))
    return text if len(text) <= 60 else f"{text[:57]}..."
