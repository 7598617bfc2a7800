"""When the day of a FIX session ends, and when its numbers begin anew, in its own time zone.

A day that is an hour shorter or longer ends once, too. A time that a day leaves out is an hour
later on that day; of a time that comes twice, the first counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingDay:
    """The agreed end of day.

    `ends_at` is None where none was agreed on: then numbers never begin anew, and DAY orders end at
    midnight. `weekday`, 0 for Monday, is the only day on which numbers begin anew; None: every day.
    """

    ends_at: time | None = None
    weekday: int | None = None
    zone: tzinfo = UTC

    def end(self, now: datetime) -> datetime:
        """Return the first end of day after `now`, in UTC: then DAY orders end."""
        return next(each for each in self._ends(now, 1) if each > now)

    def end_of(self, day: date) -> datetime:
        """Return when this date's day ends, in UTC."""
        return self.end(datetime.combine(day, time(), self.zone))

    def next_reset(self, now: datetime) -> datetime | None:
        """Return when numbers next begin anew after `now`, in UTC; None: never."""
        return next((each for each in self._resets(now, 1) if each > now), None)

    def last_reset(self, now: datetime) -> datetime | None:
        """Return when numbers last had to begin anew, `now` included, in UTC; None: never."""
        return next((each for each in self._resets(now, -1) if each <= now), None)

    def _resets(self, now: datetime, step: int) -> Iterator[datetime]:
        if self.ends_at is not None:
            yield from self._ends(now, step, self.weekday)

    def _ends(self, now: datetime, step: int, weekday: int | None = None) -> Iterator[datetime]:
        """Yield ends of days, from a day that is surely on the other side of `now`."""
        first = now.astimezone(self.zone).date() - step * _DAY
        for days in count():
            day = first + days * step * _DAY
            if weekday in {None, day.weekday()}:
                yield datetime.combine(day, self.ends_at or time(), self.zone).astimezone(UTC)
