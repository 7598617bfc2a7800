"""Why an order becomes a dead letter: all the sentences that `dlq.reason` can be.

A new reason is one line here. What to do about each is in docs/dead-letters.md.
"""

from enum import StrEnum


class Reason(StrEnum):
    """A sentence that names the field and the remedy; `format` fills in what is in braces."""

    EMPTY = "the message is empty: an order is a JSON object"
    NOT_AN_ORDER = "the message is not an order: {error}"
    MISSING = "{field} is missing"
    NOT_A_NUMBER = "{field} is {value}: it must be a number"
    NOT_AN_INTEGER = "{field} is {value}: it must be a 32-bit whole number"
    NOT_POSITIVE = "{field} is {value}: it must be above 0"
    VERSION = "version is {value}: it must be {most} at the most, each fill adds 1"
    TRADE_TYPE = "tradeType is {value}: it must be one of {known}"
    DESTINATION = "destination is {value}: it must have 1 to 20 characters, and not blanks alone"
    TWO_SECURITIES = "securityId and security.securityId differ: they must be the same"
    SECURITY_ID = "securityId is {value}: it must be 24 hex digits"
    UNKNOWN_SECURITY = "securityId is {value}: security-service knows no such security"
    QUANTITY = (
        "quantity is {value}: it must be above 0 and below 10000000000, "
        "with 8 decimal places at the most"
    )
    LIMIT_PRICE = (
        "limitPrice is {value}: it must be absent, null, 0, or up to 10000000000 "
        "with 8 decimal places at the most"
    )
    MOMENT = (
        "{field} is {value}: it must be seconds since 1970, "
        "or ISO 8601 with an offset, before the year 9999"
    )
    REFUSED = "the database refuses this: {said}"
