"""docs/wire-formats.md: its examples are read, written and refused as it says."""

import json
import re

import pytest

from fixengine.errors import MalformedError
from fixengine.wire.executions import Execution, decode_execution, encode_execution
from fixengine.wire.orders import decode_order
from tests.support.documents import blocks, page

PAGE = page("wire-formats")
ORDERS, FILLS = re.split(r"^## Fills$", PAGE, flags=re.MULTILINE)
REFUSALS = re.findall(
    r"^\| `(.+)` \| (.+) \|$", ORDERS.partition("### What is refused")[2], re.MULTILINE
)


@pytest.mark.parametrize("example", blocks(ORDERS, "json"))
def test_an_example_of_an_order_is_one(example: str) -> None:
    order, given = decode_order(example.encode()), json.loads(example)
    assert order.id == given["id"]
    assert order.quantity == given["quantity"]
    assert order.limit_price is None or float(order.limit_price) == given["limitPrice"]


@pytest.mark.parametrize(("value", "reason"), REFUSALS)
def test_what_is_refused_gets_that_reason(value: str, reason: str) -> None:
    with pytest.raises(MalformedError) as refused:
        decode_order(value.encode())
    assert str(refused.value) == reason


@pytest.mark.parametrize("example", blocks(FILLS, "json"))
def test_an_example_of_a_fill_is_written_so_to_the_byte(example: str) -> None:
    execution = decode_execution(example.encode())
    assert execution is not None
    assert encode_execution(execution) == example.strip().encode()


def test_there_are_examples_of_all() -> None:
    assert len(blocks(ORDERS, "json")) == len(blocks(FILLS, "json")) == 2
    assert len(REFUSALS) == 8


def test_fields_are_those_of_the_messages() -> None:
    named = set(re.findall(r"`([a-z]+(?:[A-Z][a-z]+)+)`", FILLS))
    assert named <= set(Execution.__struct_encode_fields__)
