"""Decimals: those that a column holds, how neighbours read them, and the average price."""

from decimal import ROUND_HALF_UP, Context, Decimal

from fixengine.rules.values import Execution, LedgerEntry

COLUMN_LIMIT = Decimal(10) ** 10
"""What a quantity and a limit price are below, as numeric(18,8) is."""

STEP = Decimal("1e-8")
"""What a quantity and a limit price are whole multiples of."""

_PRICE_SCALE = Decimal("0.0001")
_EXACT = Context(prec=60)  # a rounded quotient must not be rounded once more


def for_column(given: Decimal) -> Decimal | None:
    """Return the number with the 8 places of numeric(18,8), None when that type can't hold it.

    PostgreSQL refuses a number that is written with thousands of places, even if all are 0.
    """
    if given.copy_abs() >= COLUMN_LIMIT:
        return None
    rounded = given.quantize(STEP)
    return rounded if rounded == given else None


def average_price(whole: Execution | LedgerEntry) -> Decimal | None:
    """Return the average price to 4 places, rounded half up; None before anything is filled."""
    if whole.quantity_filled <= 0:
        return None
    average = _EXACT.divide(whole.total_amount, whole.quantity_filled)
    return average.quantize(_PRICE_SCALE, ROUND_HALF_UP, _EXACT)


def plain(decimal: Decimal) -> str:
    """Write a finite decimal in plain notation: no exponent, no trailing zeros, no `-0`."""
    text = str(decimal)
    if "E" in text:
        text = f"{decimal:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
