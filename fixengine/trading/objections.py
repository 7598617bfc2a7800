"""Why an order, or a request to cancel or replace one, can't be taken as it was written."""

from enum import Enum

from fixengine.errors import MalformedError
from fixengine.fix.dictionary import versions
from fixengine.fix.faults import Fault
from fixengine.trading.codes import CxlRejReason, OrdRejReason


def named(tag: int) -> str:
    """Return a field of any version as texts have it: its name, the newest, and its number."""
    known = next(each.fields for each in reversed([*versions().values()]) if tag in each.fields)
    return f"{known[tag].name}({tag})"


class Why(Enum):
    """What a client did wrong, with the codes of OrdRejReason(103) and CxlRejReason(102)."""

    UNKNOWN_SYMBOL = (OrdRejReason.UNKNOWN_SYMBOL, CxlRejReason.OTHER)
    UNSUPPORTED = (OrdRejReason.UNSUPPORTED, CxlRejReason.OTHER)
    QUANTITY = (OrdRejReason.INCORRECT_QUANTITY, CxlRejReason.OTHER)
    TOO_LATE = (OrdRejReason.TOO_LATE, CxlRejReason.TOO_LATE)
    UNKNOWN_ORDER = (OrdRejReason.UNKNOWN_ORDER, CxlRejReason.UNKNOWN_ORDER)
    DUPLICATE = (OrdRejReason.DUPLICATE, CxlRejReason.DUPLICATE)
    PENDING = (OrdRejReason.OTHER, CxlRejReason.ALREADY_PENDING)
    OTHER = (OrdRejReason.OTHER, CxlRejReason.OTHER)

    @property
    def of_order(self) -> bytes:
        """Return the code of OrdRejReason(103)."""
        return self.value[0]

    @property
    def of_request(self) -> bytes:
        """Return the code of CxlRejReason(102)."""
        return self.value[1]


class ObjectionError(MalformedError):
    """A client may correct this; the text is for Text(58)."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why = why

    @property
    def text(self) -> bytes:
        """Return the sentence as it is sent."""
        return str(self).encode()


class MiswrittenError(MalformedError):
    """A field is not written as it has to be, so that the message is refused as sessions do."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault
