"""Fills out: an execution as the JSON that confirmation-service and REST clients read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fixengine.rules import values
from fixengine.rules.decimals import average_price, plain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encoder = msgspec.json.Encoder()

Number: TypeAlias = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "number"})]
"""A decimal as `number` writes it."""

Moment: TypeAlias = Annotated[
    msgspec.Raw, Meta(extra_json_schema={"type": "number", "description": "Seconds since 1970."})
]
"""A time as `moment` writes it."""


class Execution(msgspec.Struct, rename="camel", kw_only=True):
    """An order as it is being filled: the fields of the message, which neighbours read.

    Fields without a value are left out.
    """

    id: Annotated[int, Meta(description="The engine's own.")]
    execution_service_id: Annotated[int, Meta(description="The order's, at execution-service.")]
    is_open: bool
    execution_status: Annotated[str, Meta(description="WORK, PART, FULL, CNCLD or CPART.")]
    trade_type: Annotated[str, Meta(description="BUY, SELL, SHORT, COVER or EXRC.")]
    destination: str
    security_id: str
    ticker: str
    quantity: Number
    limit_price: Number | UnsetType = UNSET
    received_timestamp: Moment
    sent_timestamp: Moment
    last_filled_timestamp: Moment | UnsetType = UNSET
    quantity_filled: Number
    average_price: Number | UnsetType = UNSET
    number_of_fills: Annotated[int, Meta(description="Evaluations; some fill nothing.")]
    total_amount: Annotated[Number, Meta(description="Quantity times price, over all fills.")]
    trade_service_execution_id: int | UnsetType = UNSET
    version: int


class _FillKey(msgspec.Struct, rename="camel"):
    id: int
    number_of_fills: int


_key_decoder = msgspec.json.Decoder(_FillKey)
_decoder = msgspec.json.Decoder(Execution)


def encode_execution(execution: values.Execution) -> bytes:
    """Return the execution as compact JSON: the same values always give the same bytes.

    Whole numbers are bare integers, as their consumer parses int64. Other decimals are in plain
    notation without trailing zeros. Times are seconds since 1970. Null fields are left out.
    """
    return _encoder.encode(as_message(execution))


def as_message(execution: values.Execution) -> Execution:
    """Return the execution as messages and answers have it."""
    limit, filled_at = execution.limit_price, execution.last_fill_timestamp
    average = average_price(execution)
    order_id = execution.trade_service_execution_id
    return Execution(
        id=execution.id,
        execution_service_id=execution.execution_service_id,
        is_open=execution.is_open,
        execution_status=execution.execution_status,
        trade_type=execution.trade_type,
        destination=execution.destination,
        security_id=execution.security_id,
        ticker=execution.ticker,
        quantity=number(execution.quantity_ordered),
        limit_price=UNSET if limit is None else number(limit),
        received_timestamp=moment(execution.received_timestamp),
        sent_timestamp=moment(execution.sent_timestamp),
        last_filled_timestamp=UNSET if filled_at is None else moment(filled_at),
        quantity_filled=number(execution.quantity_filled),
        average_price=UNSET if average is None else number(average),
        number_of_fills=execution.number_of_fills,
        total_amount=number(execution.total_amount),
        trade_service_execution_id=UNSET if order_id is None else order_id,
        version=execution.version,
    )


def decode_fill_key(message: bytes) -> tuple[int, int] | None:
    """Return a message's (execution id, fill number), None when the message is no execution."""
    try:
        key = _key_decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return (key.id, key.number_of_fills)


def decode_execution(message: bytes) -> values.Execution | None:
    """Return the execution that `encode_execution` was given, None when it did not write this.

    `next_fill_timestamp` is always None, as the message does not have it.
    """
    try:
        read = _decoder.decode(message)
        limit, filled_at = read.limit_price, read.last_filled_timestamp
        order_id = read.trade_service_execution_id
        return values.Execution(
            id=read.id,
            execution_service_id=read.execution_service_id,
            is_open=read.is_open,
            execution_status=read.execution_status,
            trade_type=read.trade_type,
            destination=read.destination,
            security_id=read.security_id,
            ticker=read.ticker,
            quantity_ordered=_decimal(read.quantity),
            limit_price=None if limit is UNSET else _decimal(limit),
            received_timestamp=_time(read.received_timestamp),
            sent_timestamp=_time(read.sent_timestamp),
            last_fill_timestamp=None if filled_at is UNSET else _time(filled_at),
            quantity_filled=_decimal(read.quantity_filled),
            next_fill_timestamp=None,
            number_of_fills=read.number_of_fills,
            total_amount=_decimal(read.total_amount),
            trade_service_execution_id=None if order_id is UNSET else order_id,
            version=read.version,
        )
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError):
        return None


def number(decimal: Decimal) -> msgspec.Raw:
    """Write a finite decimal as JSON, in plain notation."""
    return msgspec.Raw(plain(decimal).encode())


def moment(time: datetime) -> msgspec.Raw:
    """Write an aware time as JSON: seconds since the epoch, to the microsecond."""
    since = time - _EPOCH
    if since.days < 0:
        return number(Decimal(since // _MICROSECOND).scaleb(-6))
    text = f"{since.days * 86_400 + since.seconds}.{since.microseconds:06}"
    return msgspec.Raw(text.rstrip("0").rstrip(".").encode())


def _decimal(json: msgspec.Raw) -> Decimal:
    return Decimal(bytes(json).decode())


def _time(json: msgspec.Raw) -> datetime:
    return _EPOCH + int(_decimal(json).scaleb(6)) * _MICROSECOND
