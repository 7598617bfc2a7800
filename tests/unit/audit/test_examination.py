"""A system at work is read at different moments, and none of its truths becomes a lie."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from fixengine.audit.databases import Databases
from fixengine.audit.examination import Examination, Range
from fixengine.audit.judge import Judge
from fixengine.audit.terms import Expectations
from fixengine.audit.topic import Topic
from fixengine.audit.verdict import Kind
from fixengine.errors import ConflictError, UnavailableError
from fixengine.infra.kafka.tail import Beginning
from fixengine.infra.postgres.audit_pages import AuditPages, Facts, Row, Told
from fixengine.ports.kafka import Record
from tests.support.hand_made import (
    BAD,
    DEAD_HEADERS,
    EXECUTION,
    FILLS,
    FULL_MESSAGE,
    PART_MESSAGE,
    SECOND,
    message,
    record,
)
from tests.support.nameless_files import count_nameless_files

NOW = datetime(2026, 7, 28, 13, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
ORDER = (
    b'{"id":37,"tradeType":"BUY","destination":"ML","securityId":"68bda020e3644b42ebcb2bd3",'
    b'"quantity":134,"limitPrice":44.1,"receivedTimestamp":1785240970.233793,'
    b'"tradeServiceExecutionId":12}'
)
GOOD = structs.replace(record("orders", 0, b"37", ORDER), timestamp_ms=MS)
SPOILED = structs.replace(
    record("orders", 1, BAD.key, BAD.value), headers=BAD.headers, timestamp_ms=MS
)
LETTER = structs.replace(
    record("orders.dlq", 0, BAD.key, BAD.value),
    headers=(*BAD.headers, *DEAD_HEADERS),
    timestamp_ms=MS,
)
PART, FULL = message(0, PART_MESSAGE), message(1, FULL_MESSAGE)
AS_PART = structs.replace(
    EXECUTION,
    is_open=True,
    execution_status="PART",
    quantity_filled=FILLS[1].quantity_filled,
    total_amount=FILLS[1].total_amount,
    number_of_fills=2,
    version=3,
    last_fill_timestamp=FILLS[1].filled_at,
    next_fill_timestamp=SECOND,
)


class Remembered(Topic):
    """A topic with what is there at first, and what comes later."""

    def __init__(
        self,
        *records: Record,
        later: Sequence[Record] = (),
        cut: bool = False,
        begin: int = 0,
        deleted_meanwhile: int = 0,
        keeps: timedelta | None = None,
    ) -> None:
        self.kept_since = None
        self.reached = {3: len(records) + begin + deleted_meanwhile}
        self._records, self._later, self._cut_off = records, tuple(later), cut
        self._begin = self._earliest = begin
        self._deleted_meanwhile = deleted_meanwhile
        self._keeps = keeps

    def beginnings(self) -> Mapping[int, Beginning]:
        return {3: Beginning(self._begin, self._cut_off, self._earliest)}

    def _read(self, places: Mapping[int, int], *, in_turn: bool = False) -> Iterator[Record]:
        self._earliest += self._deleted_meanwhile
        found, self._records, self._later = self._records, self._later, ()
        return iter(found)


class Tables(AuditPages):
    """Rows as they are when they are read."""

    def __init__(
        self,
        *rows: Row,
        strays: Sequence[int] = (),
        shard: int = 1,
        shards: int = 1,
        newest: int = 5,
        sessions: tuple[str, ...] = (),
    ) -> None:
        self.ledger_since: datetime | None = None
        self._rows, self._strays = rows, tuple(strays)
        self._shard, self._shards, self._newest = shard, shards, newest
        self._sessions = sessions

    def facts(self) -> Facts:
        return Facts(
            shard=self._shard,
            shards=self._shards,
            newest=self._newest,
            ledger_since=self.ledger_since,
            now=NOW,
        )

    def rows(self) -> Iterator[Row]:
        return iter(self._rows)

    def strays(self, *, since: datetime | None, until: datetime | None) -> Iterator[int]:
        return iter(self._strays)

    def outbox_strays(self) -> tuple[int, ...]:
        return ()

    def sessions(self) -> tuple[str, ...]:
        return self._sessions


class Away(Tables):
    """Tables of a database that does not answer."""

    def rows(self) -> Iterator[Row]:
        raise UnavailableError("the database is not available")


FIRST_OF_TWO = Tables((EXECUTION, FILLS, None, (), None), shard=1, shards=2)


def kinds(
    *,
    orders: Topic | None = None,
    fills: Topic | None = None,
    letters: Topic | None = None,
    pages: Tables | None = None,
    others: Sequence[Tables] = (),
    committed: int = 2,
    others_committed: int = 2,
    retention_days: int | None = None,
    ledger_since: datetime | None = None,
) -> list[Kind]:
    tables = pages or Tables((EXECUTION, FILLS, None, (), None))
    tables.ledger_since = ledger_since
    examination = Examination(
        judge=Judge(
            expectations=Expectations(
                complete=False, all_published=False, empty_fills_announced=None
            )
        ),
        orders=orders or Remembered(GOOD, SPOILED),
        fills=fills or Remembered(PART, FULL),
        letters=letters or Remembered(LETTER),
        databases=Databases([tables, *others]),
        committed=[{3: committed}, *({3: others_committed} for _ in others)],
        span=Range(),
        retention_days=retention_days,
        progress=lambda what, count: None,
    )
    return sorted(found.kind for found in examination.contradictions())


def test_a_sound_deployment_holds() -> None:
    assert kinds() == []


def test_a_fill_that_is_told_of_while_the_tables_are_read_is_looked_for_once_more() -> None:
    assert kinds(fills=Remembered(PART, later=[FULL])) == []
    assert kinds(fills=Remembered(later=[PART, FULL])) == []


def test_a_fill_that_nobody_tells_of_is_missing_however_often_one_looks() -> None:
    assert kinds(fills=Remembered(PART)) == [Kind.FILLS]
    assert kinds(fills=Remembered(PART, later=[structs.replace(FULL, key=b"38")])) == [Kind.FILLS]


def test_fills_that_are_made_after_a_row_was_read_are_not_its_own() -> None:
    """The row is of a moment at which the last fill was still to come."""
    pages = Tables((AS_PART, FILLS[:2], None, (), None))
    assert kinds(fills=Remembered(later=[PART, FULL]), pages=pages) == []


def test_a_message_that_was_there_before_its_row_is_made_up() -> None:
    pages = Tables((AS_PART, FILLS[:2], None, (), None))
    assert kinds(fills=Remembered(PART, FULL), pages=pages) == [Kind.FILLS]


@pytest.mark.parametrize(("committed", "lost"), [(2, 1), (1, 0), (0, 0), (-1001, 0)])
def test_a_record_without_a_letter_is_lost_below_the_committed_offset(
    committed: int, lost: int
) -> None:
    assert kinds(letters=Remembered(), committed=committed) == [Kind.LOST] * lost


@pytest.mark.parametrize(("committed", "lost"), [(1, 1), (0, 0)])
def test_an_order_without_an_execution_is_lost_below_the_committed_offset(
    committed: int, lost: int
) -> None:
    orders, nothing = Remembered(GOOD), Remembered()
    found = kinds(
        orders=orders, letters=nothing, fills=nothing, pages=Tables(), committed=committed
    )
    assert found == [Kind.LOST] * lost


def test_a_letter_whose_order_is_deleted_is_not_judged() -> None:
    orders = Remembered(cut=True, begin=2)
    assert kinds(orders=orders) == []


def test_a_letter_of_a_place_where_nothing_ever_was_is_found() -> None:
    later = structs.replace(
        LETTER,
        headers=tuple(
            (name, b"7" if name == "dlq.offset" else content) for name, content in LETTER.headers
        ),
    )
    assert kinds(letters=Remembered(LETTER, structs.replace(later, offset=1))) == [Kind.LETTER]


def test_a_letter_that_is_older_than_the_record_at_its_place_is_of_another_topic() -> None:
    old = structs.replace(LETTER, timestamp_ms=MS - 3_600_000, value=b"another")
    assert kinds(letters=Remembered(old, structs.replace(LETTER, offset=1))) == []
    assert kinds(letters=Remembered(old)) == [Kind.LOST]


def test_a_letter_of_an_order_from_the_future_is_its_own() -> None:
    ahead = structs.replace(SPOILED, timestamp_ms=MS + 3_600_000)
    assert kinds(orders=Remembered(GOOD, ahead)) == []


def test_orders_and_messages_from_before_the_ledger_are_not_judged() -> None:
    later = NOW + timedelta(days=1)
    nothing = Remembered()
    assert kinds(letters=nothing, pages=Tables(), ledger_since=later) == []
    assert kinds(letters=nothing, pages=Tables()) == [Kind.LOST, Kind.LOST, Kind.MESSAGE]


def test_what_retention_has_deleted_is_not_judged() -> None:
    deleted = Tables(strays=[5])
    assert kinds(pages=deleted) == [Kind.LEDGER, Kind.LOST, Kind.MESSAGE]
    assert kinds(pages=deleted, retention_days=1) == []


def test_young_fills_may_be_of_an_execution_that_retention_has_deleted() -> None:
    """It was open for long, and went as soon as it was filled; an order and messages say more."""
    assert kinds(pages=Tables(strays=[5]), retention_days=7) == [Kind.LOST, Kind.MESSAGE]


def test_an_error_that_ends_the_audit_leaves_no_file_open() -> None:
    large = structs.replace(FULL, value=bytes(9 * 2**20))
    before = count_nameless_files()
    with pytest.raises(UnavailableError) as error:
        kinds(fills=Remembered(PART, large), pages=Away())
    assert count_nameless_files() == before, str(error)


def test_an_order_that_the_topic_no_longer_has_is_not_missed() -> None:
    gone = Remembered(SPOILED, cut=True, begin=1)
    assert kinds(orders=gone) == []
    assert kinds(orders=Remembered(SPOILED, begin=1)) == [Kind.NOBODY_SENT]


def test_messages_that_the_topic_no_longer_has_are_not_missed() -> None:
    recent = structs.replace(FULL, timestamp_ms=int(SECOND.timestamp() * 1000))
    assert kinds(fills=Remembered(recent, cut=True, begin=1)) == []
    assert kinds(fills=Remembered(recent, begin=1)) == [Kind.FILLS]


def after(record: Record, minutes: int) -> Record:
    return structs.replace(record, offset=record.offset + 1, timestamp_ms=MS + minutes * 60_000)


def test_a_record_whose_letter_the_topic_may_have_lost_is_not_judged() -> None:
    """Topics keep their records for as long as each is set to."""
    recent = structs.replace(
        after(LETTER, 60),
        headers=tuple(
            (name, b"9" if name == "dlq.offset" else content) for name, content in LETTER.headers
        ),
    )
    orders = Remembered(GOOD, SPOILED, structs.replace(after(SPOILED, 60), offset=9))
    assert kinds(orders=orders, letters=Remembered(recent, cut=True, begin=1)) == []
    assert kinds(letters=Remembered(cut=True, begin=1)) == []
    assert kinds(letters=Remembered()) == [Kind.LOST]


def test_a_letter_that_its_topic_must_still_have_is_missed() -> None:
    gone = Remembered(cut=True, begin=1, keeps=timedelta(days=36_500))
    assert kinds(letters=gone) == [Kind.LOST]


def test_orders_that_are_deleted_before_they_are_read_are_not_missed() -> None:
    assert kinds(orders=Remembered(SPOILED, deleted_meanwhile=1)) == []
    assert kinds(orders=Remembered(SPOILED)) == [Kind.NOBODY_SENT]
    assert kinds(orders=Remembered(deleted_meanwhile=2)) == []


def test_messages_that_are_deleted_before_they_are_read_are_not_missed() -> None:
    recent = structs.replace(FULL, timestamp_ms=int(SECOND.timestamp() * 1000))
    assert kinds(fills=Remembered(recent, deleted_meanwhile=1)) == []
    assert kinds(fills=Remembered(recent)) == [Kind.FILLS]
    assert kinds(fills=Remembered(deleted_meanwhile=2)) == []


def test_a_record_may_have_any_time() -> None:
    for moment in (-(2**63), -1, 2**63 - 1):
        odd = structs.replace(SPOILED, timestamp_ms=moment)
        assert kinds(orders=Remembered(odd, cut=True, begin=1)) == []


@pytest.mark.parametrize("key", [None, b"no order"])
def test_messages_without_an_order_are_judged_some_at_a_time(key: bytes | None) -> None:
    """There may be millions of them."""
    strange = (structs.replace(PART, key=key, offset=number) for number in range(2, 25_002))
    assert kinds(fills=Remembered(PART, FULL, *strange)) == [Kind.MESSAGE] * 3


def test_orders_in_two_databases_are_judged_as_those_of_one() -> None:
    assert kinds(pages=FIRST_OF_TWO, others=[Tables(shard=2, shards=2)]) == []


def test_databases_may_be_given_in_any_order() -> None:
    assert kinds(pages=Tables(shard=2, shards=2), others=[FIRST_OF_TWO]) == []


def test_an_order_in_the_wrong_database_is_found() -> None:
    wrong = Tables((EXECUTION, FILLS, None, (), None), shard=2, shards=2)
    assert kinds(pages=Tables(shard=1, shards=2), others=[wrong]) == [Kind.STATE]


def test_an_order_by_fix_is_of_the_database_whose_number_it_has() -> None:
    """Its order's id is below zero, and of no database by itself."""
    row = structs.replace(EXECUTION, execution_service_id=-5)
    silent = tuple(structs.replace(each, announced=False) for each in FILLS)
    told, none = Told(sent=(0, 2, 3), waiting=()), Remembered()
    for shard, found in ((2, []), (1, [Kind.STATE])):
        pages = Tables((row, silent, None, (), told), shard=shard, shards=3)
        others = [Tables(shard=each, shards=3) for each in (1, 2, 3) if each != shard]
        assert kinds(orders=none, fills=none, letters=none, pages=pages, others=others) == found


