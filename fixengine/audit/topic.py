"""A topic as the audit reads it: by nobody's group, from where its range begins."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import BROKER_ANSWERS_WITHIN, Cluster
from fixengine.infra.kafka.look import read_to_the_end
from fixengine.infra.kafka.tail import Beginning, KafkaTail
from fixengine.ports.kafka import EVER, Record

CLOCKS = timedelta(minutes=1)
"""How far the clocks of engines, database, brokers and senders may differ."""

_BATCH = 1_000


class Progress(Protocol):
    """Hears how far it has come."""

    def __call__(self, what: str, count: int) -> None:
        """Take what is being done, and how many of it are."""


class Topic:
    """`kept_since` is from when on the topic has all that was read of it; None: it is whole.

    With `keeps` the broker is trusted to keep each record for so long. All raise UnavailableError,
    with the variables to look at, without a broker or topic.
    """

    def __init__(
        self,
        name: str,
        *,
        variable: str,
        cluster: Cluster,
        since: datetime | None,
        progress: Progress,
        keeps: timedelta | None = None,
    ) -> None:
        self.name = name
        self.kept_since = since
        self.reached: dict[int, int] = {}
        self._variable = variable
        self._from = EVER if since is None else max(since - CLOCKS, EVER)
        self._keeps = keeps
        self._progress = progress
        self._count = 0
        self._tail = KafkaTail(cluster=cluster, topic=name, committed_only=True)

    def beginnings(self) -> Mapping[int, Beginning]:
        """Return where each partition begins, in their order."""
        with self._advice():
            return dict(
                sorted(self._tail.beginnings(self._from, timeout=BROKER_ANSWERS_WITHIN).items())
            )

    def records(
        self, beginnings: Mapping[int, Beginning], *, in_turn: bool = False
    ) -> Iterator[Record]:
        """Yield all from there on, each partition's in their order, or one after the other."""
        cut = {number for number, beginning in beginnings.items() if beginning.is_cut}
        places = {number: beginning.offset for number, beginning in beginnings.items()}
        skipped: dict[int, Record] = {}
        for record in self._read(places, in_turn=in_turn):
            number = record.partition
            if number in cut:
                cut.remove(number)
                self._cut(record.timestamp_ms)
            elif record.offset > places[number]:
                skipped[number] = record
            places[number] = record.offset + 1
            yield record
        for _ in cut:
            self._cut(None)
        self._look_for_what_went_away(skipped, places)

    def newer(self) -> Iterator[Record]:
        """Yield what has come since all was read, also to partitions that were added."""
        added = {number: each.earliest for number, each in self.beginnings().items()}
        return self._read({**added, **self.reached})

    def _read(self, places: Mapping[int, int], *, in_turn: bool = False) -> Iterator[Record]:
        with self._advice():
            look = self._tail.look_from(places, timeout=BROKER_ANSWERS_WITHIN, in_turn=in_turn)
            for record in read_to_the_end(look):
                self._count += 1
                if self._count % _BATCH == 0:
                    self._progress(f"records of {self.name}", self._count)
                yield record
            self.reached = {**self.reached, **look.reached}

    def _look_for_what_went_away(
        self, skipped: Mapping[int, Record], places: Mapping[int, int]
    ) -> None:
        """Take note of what was deleted before it was read; transactions leave gaps as well."""
        unseen = {number for number, place in places.items() if self.reached.get(number, 0) > place}
        now = self.beginnings() if skipped or unseen else {}
        for number, record in skipped.items():
            if number not in now or record.offset <= now[number].earliest:
                self._cut(record.timestamp_ms)
        for number in unseen:
            if number not in now or places[number] < now[number].earliest:
                self._cut(None)

    def _cut(self, timestamp_ms: int | None) -> None:
        """Take note that earlier records than one may be gone."""
        now = datetime.now(UTC)
        moment = now
        if timestamp_ms is not None and 0 <= timestamp_ms < now.timestamp() * 1000:
            moment = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
        kept = moment + CLOCKS
        if self._keeps is not None:
            kept = min(kept, now - self._keeps + CLOCKS)
        self.kept_since = kept if self.kept_since is None else max(self.kept_since, kept)

    @contextmanager
    def _advice(self) -> Iterator[None]:
        try:
            yield
        except UnavailableError as error:
            raise UnavailableError(
                f"{error}: look at KAFKA_BROKERS and {self._variable}"
            ) from error
