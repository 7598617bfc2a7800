"""What a version of FIX knows: its fields, what they may say, and where they may stand.

A table has lines, which go on where the next begins with blanks:

    version FIX.4.4
    types D=NewOrderSingle …            all types of messages, those that are not spoken too
    tags 1-19 21-23 …                   all fields, likewise
    data 95=96 …                        fields of a length, and the data that they are of
    field 54 Side char 1=Buy 2=Sell …   a field that is spoken: name, type, and values if listed
    header 8! 9! … trailer … message D 11! 453(448 447) …
                                        where fields stand: ! must be there, ( ) is a group
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from fixengine.fix import formats
from fixengine.fix.tables import fix42, fix44

_SEVERAL = {"MultipleValueString", "MultipleCharValue", "MultipleStringValue"}
_PRIVATE = b"100+"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """A field's name, its type, and the values it may have with their meanings; any if none."""

    name: str
    kind: str
    codes: Mapping[bytes, str]

    def fits(self, value: bytes) -> bool:
        """Say whether a value is written as it has to be."""
        return formats.fits(self.kind, value)

    def has(self, value: bytes) -> bool:
        """Say whether the standard lists a value, or leaves it to the two parties."""
        if not self.codes:
            return True
        parts = value.split(b" ") if self.kind in _SEVERAL else (value,)
        return all(part in self.codes or self._is_private(part) for part in parts)

    def _is_private(self, value: bytes) -> bool:
        return _PRIVATE in self.codes and value.isdigit() and len(value) == 3 and value[:1] != b"0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Fields that stand together: those of a message, or of one entry of a group.

    `groups` has the entries of those that are groups, by the tag of their number; `first` begins
    each entry of a group.
    """

    tags: frozenset[int]
    required: tuple[int, ...]
    groups: Mapping[int, "Block"]
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictionary:
    """A version of the standard; `messages` has the bodies of those that are spoken."""

    version: bytes
    types: Mapping[bytes, str]
    tags: frozenset[int]
    data_fields: Mapping[int, int]
    fields: Mapping[int, FieldType]
    header: Block
    trailer: Block
    messages: Mapping[bytes, Block]


@cache
def versions() -> Mapping[bytes, Dictionary]:
    """Return what is spoken, by BeginString."""
    read = map(read_table, (fix42.TABLE, fix44.TABLE))
    return {dictionary.version: dictionary for dictionary in read}


def read_table(table: str) -> Dictionary:
    """Read a table whose lines are as above."""
    lines = [line.split(" ", 1) for line in re.sub(r"\n +", " ", table).strip().splitlines()]
    single = {kind: rest for kind, rest in lines if kind not in {"field", "message"}}
    fields = (rest.split() for kind, rest in lines if kind == "field")
    bodies = (rest.split(" ", 1) for kind, rest in lines if kind == "message")
    return Dictionary(
        version=single["version"].encode(),
        types=_codes(single["types"].split()),
        tags=frozenset(_tags(single["tags"])),
        data_fields={int(of): int(tag) for of, tag in _pairs(single["data"].split())},
        fields={
            int(tag): FieldType(name=name, kind=kind, codes=_codes(codes))
            for tag, name, kind, *codes in fields
        },
        header=_block(single["header"]),
        trailer=_block(single["trailer"]),
        messages={kind.encode(): _block(body) for kind, body in bodies},
    )


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        left, _, right = word.rpartition("=")
        yield left, right


def _codes(words: list[str]) -> Mapping[bytes, str]:
    return {value.encode(): meaning for value, meaning in _pairs(words)}


def _tags(ranges: str) -> Iterator[int]:
    for word in ranges.split():
        first, _, last = word.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _block(text: str) -> Block:
    return _entries(iter(re.findall(r"\d+|[!()]", text)))


def _entries(words: Iterator[str]) -> Block:
    """Read until the words end, or the bracket that was opened closes."""
    tags: list[int] = []
    required: list[int] = []
    groups: dict[int, Block] = {}
    for word in words:
        match word:
            case ")":
                break
            case "(":
                groups[tags[-1]] = _entries(words)
            case "!":
                required.append(tags[-1])
            case _:
                tags.append(int(word))
    return Block(
        tags=frozenset(tags), required=tuple(required), groups=groups, first=tags[0] if tags else 0
    )
