"""Dead letters as text: safe for a terminal whatever they hold, and as JSON for programs."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fixengine.wire.letters import Letter, Place
from fixengine.wire.shortening import Measures

_COLUMNS = ("LETTER", "FAILED AT", "FAILED ON", "KEY", "REPLAYS", "REPLAYED TO", "REASON")
_NONE = "-"
_WIDEST = 64
"""Signs of a key in the table, in which all rows are as wide as the widest."""


def table(letters: Sequence[Letter], replays: Mapping[Place, Place]) -> Iterator[str]:
    """Yield a heading, and a line for each letter."""
    rows = [_COLUMNS, *(_row(letter, replays.get(letter.place)) for letter in letters)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def json_line(letter: Letter, replayed_to: Place | None) -> str:
    """Return one letter without its body as one line of JSON."""
    key = letter.record.key
    return msgspec.json.encode(
        {
            **_json_place(letter.place),
            "failedAt": letter.failed_at,
            "failedOn": (
                None
                if letter.source is None
                else {"topic": letter.topic, **_json_place(letter.source)}
            ),
            "key": None if key is None else printable(key),
            "shortened": letter.shortened is not None,
            "replays": letter.replays,
            "replayedTo": None if replayed_to is None else _json_place(replayed_to),
            "reason": letter.reason,
        }
    ).decode()


def details(
    letter: Letter, whole: Letter | None, replayed_to: Place | None, refusal: str | None
) -> Iterator[str]:
    """Yield everything about one letter, line by line, its body last.

    `whole` is the letter with its whole body; None when it was shortened and its order is gone.
    """
    shown = whole or letter
    record = shown.record
    yield f"letter       {letter.place} of {letter.record.topic}"
    yield f"failed on    {_source(letter)}"
    yield f"failed at    {_text(letter.failed_at)}"
    yield f"reason       {_text(letter.reason)}"
    yield f"replays      {shown.replays}"
    yield f"replayed to  {replayed_to or _NONE}"
    if letter.shortened is not None:
        yield f"shortened    {_shortened(letter, letter.shortened, whole)}"
    yield f"key          {_bytes(record.key)}"
    for name, content in record.headers:
        yield f"header       {_text(name)}: {_bytes(content)}"
    yield f"now          {_verdict(refusal) if whole else 'a part of an order is no order'}"
    if record.value is None:
        yield "body         none"
    else:
        yield f"body         {len(record.value)} bytes"
        yield from body(record.value)


def body(value: bytes) -> Iterator[str]:
    """Yield the lines of a body: indented where it is JSON, as it is where it is not."""
    try:
        shown = msgspec.json.format(value, indent=2)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        shown = value
    yield from map(printable, shown.split(b"\n"))


def printable(content: bytes) -> str:
    r"""Return text in which nothing but letters and signs is left as it is: `\xff`, `\x1b`."""
    text = content.decode(errors="backslashreplace")
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def _row(letter: Letter, replayed_to: Place | None) -> tuple[str, ...]:
    return (
        str(letter.place),
        _text(letter.failed_at),
        _source(letter),
        _clipped(_bytes(letter.record.key)),
        str(letter.replays),
        str(replayed_to or _NONE),
        _text(letter.reason),
    )


def _source(letter: Letter) -> str:
    return _NONE if letter.source is None else f"{_text(letter.topic)} {letter.source}"


def _verdict(refusal: str | None) -> str:
    if refusal is None:
        return "the decoder takes it; whether there is such a security, a replay tells"
    return f"the decoder refuses it: {refusal}"


def _shortened(letter: Letter, original: Measures, whole: Letter | None) -> str:
    there = f"the letter has {len(letter.record.value or b'')} of {original.value} bytes"
    if whole is not None:
        return f"{there}; what follows is the order itself, read from {_source(letter)}"
    return f"{there}; {_source(letter)} no longer has the whole order"


def _text(text: str | None) -> str:
    return printable(text.encode()) if text else _NONE


def _bytes(content: bytes | None) -> str:
    return _NONE if content is None else printable(content)


def _clipped(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _json_place(place: Place) -> dict[str, int]:
    return {"partition": place.partition, "offset": place.offset}
