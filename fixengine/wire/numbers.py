"""Numbers of an order, or of a request to change one, as JSON brings them: what each may be."""

import json
from decimal import Decimal

from fixengine.errors import MalformedError
from fixengine.rules.decimals import for_column
from fixengine.rules.values import LOWEST_LIMIT
from fixengine.wire.letter_reasons import Reason


def number(name: str, value: object) -> Decimal | None:
    """Return a number, or None for null; raises MalformedError, as the others do."""
    if value is None or isinstance(value, Decimal):
        return value
    if type(value) is int:  # isinstance would also take a bool
        return Decimal(value)
    raise MalformedError(Reason.NOT_A_NUMBER.format(field=name, value=as_json(value)))


def quantity(given: Decimal) -> Decimal:
    """Return a quantity, which is above 0."""
    found = for_column(given)
    if found is None or found <= 0:
        raise MalformedError(Reason.QUANTITY.format(value=shown(given)))
    return found


def limit_price(given: Decimal | None) -> Decimal | None:
    """Return a limit price; None is no limit, and so is one that is next to nothing."""
    if given is None or given.copy_abs() < LOWEST_LIMIT:
        return None
    limit = for_column(given)
    if limit is None or limit < 0:
        raise MalformedError(Reason.LIMIT_PRICE.format(value=shown(given)))
    return limit


def as_json(value: object) -> str:
    """Return a value for people, shortened, as it was given."""
    match value:
        case list():  # it may be nested too deep to be written
            return "an array"
        case dict():
            return "an object"
        case Decimal():
            return shown(value)
        case _:
            return shown(json.dumps(value, ensure_ascii=False))


def shown(value: object) -> str:
    """Return a text for people, shortened, without characters that can't be seen."""
    text = ascii(str(value))
    return text if len(text) <= 60 else f"{text[:57]}..."
