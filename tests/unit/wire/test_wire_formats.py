"""docs/wire-formats.md: its examples are read, written and refused as it says."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fixengine.audit.meaning import meaning_of
from fixengine.errors import MalformedError
from fixengine.rules.changes import ChangeRequest, change
from fixengine.rules.fills import FillRules
from fixengine.rules.values import ChangeKind
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
    assert (len(blocks(ORDERS, "json")), len(blocks(FILLS, "json"))) == (3, 5)
    assert len(REFUSALS) == 9


def test_the_examples_of_changes_follow_from_the_one_of_a_fill() -> None:
    _, filled, replaced, cancelled, unfilled = blocks(FILLS, "json")
    terms: dict[str, Any] = {"quantity": Decimal(800), "limit_price": Decimal("43.5")}
    assert changed(filled, 1785240980.5, kind=ChangeKind.REPLACE, **terms) == replaced.strip()
    assert changed(replaced, 1785240990.25, kind=ChangeKind.CANCEL) == cancelled.strip()
    new = unfilled.replace('"isOpen":false,"executionStatus":"CNCLD"', '"isOpen":true')
    new = new.replace('"isOpen":true', '"isOpen":true,"executionStatus":"WORK"')
    new = new.replace('"lastFilledTimestamp":1785240975,', "").replace('Fills":1', 'Fills":0')
    new = new.replace('"version":2', '"version":1')
    assert changed(new, 1785240975, kind=ChangeKind.CANCEL) == unfilled.strip()


def changed(example: str, moment: float, **request: Any) -> str:
    """Return the message of an execution once it is changed."""
    execution = decode_execution(example.encode())
    assert execution is not None
    done = change(
        execution,
        ChangeRequest(execution_id=execution.id, **request),
        now=datetime.fromtimestamp(moment, UTC),
        rules=FillRules(announce_empty=True),
    )
    return encode_execution(done.fill.execution).decode()


def test_an_order_for_the_day_says_when_it_ends() -> None:
    (timed,) = (example for example in blocks(ORDERS, "json") if "expiresTimestamp" in example)
    ends = datetime(2026, 7, 28, 20, 0, tzinfo=UTC)
    assert decode_order(timed.encode()).expires_at == ends
    known = meaning_of(timed.encode())
    assert known is not None
    assert known.expires_at == ends


def test_fields_are_those_of_the_messages() -> None:
    named = set(re.findall(r"`([a-z]+(?:[A-Z][a-z]+)+)`", FILLS))
    assert named <= set(Execution.__struct_encode_fields__)
