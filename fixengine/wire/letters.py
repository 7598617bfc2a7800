"""Dead letters: records that nobody can process, kept so that people can mend and replay them.

The sentences that say why are in `letter_reasons`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import structs

from fixengine.ports.kafka import Headers, Record
from fixengine.wire.shortening import (
    DIGEST,
    SHORTENED,
    SHORTENED_HEADERS,
    SHORTENED_KEY,
    Measures,
    marks,
    measures,
)

_REASON = "dlq.reason"
_TOPIC = "dlq.topic"
_PARTITION = "dlq.partition"
_OFFSET = "dlq.offset"
_FAILED_AT = "dlq.failed_at"
_REPLAYED_FROM = "dlq.replayed_from"
_REPLAYS = "dlq.replays"

_OF_LETTERS = frozenset(
    {_REASON, _TOPIC, _PARTITION, _OFFSET, _FAILED_AT}
    | {SHORTENED, SHORTENED_KEY, SHORTENED_HEADERS, DIGEST}
)
_OF_REPLAYS = frozenset({_REPLAYED_FROM, _REPLAYS})
_SHORT_REASON = 500  # bytes
_SHORT, _LONG = 9, 18  # digits that always fit an int32, and an int64


class Place(NamedTuple):
    """A record's place in its topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """Write it as the commands take it."""
        return f"{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a record of the dead-letter topic says of itself.

    `topic` and `source` are where the record failed, None if the letter does not say. `replays` is
    how often it had been replayed before. `shortened` measures the record that failed, if the
    letter has only a part of it.
    """

    record: Record
    reason: str
    topic: str | None
    source: Place | None
    failed_at: str | None
    replays: int
    shortened: Measures | None

    @property
    def place(self) -> Place:
        """Where it is on the dead-letter topic."""
        return Place(self.record.partition, self.record.offset)

    @property
    def can_be_fixed(self) -> bool:
        """Whether a new body is all that it lacks: its key and its headers are whole."""
        kept = measures(self.record)
        whole = self.shortened
        return whole is None or (
            kept.key == whole.key
            and len(_without(self.record.headers, _OF_LETTERS)) == whole.headers
        )

    @property
    def origin(self) -> bytes:
        """Where it is and where it failed. Letters of topics that were made anew differ in one."""
        return f"{self.record.topic}/{self.place} {self.topic}/{self.source}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A record to send again, to the partition that it failed on."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def letter_headers(
    record: Record, *, reason: str, failed_at: datetime, original: Measures | None = None
) -> Headers:
    """Return the record's own headers, then why it failed, where it was, and when.

    The headers of an earlier failure are replaced, those of a replay stay. `original` measures a
    record as it was before it was shortened.
    """
    shortened = () if original is None else marks(record, original)
    said = reason.encode()
    if shortened:
        said = said[:_SHORT_REASON].decode(errors="ignore").encode()
    return (
        *_without(record.headers, _OF_LETTERS),
        *shortened,
        (_REASON, said),
        (_TOPIC, record.topic.encode()),
        (_PARTITION, str(record.partition).encode()),
        (_OFFSET, str(record.offset).encode()),
        (_FAILED_AT, failed_at.astimezone(UTC).isoformat().encode()),
    )


def read_letter(record: Record) -> Letter:
    """Read a record of the dead-letter topic, whoever wrote it."""
    said = _said(record.headers)
    source = _place(said.get(_PARTITION, ""), said.get(_OFFSET, ""))
    return Letter(
        record=record,
        reason=said.get(_REASON, ""),
        topic=said.get(_TOPIC),
        source=source,
        failed_at=said.get(_FAILED_AT),
        replays=_replays(said),
        shortened=_shortened(record, said),
    )


def restored(letter: Letter, original: Record) -> Letter | None:
    """Return a shortened letter with the whole of the record that failed.

    None if `original` is another record: a topic that was made anew may have one at that place.
    """
    if letter.shortened is None or letter.shortened.digest != measures(original).digest:
        return None
    record = structs.replace(
        letter.record, key=original.key, value=original.value, headers=original.headers
    )
    return replace(letter, record=record, replays=_replays(_said(original.headers)), shortened=None)


def replay_of(letter: Letter, body: bytes | None) -> Replay | None:
    """Return the record as it first failed, but with this body, and headers that tell of it.

    None when the letter does not say which partition that was on.
    """
    if letter.source is None:
        return None
    record = letter.record
    headers = (
        *_without(record.headers, _OF_LETTERS | _OF_REPLAYS),
        (_REPLAYED_FROM, letter.origin),
        (_REPLAYS, str(letter.replays + 1).encode()),
    )
    return Replay(partition=letter.source.partition, key=record.key, value=body, headers=headers)


def replayed_from(record: Record) -> bytes | None:
    """Return the `origin` of the letter that was replayed as this record, None if none was."""
    return next((content for name, content in record.headers if name == _REPLAYED_FROM), None)


def lowest(places: Iterable[Place]) -> Mapping[int, int]:
    """Return the lowest offset of each partition."""
    offsets: dict[int, int] = {}
    for partition, offset in places:
        offsets[partition] = min(offset, offsets.get(partition, offset))
    return offsets


def _said(headers: Headers) -> dict[str, str]:
    return {name: (content or b"").decode(errors="replace") for name, content in headers}


def _replays(said: Mapping[str, str]) -> int:
    return _whole(said.get(_REPLAYS, ""), _SHORT) or 0


def _shortened(record: Record, said: Mapping[str, str]) -> Measures | None:
    value = _whole(said.get(SHORTENED, ""), _LONG)
    if value is None:
        return None
    own = replace(measures(record), headers=len(_without(record.headers, _OF_LETTERS)))
    key = _whole(said.get(SHORTENED_KEY, ""), _LONG)
    headers = _whole(said.get(SHORTENED_HEADERS, ""), _LONG)
    return Measures(
        value=value,
        key=own.key if key is None else key,
        headers=own.headers if headers is None else headers,
        digest=said.get(DIGEST, ""),
    )


def _without(headers: Headers, names: frozenset[str]) -> Headers:
    return tuple(header for header in headers if header[0] not in names)


def _place(partition: str, offset: str) -> Place | None:
    number, position = _whole(partition, _SHORT), _whole(offset, _LONG)
    return None if number is None or position is None else Place(number, position)


def _whole(text: str, most_digits: int) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= most_digits else None
