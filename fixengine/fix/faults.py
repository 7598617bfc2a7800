"""What can be wrong with a message that is not garbled, as SessionRejectReason(373) has it."""

from enum import IntEnum
from typing import NamedTuple


class Reason(IntEnum):
    """Why a message is refused; the numbers are the standard's."""

    INVALID_TAG = 0
    REQUIRED_TAG_MISSING = 1
    TAG_NOT_DEFINED = 2
    NO_VALUE = 4
    OUT_OF_RANGE = 5
    DATA_FORMAT = 6
    COMP_ID = 9
    SENDING_TIME = 10
    MSG_TYPE = 11
    TAG_TWICE = 13
    TAG_ORDER = 14
    GROUP_ORDER = 15
    GROUP_COUNT = 16
    OTHER = 99


_TEXTS = {
    Reason.INVALID_TAG: "Invalid tag number",
    Reason.REQUIRED_TAG_MISSING: "Required tag missing",
    Reason.TAG_NOT_DEFINED: "Tag not defined for this message type",
    Reason.NO_VALUE: "Tag specified without a value",
    Reason.OUT_OF_RANGE: "Value is incorrect (out of range) for this tag",
    Reason.DATA_FORMAT: "Incorrect data format for value",
    Reason.COMP_ID: "CompID problem",
    Reason.SENDING_TIME: "SendingTime accuracy problem",
    Reason.MSG_TYPE: "Invalid MsgType",
    Reason.TAG_TWICE: "Tag appears more than once",
    Reason.TAG_ORDER: "Tag specified out of required order",
    Reason.GROUP_ORDER: "Repeating group fields out of order",
    Reason.GROUP_COUNT: "Incorrect NumInGroup count for repeating group",
    Reason.OTHER: "Message has too many fields",
}


class Fault(NamedTuple):
    """What is wrong, and with which field, if with one."""

    reason: Reason
    tag: int | None = None

    @property
    def text(self) -> str:
        """Return the sentence for Text(58)."""
        return _TEXTS[self.reason]

    @property
    def sentence(self) -> str:
        """Return the text, and the number of the field."""
        return self.text if self.tag is None else f"{self.text}: {self.tag}"
