"""Messages that a client refuses, and numbers of its own that lead nowhere: the log tells."""

from collections.abc import Iterable, Mapping

from fixengine.fix import tags
from fixengine.fix.effects import Abandoned
from fixengine.fix.message import Message
from fixengine.recurring import Recurring
from fixengine.trading.codes import BUSINESS_REJECT
from fixengine.wire.fix_fields import shown

_LONGEST_SHOWN = 200  # bytes of each field
_KINDS = {tags.REJECT, BUSINESS_REJECT}
_SAID = {
    "number": tags.REF_SEQ_NUM,
    "type": tags.REF_MSG_TYPE,
    "tag": tags.REF_TAG_ID,
    "reason": tags.TEXT,
}


class Complaints:
    """Those of one client."""

    def __init__(self) -> None:
        self._heard = Recurring("WARNING", "a client refuses a message")
        self._abandoned = Recurring("WARNING", "what a client skipped is asked for no more")

    def hear(self, messages: Iterable[Message]) -> None:
        """Tell of those among the messages that are refusals."""
        for each in messages:
            if each.kind in _KINDS:
                self._heard.happened_with(_said(each))

    def abandon(self, numbers: Iterable[Abandoned]) -> None:
        """Tell of numbers that are not waited for any more."""
        for each in numbers:
            self._abandoned.happened(expected=each.expected, early=each.early)


def _said(message: Message) -> Mapping[str, str]:
    given = {name: message.get(tag) for name, tag in _SAID.items()}
    return {name: shown(value[:_LONGEST_SHOWN]) for name, value in given.items() if value}
