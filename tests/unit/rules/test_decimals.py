"""How decimals are written and rounded, and which of them a column holds."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.rules.decimals import average_price, for_column, plain
from tests.support.executions import execution


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1000.00000000", "1000"),
        ("1E+3", "1000"),
        ("0E-8", "0"),
        ("-0.00", "0"),
        ("0", "0"),
        ("100", "100"),
        ("0.50000000", "0.5"),
        ("1E-8", "0.00000001"),
        ("9999999999.99999999", "9999999999.99999999"),
        ("99999999999999999999.80000000", "99999999999999999999.8"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_numbers_are_plain(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_plain_number_is_json_of_the_same_value(number: Decimal) -> None:
    text = plain(number)
    assert re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", text)
    assert Decimal(text) == number
    if number == number.to_integral_value():
        assert str(int(number)) == text


@pytest.mark.parametrize(
    ("total", "quantity", "average"),
    [
        ("10", "3", "3.3333"),
        ("20", "3", "6.6667"),
        ("0.00015", "3", "0.0001"),  # 0.00005, a half goes up
        ("43.00004999999999", "1", "43.0000"),
        ("99999999999999999999.8", "9999999999.99999999", "10000000000.0000"),
    ],
)
def test_the_average_is_rounded_half_up_to_four_places(
    total: str, quantity: str, average: str
) -> None:
    subject = execution(total_amount=Decimal(total), quantity_filled=Decimal(quantity))
    assert average_price(subject) == Decimal(average)


@pytest.mark.parametrize("given", ["1e10", "-1e10", "0.000000001", "1e-400", "1e400"])
def test_a_number_that_a_column_cannot_hold_is_none(given: str) -> None:
    assert for_column(Decimal(given)) is None


@pytest.mark.parametrize("given", ["9999999999.99999999", "1.00000000000", "-0.5"])
def test_a_number_that_a_column_holds_has_8_places(given: str) -> None:
    found = for_column(Decimal(given))
    assert found == Decimal(given)
    assert found is not None
    assert found.as_tuple().exponent == -8
