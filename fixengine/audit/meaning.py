"""What an order's bytes ask for, as docs/wire-formats.md says it; read without the engine's code.

It takes more than an engine does: whether an order was good is not asked, but what must be stored
if it was.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from fixengine.audit.evidence import Expected

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_LIMIT = Decimal("0.0001")
_INT32 = 2**31
_LATEST_SECOND = 2**38
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def meaning_of(value: bytes | None) -> Expected | None:
    """Return the columns that an order must lead to, None when it can't lead to any."""
    try:
        message = _decoder.decode(value or b"")
        return _expected(message)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ):
        return None


def _expected(message: dict[str, object]) -> Expected | None:
    order_id = _whole(_number(message["id"]))
    limit = _optional(message.get("limitPrice"))
    execution_id = _optional(message.get("tradeServiceExecutionId"))
    version = _optional(message.get("version"))
    expires = message.get("expiresTimestamp")
    return Expected(
        execution_service_id=order_id,
        trade_type=_text(message["tradeType"]),
        destination=_text(message["destination"]),
        security_id=_security_id(message),
        ticker=None,
        quantity_ordered=_number(message["quantity"]),
        limit_price=None if limit is None or abs(limit) < _NO_LIMIT else limit,
        received_timestamp=_moment(message["receivedTimestamp"]),
        trade_service_execution_id=None if execution_id is None else _whole(execution_id),
        version=1 if version is None else _whole(version),
        fillable=True,
        expires_at=None if expires is None else _moment(expires),
    )


def _security_id(message: dict[str, object]) -> str:
    security = message.get("security")
    nested = security.get("securityId") if isinstance(security, dict) else None
    return _text(message.get("securityId") or nested).lower()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _optional(value: object) -> Decimal | None:
    return None if value is None else _number(value)


def _number(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return Decimal(value)


def _whole(number: Decimal) -> int:
    if not -_INT32 <= number < _INT32:  # a number of a thousand million digits is short as text
        raise ValueError
    return int(number)


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    seconds = _number(value)
    if not abs(seconds) < _LATEST_SECOND:
        raise ValueError
    return _EPOCH + timedelta(microseconds=int(seconds.scaleb(6)))
