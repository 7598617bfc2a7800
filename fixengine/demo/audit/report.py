"""The audit of a run whose orders are known, each with what must become of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fixengine.audit.evidence import Case, Source, Stored, key_of
from fixengine.audit.judge import Judge
from fixengine.audit.letters import letter_problems, named_place
from fixengine.audit.terms import Expectations
from fixengine.audit.verdict import Contradiction, Counts, Kind
from fixengine.demo.audit.remains import Remains, read_remains
from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.topics import TopicNames
from fixengine.ports.kafka import Headers, Record
from fixengine.rules.values import ChangeEntry, LedgerEntry
from fixengine.wire.letters import Place

__all__ = ["Expectations", "Report", "audit", "judge"]

_Content = tuple[bytes | None, bytes | None, Headers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the audit counted, and all that it found."""

    counts: Counts
    contradictions: tuple[Contradiction, ...]

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.contradictions

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each problem."""
        return tuple(map(str, self.contradictions))

    def summary(self) -> str:
        """Return one line."""
        return self.counts.summary()


def audit(
    fed: Iterable[FedOrder],
    *,
    dsn: str,
    bootstrap: str,
    topics: TopicNames,
    expectations: Expectations | None = None,
) -> Report:
    """Read what a run left behind and judge it; raises DemoError when that can't be read."""
    remains = read_remains(dsn=dsn, bootstrap=bootstrap, topics=topics)
    return judge(fed, remains, expectations or Expectations())


def judge(fed: Iterable[FedOrder], remains: Remains, expectations: Expectations) -> Report:
    """Judge what a run left behind. All findings are in the report."""
    fed = tuple(fed)
    the_judge = Judge(expectations=expectations)
    found = [
        *_of_whole(remains, the_judge),
        *(each for case in _cases(fed, remains) for each in the_judge.contradictions(case)),
        *_of_letters([order for order in fed if not order.valid], remains, the_judge),
    ]
    counts = the_judge.counts
    if counts.repeated_messages and not expectations.repeats_allowed:
        said = f"{counts.repeated_messages} fills are on their topic more than once"
        found.append(the_judge.found(Kind.REPEATED, said))
    return Report(counts=counts, contradictions=tuple(found))


def _cases(fed: Sequence[FedOrder], remains: Remains) -> Iterator[Case]:
    """Yield what there is of each order, and then of each other key."""
    sent: dict[bytes | None, Source] = {
        key_of(order.expected.execution_service_id): Source(expected=order.expected)
        for order in fed
        if order.expected
    }
    fills: defaultdict[int, list[LedgerEntry]] = defaultdict(list)
    for fill in remains.fills:
        fills[fill.execution_id].append(fill)
    changes: defaultdict[int, list[ChangeEntry]] = defaultdict(list)
    for change in remains.changes:
        changes[change.execution_id].append(change)
    unpublished = {row.execution_id: row.fill_number for row in remains.outbox}
    stored: defaultdict[bytes | None, list[Stored]] = defaultdict(list)
    for row in remains.executions:
        stored[key_of(row.execution_service_id)].append(
            Stored(
                execution=row,
                fills=tuple(fills[row.id]),
                unpublished=unpublished.get(row.id),
                changes=tuple(changes[row.id]),
                told=remains.told.get(row.id),
            )
        )
    messages: defaultdict[bytes | None, list[Record]] = defaultdict(list)
    for record in remains.announcements:
        messages[record.key].append(record)
    keys: tuple[bytes | None, ...] = (*sent, *stored, *messages)
    for key in dict.fromkeys(keys):
        yield Case(
            key=key,
            sources=(sent[key],) if key in sent else (),
            stored=tuple(stored[key]),
            messages=tuple(messages[key]),
        )


def _of_whole(remains: Remains, the_judge: Judge) -> Iterator[Contradiction]:
    known = {row.id for row in remains.executions}
    of_fills = {fill.execution_id for fill in remains.fills}
    of_changes = {change.execution_id for change in remains.changes}
    for stray in sorted((of_fills | of_changes) - known):
        said = f"the ledger has fills of execution {stray}, which does not exist"
        yield the_judge.found(Kind.LEDGER, said)


def _of_letters(
    bad: Sequence[FedOrder], remains: Remains, the_judge: Judge
) -> Iterator[Contradiction]:
    """Compare the dead letters with the records they name, and those with what was fed."""
    sources = {Place(record.partition, record.offset): record for record in remains.orders}
    places = [named_place(record) for record in remains.dead_letters]
    for record, place in zip(remains.dead_letters, places, strict=True):
        source = None if place is None else sources.get(place)
        for problem in letter_problems(record, source):
            at = Place(record.partition, record.offset)
            yield the_judge.found(Kind.LETTER, problem, letters=(at,))
    named = {place for place in places if place is not None}
    the_judge.counts.dead_letters += len(places)
    the_judge.counts.repeated_dead_letters += sum(map(bool, places)) - len(named)
    buried = Counter(_content(sources[place]) for place in named if place in sources)
    kinds = {_content(order): order.kind for order in bad}
    # a producer that got no answer may have sent an order twice
    sent = Counter(content for content in map(_content, remains.orders) if content in kinds)
    wanted = Counter(map(_content, bad)) | sent
    for content in (wanted - buried).elements():
        said = f"a bad order ({kinds[content]}, key {content[0]!r})"
        yield the_judge.found(Kind.LOST, f"{said} is not on the dead-letter topic")
    for content in (buried - wanted).elements():
        said = f"the order with key {content[0]!r} is on the dead-letter topic, but was not bad"
        yield the_judge.found(Kind.STORED_AND_BURIED, said)


def _content(record: Record | FedOrder) -> _Content:
    return record.key, record.value, record.headers
