"""A FIX message as people read it: names of fields, and what their codes mean."""

from collections.abc import Iterator

from fixengine.counterparty.logs import Logged
from fixengine.fix import tags
from fixengine.fix.dictionary import Dictionary
from fixengine.fix.message import Field, Message
from fixengine.fix.validation import validate
from fixengine.wire.fix_fields import described, meaning, shown

_NAMES = {
    11: "order",
    41: "before",
    55: "of",
    150: "type",
    39: "status",
    32: "filled",
    31: "at",
    14: "in all",
    151: "left",
    45: "message",
    371: "field",
    373: "reason",
    380: "reason",
    102: "reason",
    103: "reason",
    58: "text",
}
"""What a summary says, in this order; the word stands before what is no code."""


def logged_lines(logged: Logged) -> Iterator[str]:
    """Yield the lines that show a message of a log, the verdict on it last."""
    yield f"line {logged.line}: {headline(logged.message, logged.dictionary)}"
    yield _line(tags.BEGIN_STRING, "BeginString", logged.version)
    if logged.length is not None:
        yield _line(tags.BODY_LENGTH, "BodyLength", logged.length)
    yield from field_lines(logged.message.fields, logged.dictionary)
    if logged.check_sum is not None:
        yield _line(tags.CHECK_SUM, "CheckSum", shown(logged.check_sum.encode()))
    yield from (f"  BAD: {each}" for each in logged.wrong)
    if not logged.wrong:
        fault = validate(logged.message, logged.dictionary)
        yield "  length and checksum are right" + (f", but: {fault.sentence}" if fault else "")


def headline(message: Message, dictionary: Dictionary) -> str:
    """Return type, number and parties of a message in a line."""
    kind = message.get(tags.MSG_TYPE) or b""
    sender, target = message.get(tags.SENDER_COMP_ID), message.get(tags.TARGET_COMP_ID)
    parts = (
        f"{dictionary.types.get(kind, 'unknown')}({shown(kind)})",
        f"number {shown(message.get(tags.MSG_SEQ_NUM) or b'?')}",
        f"{shown(sender or b'?')} to {shown(target or b'?')}",
        shown(message.get(tags.SENDING_TIME) or b""),
    )
    return ", ".join(filter(None, parts))


def summary(message: Message, dictionary: Dictionary) -> str:
    """Return what a message says of an order, or else of the session, in a line."""
    parts = (
        f"{_NAMES[tag]} {shown(value)}" if not (of := meaning(tag, value, dictionary)) else of
        for tag in _NAMES
        if (value := message.get(tag)) is not None
    )
    kind = dictionary.types.get(message.kind, shown(message.kind))
    return f"{kind}: {', '.join(parts)}"


def field_lines(fields: tuple[Field, ...], dictionary: Dictionary) -> Iterator[str]:
    """Yield a line for each field."""
    for field in described(fields, dictionary):
        yield _line(*field)


def status_name(status: bytes, dictionary: Dictionary) -> str:
    """Return what an OrdStatus(39) means, empty standing for none."""
    return meaning(39, status, dictionary) or shown(status) or "without an answer"


def _line(tag: int, name: str, text: str, meaning: str = "") -> str:
    return f"  {tag:>5} {name:<24} {text}" + (f" = {meaning}" if meaning else "")
