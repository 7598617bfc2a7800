"""Which dead letters a command is about."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fixengine.wire.letters import Letter, Place, lowest

_OFFSETS = re.compile(r"(?:([0-9]{1,9})/)?([0-9]{1,18})(?:-([0-9]{1,18}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetRange:
    """Offsets of one partition, from the first to the last."""

    partition: int
    first: int
    last: int

    def __contains__(self, place: Place) -> bool:
        return place.partition == self.partition and self.first <= place.offset <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which letters are meant: those that have all that is asked for.

    `offsets` are where they stand, and may be empty: anywhere. `reason` is a part of the reason,
    upper and lower case alike. `since` is the broker's time.
    """

    offsets: tuple[OffsetRange, ...] = ()
    reason: str = ""
    since: datetime

    def takes(self, letter: Letter) -> bool:
        """Say whether the letter is meant."""
        written = letter.record.timestamp_ms
        return (
            (not self.offsets or any(letter.place in each for each in self.offsets))
            and self.reason.casefold() in letter.reason.casefold()
            and (written is None or written >= int(self.since.timestamp() * 1000))
        )

    def beginnings(self) -> Mapping[int, int]:
        """Return the first offset that is meant, by partition; empty when all are."""
        return lowest(Place(each.partition, each.first) for each in self.offsets)


def offsets(text: str) -> OffsetRange:
    """Parse `17`, `17-20`, `3/17` or `3/17-20`; without a partition, 0 is meant."""
    match = _OFFSETS.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text} is no place of letters: give OFFSET, FIRST-LAST, or PARTITION/ and either"
        )
    partition, first, last = match.groups()
    if last is not None and int(last) < int(first):
        raise argparse.ArgumentTypeError(f"{text} ends before it begins: turn it around")
    return OffsetRange(partition=int(partition or 0), first=int(first), last=int(last or first))


def single(text: str) -> OffsetRange:
    """Parse `17` or `3/17`."""
    parsed = offsets(text)
    if parsed.first != parsed.last:
        raise argparse.ArgumentTypeError(f"{text} are several letters: give one")
    return parsed