def test_sessions_are_looked_at_where_fix_clients_order() -> None:
    said = ("session 1 has sent what it has not",)
    assert kinds(pages=Tables((EXECUTION, FILLS, None, (), None), sessions=said)) == []
    row = structs.replace(EXECUTION, execution_service_id=-5)
    silent = tuple(structs.replace(each, announced=False) for each in FILLS)
    by_fix = Tables((row, silent, None, (), Told(sent=(0, 2, 3), waiting=())), sessions=said)
    none = Remembered()
    assert kinds(orders=none, fills=none, letters=none, pages=by_fix) == [Kind.TOLD]


def test_a_number_that_another_database_gives_is_found() -> None:
    execution = structs.replace(EXECUTION, id=6)
    wrong = Tables((execution, (), None, (), None), shard=1, shards=2, newest=6)
    assert Kind.STATE in kinds(pages=wrong, others=[Tables(shard=2, shards=2)])


def test_an_order_in_both_databases_is_doubled() -> None:
    again = Tables(
        (structs.replace(EXECUTION, id=6), FILLS, None, (), None), shard=2, shards=2, newest=6
    )
    assert Kind.DOUBLED in kinds(pages=FIRST_OF_TWO, others=[again])


def test_each_database_is_as_old_as_its_own_latest_execution() -> None:
    for newest, found in ((5, [Kind.NOBODY_SENT]), (3, [])):
        first = Tables((EXECUTION, FILLS, None, (), None), shard=1, shards=2, newest=newest)
        second = Tables(shard=2, shards=2, newest=2**31 - 1)
        nothing = Remembered()
        assert kinds(orders=nothing, letters=nothing, pages=first, others=[second]) == found


def test_an_order_is_lost_where_the_group_of_its_own_database_has_passed_it() -> None:
    for order, found in ((b"37", [Kind.LOST]), (b"36", [])):
        sent = structs.replace(GOOD, value=ORDER.replace(b"37", order))
        assert (
            kinds(
                orders=Remembered(sent),
                fills=Remembered(),
                letters=Remembered(),
                pages=Tables(shard=1, shards=2),
                others=[Tables(shard=2, shards=2)],
                committed=1,
                others_committed=0,
            )
            == found
        )


@pytest.mark.parametrize(
    "given",
    [
        pytest.param([(1, 2)], id="one is missing"),
        pytest.param([(1, 2), (1, 2)], id="one is named twice"),
        pytest.param([(1, 1), (1, 1)], id="strangers"),
        pytest.param([(1, 2), (2, 2), (3, 3)], id="one too many"),
    ],
)
def test_an_audit_of_less_or_more_than_all_databases_is_refused(
    given: list[tuple[int, int]],
) -> None:
    first, *others = [Tables(shard=number, shards=of) for number, of in given]
    with pytest.raises(ConflictError, match="each by a --dsn"):
        kinds(pages=first, others=others)
