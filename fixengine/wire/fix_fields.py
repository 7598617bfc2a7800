"""Fields of FIX messages, as people read them: names, and what codes mean."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fixengine.fix import tags
from fixengine.fix.dictionary import Dictionary
from fixengine.fix.message import Field
from fixengine.secrets import HIDDEN

_SECRET = frozenset((tags.PASSWORD, 925))  # 925 is NewPassword


class DescribedField(NamedTuple):
    """A field: `name` and `meaning` are empty where the dictionary has none."""

    tag: int
    name: str
    text: str
    meaning: str


def described(fields: Iterable[Field], dictionary: Dictionary) -> Iterator[DescribedField]:
    """Yield fields in their order; a password is hidden."""
    for tag, value in fields:
        known = dictionary.fields.get(tag)
        text = HIDDEN if tag in _SECRET else shown(value)
        yield DescribedField(
            tag, known.name if known else "", text, meaning(tag, value, dictionary)
        )


def meaning(tag: int, value: bytes, dictionary: Dictionary) -> str:
    """Return what a code means, empty where a field has no codes."""
    if tag == tags.MSG_TYPE:
        return dictionary.types.get(value, "")
    known = dictionary.fields.get(tag)
    codes = known.codes if known else {}
    return codes.get(value) or ", ".join(codes[each] for each in value.split() if each in codes)


def shown(value: bytes) -> str:
    """Return a value as a text that does nothing to a terminal."""
    text = value.decode(errors="backslashreplace")
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
