"""A connection string of PostgreSQL, taken apart as libpq does it, to know what in it is secret.

A text that can be read in two ways is refused: what one reader takes for a part of the password,
another may take for the host, and show.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from fixengine.config.ipv6 import bracketed
from fixengine.config.secrecy import is_secret
from fixengine.secrets import HIDDEN

_DSN = re.compile(r"postgres(?:ql)?://|\w+\s*=")
"""How a connection string begins."""

_URI = re.compile(r"postgres(?:ql)?://")
_PAIR = re.compile(
    r"""\s*(?P<name>[^=\s]+)\s*=\s*(?:'(?P<quoted>(?:\\.|[^'\\])*)'|(?P<bare>(?:\\.|[^\s\\])*))""",
    re.DOTALL,
)
_NAME = re.compile(r"[a-z_]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_AT_AN_END = {
    True: re.compile(r"^(?:\ufeff|%ef%bb%bf)+|(?:[\r\n]|%0[ad])+$", re.IGNORECASE),
    False: re.compile(r"^\ufeff+|[\r\n]+$"),
}
"""What a file adds to what is read from it, in a URI and elsewhere."""

_ENCODE = (
    "a character in its user, password or database has to be percent-encoded: "
    "% is written %25, @ %40, : %3A, / %2F, ? %3F, a blank %20"
)
_QUOTE = (
    r"a value with blanks or quotes is written in single quotes, with \' for ' and \\ for \ in it"
)
_ALONE = "host, user and dbname are to be given by themselves, not as a whole address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One option and its value, which is written in `text[begin:end]`."""

    name: str
    value: str
    begin: int
    end: int

    @property
    def secret(self) -> bool:
        """Whether it is shown to nobody."""
        return is_secret(self.name, self.value)


def dsn(text: str) -> str:
    """Parse what looks like a connection string of PostgreSQL; libpq has the last word."""
    text = text.strip()
    if not _DSN.match(text):
        raise ValueError("give postgresql://user:password@host:port/dbname, or key=value pairs")
    text = cleaned(text)
    parts(text)
    return text


def parts(text: str) -> tuple[Part, ...]:
    """Take a connection string apart; raises ValueError with the remedy, which quotes nothing."""
    uri = _URI.match(text)
    found = tuple(_of_uri(text, uri.end()) if uri else _of_pairs(text))
    if not all(_NAME.fullmatch(part.name) for part in found):
        raise ValueError(_ENCODE if uri else _QUOTE)
    if any("://" in part.value for part in found if not is_secret(part.name)):
        raise ValueError(_ALONE)
    return found


def masked(text: str) -> str:
    """Return a connection string that could be taken apart, without what is secret in it."""
    for part in sorted(parts(text), key=lambda part: part.begin, reverse=True):
        if part.secret:
            begin, end = part.begin, part.end
            if text[begin - 1 : begin] == text[end : end + 1] == "'":
                begin, end = begin - 1, end + 1
            text = text[:begin] + HIDDEN + text[end:]
    return text


def cleaned(text: str) -> str:
    """Return a connection string whose values begin and end with nothing that a file added.

    Hosts of IPv6 in a URI get their brackets. Raises ValueError as `parts` does.
    """
    uri = _URI.match(text)
    found = _split_uri(text, uri.end()) if uri else _of_pairs(text)
    for part in sorted(found, key=lambda part: part.begin, reverse=True):
        value = _AT_AN_END[bool(uri)].sub("", text[part.begin : part.end])
        if uri and part.name == "host":
            value = ",".join(map(bracketed, value.split(",")))
        text = text[: part.begin] + value + text[part.end :]
    return text


def _of_uri(text: str, begin: int) -> Iterator[Part]:
    for part in _split_uri(text, begin):
        raw = text[part.begin : part.end]
        if re.search(r"%(?![0-9a-fA-F]{2})|%00|\s", raw):
            raise ValueError(_ENCODE)
        yield part


def _split_uri(text: str, begin: int) -> Iterator[Part]:
    """Yield user, password, hosts with their ports, database, and what follows a question mark."""
    at = _find(text, "@/", begin)
    if text[at : at + 1] == "@":
        colon = _find(text, ":", begin, at)
        yield _part(text, "user", begin, colon)
        yield _part(text, "password", min(colon + 1, at), at)
        if "?" in text[begin:at]:
            raise ValueError(_ENCODE)
        begin = at + 1
    path = _find(text, "/?", begin)
    query = _find(text, "?", path)
    if "@" in text[begin:query]:
        raise ValueError(_ENCODE)
    yield _part(text, "host", begin, path)
    yield _part(text, "dbname", min(path + 1, query), query)
    begin = query + 1
    while begin < len(text):
        end = _find(text, "&", begin)
        equals = _find(text, "=", begin, end)
        if equals == end or "=" in text[equals + 1 : end]:
            raise ValueError(_ENCODE)
        yield _part(text, _decoded(text[begin:equals]), equals + 1, end)
        begin = end + 1


def _of_pairs(text: str) -> Iterator[Part]:
    begin = 0
    while begin < len(text.rstrip()):
        pair = _PAIR.match(text, begin)
        if pair is None or (pair["bare"] or "").startswith("'"):
            raise ValueError(_QUOTE)
        group = "bare" if pair["quoted"] is None else "quoted"
        value = _ESCAPED.sub(r"\1", pair[group])
        yield Part(name=pair["name"], value=value, begin=pair.start(group), end=pair.end(group))
        begin = pair.end()


def _part(text: str, name: str, begin: int, end: int) -> Part:
    return Part(name=name, value=_decoded(text[begin:end]), begin=begin, end=end)


def _decoded(raw: str) -> str:
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError as error:
        raise ValueError(f"{_ENCODE}, and all others as in UTF-8") from error


def _find(text: str, any_of: str, begin: int, end: int | None = None) -> int:
    """Return where the first of these characters is, else the end."""
    end = len(text) if end is None else end
    return min((at for each in any_of if (at := text.find(each, begin, end)) >= 0), default=end)
