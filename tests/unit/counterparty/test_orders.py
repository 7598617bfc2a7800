"""Orders that a client sends: generated, or read from lines."""

from datetime import UTC, datetime

import pytest

from fixengine.counterparty.logs import SEPARATORS
from fixengine.counterparty.orders import completed, generated, read_orders
from fixengine.errors import MalformedError
from tests.support.fix.sides import FIX44, raw

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FIELDS = ((55, b"IBM"), (54, b"1"), (38, b"100"))


def test_two_orders_with_one_cl_ord_id_are_refused() -> None:
    lines = [b"55=IBM|54=1|38=1|11=A", b"", b"55=IBM|54=1|38=2", b"55=IBM|54=1|38=3|11=A"]
    with pytest.raises(MalformedError, match=r"line 4: ClOrdID\(11\) is that of line 1"):
        read_orders(lines, FIX44)
    assert len(read_orders(lines[:3], FIX44)) == 2


def test_the_same_seed_generates_the_same_orders_of_the_given_symbols() -> None:
    orders = [*generated(50, ["IBM", "A"], seed=7)]
    assert orders == [*generated(50, ["IBM", "A"], seed=7)]
    assert orders != [*generated(50, ["IBM", "A"], seed=8)]
    assert {dict(each)[55] for each in orders} == {b"IBM", b"A"}


@pytest.mark.parametrize("separator", SEPARATORS)
def test_an_order_is_a_line_of_fields(separator: bytes) -> None:
    line = b"55=IBM|54=1|38=100".replace(b"|", separator)
    assert read_orders([line, b"", b"  ", line + separator + b"\r"], FIX44) == [FIELDS, FIELDS]


def test_of_a_whole_message_only_the_order_is_taken() -> None:
    message = raw("35=D|49=A|56=B|34=7|52=20260302-09:30:00|43=Y|55=IBM|54=1|38=100|")
    assert read_orders([message], FIX44) == [FIELDS]


def test_all_lines_that_are_no_orders_are_told() -> None:
    lines = [b"55=IBM|54", b"55=IBM", b"x=1", b"38=", b"35=F|41=a"]
    with pytest.raises(MalformedError) as caught:
        read_orders(lines, FIX44)
    assert str(caught.value).splitlines() == [
        "nothing was sent, for not all are orders",
        "  line 1: '54' is no field such as 38=100",
        "  line 3: 'x=1' is no field such as 38=100",
        "  line 4: '38=' is no field such as 38=100",
        "  line 5: MsgType(35) is not D: only new orders are sent",
    ]


def test_an_order_gets_what_it_lacks_and_keeps_what_it_says() -> None:
    whole = dict(completed(FIELDS, cl_ord_id=b"1", now=NOW))
    assert whole == dict(FIELDS) | {11: b"1", 21: b"1", 40: b"1", 60: b"20260302-09:30:00.000"}
    own = ((11, b"mine"), (40, b"2"), *FIELDS)
    said = completed(own, cl_ord_id=b"1", now=NOW)
    assert [value for tag, value in said if tag in {11, 40}] == [b"mine", b"2"]
