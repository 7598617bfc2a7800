"""What a Reject says of a message that can't be taken."""

from fixengine.fix import tags
from fixengine.fix.dictionary import Dictionary
from fixengine.fix.faults import Fault
from fixengine.fix.message import Field, Message


def fields(message: Message, fault: Fault, seq: int, dictionary: Dictionary) -> tuple[Field, ...]:
    """Return the fields; they go back the way on which the message came."""
    listed = dictionary.fields[tags.SESSION_REJECT_REASON].codes
    reason = b"%d" % fault.reason
    written = (
        *((back, message.get(tag)) for tag, back in tags.REVERSED.items()),
        (tags.REF_SEQ_NUM, b"%d" % seq),
        (tags.TEXT, fault.text.encode()),
        (tags.REF_TAG_ID, None if fault.tag is None else b"%d" % fault.tag),
        (tags.REF_MSG_TYPE, message.kind),
        (tags.SESSION_REJECT_REASON, reason if reason in listed else None),
    )
    return tuple((tag, value) for tag, value in written if value)
