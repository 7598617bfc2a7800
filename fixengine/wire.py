"""Fills out: an execution as the JSON that confirmation-service and REST clients read."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

import msgspec

from fixengine.domain import Execution

_PRICE_SCALE = Decimal("0.0001")
_EXACT = Context(prec=60)  # a rounded quotient must not be rounded once more
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encoder = msgspec.json.Encoder()


class _FillKey(msgspec.Struct, rename="camel"):
    id: int
    number_of_fills: int


class _Message(_FillKey, rename="camel", kw_only=True):
    execution_service_id: int
    is_open: bool
    execution_status: str
    trade_type: str
    destination: str
    security_id: str
    ticker: str
    quantity: Decimal
    limit_price: Decimal | None = None
    received_timestamp: Decimal
    sent_timestamp: Decimal
    last_filled_timestamp: Decimal | None = None
    quantity_filled: Decimal
    total_amount: Decimal
    trade_service_execution_id: int | None = None
    version: int


_key_decoder = msgspec.json.Decoder(_FillKey)
_message_decoder = msgspec.json.Decoder(_Message)


def encode_execution(execution: Execution) -> bytes:
    """Return the execution as compact JSON, the same bytes for the same values, always.

    Whole numbers are bare integers (their consumer parses int64), other decimals plain notation
    without trailing zeros; times are seconds since the epoch; null fields are left out.
    """
    average = average_price(execution)
    fields: dict[str, object] = {
        "id": execution.id,
        "executionServiceId": execution.execution_service_id,
        "isOpen": execution.is_open,
        "executionStatus": execution.execution_status,
        "tradeType": execution.trade_type,
        "destination": execution.destination,
        "securityId": execution.security_id,
        "ticker": execution.ticker,
        "quantity": _number(execution.quantity_ordered),
        "limitPrice": None if execution.limit_price is None else _number(execution.limit_price),
        "receivedTimestamp": _seconds(execution.received_timestamp),
        "sentTimestamp": _seconds(execution.sent_timestamp),
        "lastFilledTimestamp": (
            None
            if execution.last_fill_timestamp is None
            else _seconds(execution.last_fill_timestamp)
        ),
        "quantityFilled": _number(execution.quantity_filled),
        "averagePrice": None if average is None else _number(average),
        "numberOfFills": execution.number_of_fills,
        "totalAmount": _number(execution.total_amount),
        "tradeServiceExecutionId": execution.trade_service_execution_id,
        "version": execution.version,
    }
    return _encoder.encode({name: value for name, value in fields.items() if value is not None})


def decode_fill_key(message: bytes) -> tuple[int, int] | None:
    """Return a message's (execution id, fill number), None when it is no execution."""
    try:
        key = _key_decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return (key.id, key.number_of_fills)


def decode_execution(message: bytes) -> Execution | None:
    """Return the execution that `encode_execution` made this of, None when it made it of none.

    Only `next_fill_timestamp` is lost on the way, and always None.
    """
    try:
        read = _message_decoder.decode(message)
        return Execution(
            id=read.id,
            execution_service_id=read.execution_service_id,
            is_open=read.is_open,
            execution_status=read.execution_status,
            trade_type=read.trade_type,
            destination=read.destination,
            security_id=read.security_id,
            ticker=read.ticker,
            quantity_ordered=read.quantity,
            limit_price=read.limit_price,
            received_timestamp=_moment(read.received_timestamp),
            sent_timestamp=_moment(read.sent_timestamp),
            last_fill_timestamp=(
                None if read.last_filled_timestamp is None else _moment(read.last_filled_timestamp)
            ),
            quantity_filled=read.quantity_filled,
            next_fill_timestamp=None,
            number_of_fills=read.number_of_fills,
            total_amount=read.total_amount,
            trade_service_execution_id=read.trade_service_execution_id,
            version=read.version,
        )
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError):
        return None


def average_price(execution: Execution) -> Decimal | None:
    """Return the average price to 4 places, rounded half up; None before anything is filled."""
    if execution.quantity_filled <= 0:
        return None
    average = _EXACT.divide(execution.total_amount, execution.quantity_filled)
    return average.quantize(_PRICE_SCALE, ROUND_HALF_UP, _EXACT)


def plain(number: Decimal) -> str:
    """Write a finite decimal in plain notation: no exponent, no trailing zeros, no `-0`."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _number(number: Decimal) -> msgspec.Raw:
    return msgspec.Raw(plain(number).encode())


def _moment(seconds: Decimal) -> datetime:
    return _EPOCH + int(seconds.scaleb(6)) * _MICROSECOND


def _seconds(moment: datetime) -> msgspec.Raw:
    microseconds = (moment - _EPOCH) // _MICROSECOND
    return _number(Decimal(microseconds).scaleb(-6))
