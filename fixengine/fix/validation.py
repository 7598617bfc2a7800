"""Is a message what the dictionary says of its type? The first thing wrong with it is returned."""

from collections.abc import Set as AbstractSet

from fixengine.fix.dictionary import Block, Dictionary
from fixengine.fix.faults import Fault, Reason
from fixengine.fix.message import Field, Message, whole
from fixengine.fix.tags import BEGIN_STRING, BODY_LENGTH, CHECK_SUM

_OF_THE_FRAME = {BEGIN_STRING, BODY_LENGTH, CHECK_SUM}


def validate(message: Message, dictionary: Dictionary) -> Fault | None:
    """Return what is wrong; of a type that is not spoken only the header is judged."""
    if message.kind not in dictionary.types:
        return Fault(Reason.MSG_TYPE)
    return message.fault or _Judge(message.fields, dictionary).fault(message.kind)


class _Judge:
    """Goes through the fields once; `_at` is the next."""

    def __init__(self, fields: tuple[Field, ...], dictionary: Dictionary) -> None:
        self._fields = fields
        self._dictionary = dictionary
        self._at = 0

    def fault(self, kind: bytes) -> Fault | None:
        """Judge header, body and trailer in turn."""
        body = self._dictionary.messages.get(kind)
        blocks = [self._dictionary.header]
        if body is not None:
            blocks += [body, self._dictionary.trailer]
        seen = _OF_THE_FRAME.copy()
        for block in blocks:
            if fault := self._block(block, seen):
                return fault
        if body is not None and self._at < len(self._fields):
            return self._stray(self._fields[self._at][0], body, seen)
        for block in blocks:
            if fault := _missing(block, seen):
                return fault
        return None

    def _block(self, block: Block, seen: set[int], *, entry: bool = False) -> Fault | None:
        """Take what belongs to the block; an entry of a group ends where the next one begins."""
        while self._at < len(self._fields):
            tag, value = self._fields[self._at]
            if tag not in block.tags or (entry and tag == block.first and tag in seen):
                return None
            if tag in seen:
                return Fault(Reason.TAG_TWICE, tag)
            seen.add(tag)
            if fault := self._value(tag, value):
                return fault
            self._at += 1
            if tag in block.groups and (fault := self._group(tag, value, block.groups[tag])):
                return fault
        return None

    def _value(self, tag: int, value: bytes) -> Fault | None:
        if not value:
            return Fault(Reason.NO_VALUE, tag)
        field = self._dictionary.fields[tag]
        if value in field.codes:  # as most are that have codes
            return None
        if not field.fits(value):
            return Fault(Reason.DATA_FORMAT, tag)
        return None if field.has(value) else Fault(Reason.OUT_OF_RANGE, tag)

    def _group(self, count_tag: int, count: bytes, block: Block) -> Fault | None:
        entries = 0
        while self._at < len(self._fields) and self._fields[self._at][0] == block.first:
            entries += 1
            seen: set[int] = set()
            if fault := self._block(block, seen, entry=True) or _missing(block, seen):
                return fault
        if entries == whole(count):
            return None
        if not entries and self._at < len(self._fields) and self._fields[self._at][0] in block.tags:
            return Fault(Reason.GROUP_ORDER, self._fields[self._at][0])
        return Fault(Reason.GROUP_COUNT, count_tag)

    def _stray(self, tag: int, body: Block, seen: AbstractSet[int]) -> Fault:
        """Say what is wrong with a field that stands where none of its kind may."""
        if tag in seen:
            return Fault(Reason.TAG_TWICE, tag)
        if tag in self._dictionary.header.tags | body.tags | self._dictionary.trailer.tags:
            return Fault(Reason.TAG_ORDER, tag)
        known = tag in self._dictionary.tags
        return Fault(Reason.TAG_NOT_DEFINED if known else Reason.INVALID_TAG, tag)


def _missing(block: Block, seen: AbstractSet[int]) -> Fault | None:
    for tag in block.required:
        if tag not in seen:
            return Fault(Reason.REQUIRED_TAG_MISSING, tag)
    return None
