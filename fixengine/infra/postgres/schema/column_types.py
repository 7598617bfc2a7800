"""Which types of columns hold all values of which others."""

import re

_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_TEXT = re.compile(r"(?:character|character varying)\((\d+)\)")
_INTEGERS = ("smallint", "integer", "bigint")
_ENDLESS = ("text", "character varying")


def holds(outer: str, inner: str) -> bool:
    """Say whether each value of one type is one of the other, types as format_type writes them."""
    if outer == inner:
        return True
    if outer in _INTEGERS:
        return inner in _INTEGERS[: _INTEGERS.index(outer)]
    if numeric := _NUMERIC.fullmatch(inner):
        return outer == "numeric" or _is_as_long(_NUMERIC.fullmatch(outer), numeric)
    if outer in _ENDLESS:
        return inner in _ENDLESS or _TEXT.fullmatch(inner) is not None
    text, held = _TEXT.fullmatch(outer), _TEXT.fullmatch(inner)
    if text is None or held is None or outer.startswith("character("):  # which adds blanks
        return False
    return int(text[1]) >= int(held[1])


def _is_as_long(outer: re.Match[str] | None, inner: re.Match[str]) -> bool:
    """Compare digits before and after the point."""
    if outer is None:
        return False
    (precision, scale), (held, places) = map(int, outer.groups()), map(int, inner.groups())
    return precision - scale >= held - places and scale >= places
