import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fixengine.wire.executions import decode_execution, decode_fill_key, encode_execution
from tests.support.executions import execution

FILLED = execution(
    is_open=False,
    execution_status="FULL",
    limit_price=Decimal("44.10000000"),
    last_fill_timestamp=datetime(2026, 7, 28, 12, 16, 11, 20000, tzinfo=UTC),
    quantity_filled=Decimal("134.00000000"),
    number_of_fills=1,
    total_amount=Decimal("5795.50000000"),
    version=2,
)


def test_a_filled_execution_is_written_to_the_digit() -> None:
    assert encode_execution(FILLED) == (
        b'{"id":5,"executionServiceId":37,"isOpen":false,"executionStatus":"FULL",'
        b'"tradeType":"BUY","destination":"ML","securityId":"68bda020e3644b42ebcb2bd3",'
        b'"ticker":"A","quantity":134,"limitPrice":44.1,"receivedTimestamp":1785240970.233793,'
        b'"sentTimestamp":1785240970.31,"lastFilledTimestamp":1785240971.02,"quantityFilled":134,'
        b'"averagePrice":43.25,"numberOfFills":1,"totalAmount":5795.5,'
        b'"tradeServiceExecutionId":12,"version":2}'
    )


def test_what_is_null_is_left_out() -> None:
    fields = json.loads(encode_execution(execution(trade_service_execution_id=None)))
    absent = {"limitPrice", "lastFilledTimestamp", "averagePrice", "tradeServiceExecutionId"}
    assert absent.isdisjoint(fields)
    assert fields["quantityFilled"] == 0


@given(st.integers(min_value=-62_135_510_400_000_000, max_value=253_402_300_799_999_999))
def test_timestamps_keep_their_microseconds(microseconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    message = encode_execution(execution(sent_timestamp=moment))
    match = re.search(rb'"sentTimestamp":([^,]+),', message)
    assert match is not None
    assert Decimal(match[1].decode()) == Decimal(microseconds) / 1_000_000


def test_text_is_escaped_as_json() -> None:
    fields = json.loads(encode_execution(execution(destination='a"\\\nü')))
    assert fields["destination"] == 'a"\\\nü'


@pytest.mark.parametrize("limit_price", [None, Decimal("44.1")])
def test_a_message_gives_back_its_execution(limit_price: Decimal | None) -> None:
    message = replace(FILLED, next_fill_timestamp=None, limit_price=limit_price)
    assert decode_execution(encode_execution(message)) == message
    assert decode_fill_key(encode_execution(message)) == (5, 1)


@pytest.mark.parametrize("junk", [b"", b"{}", b"\xff", b'{"id":"5"}', b"[1]", b'{"id":1e999}'])
def test_what_is_no_message_gives_back_nothing(junk: bytes) -> None:
    assert decode_execution(junk) is None
    assert decode_fill_key(junk) is None
