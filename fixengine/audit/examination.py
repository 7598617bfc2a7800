"""The audit of a deployment: reads what is there, in an order that makes a running system no liar.

An order is on its topic before its row is stored, its row before its fills, a fill before its
message, and its message before it leaves the outbox. So orders and messages are read first, then
the tables, each page of one moment; and where a message is missing then, the end of the topic is
read once more. Nothing depends on clocks, and nothing has to stand still.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fixengine.audit.announcements import is_complete, number_of_fills
from fixengine.audit.cases import cases, encode, place_of_key, with_newer
from fixengine.audit.databases import Databases
from fixengine.audit.evidence import Case
from fixengine.audit.judge import Judge
from fixengine.audit.orders import Orders
from fixengine.audit.sorter import Sorter
from fixengine.audit.terms import Horizon
from fixengine.audit.topic import Progress, Topic
from fixengine.audit.verdict import Contradiction, Kind
from fixengine.infra.postgres.audit_pages import Row
from fixengine.ports.kafka import Record

_DELETIONS_GO_ON_FOR = timedelta(days=1)
_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Executions sent from a time on, and before another; None: no limit."""

    since: datetime | None = None
    until: datetime | None = None


class Examination:
    """One reading of everything; `judge.counts` grow with it."""

    def __init__(
        self,
        *,
        judge: Judge,
        orders: Topic,
        fills: Topic,
        letters: Topic,
        databases: Databases,
        committed: Sequence[Mapping[int, int]],
        span: Range,
        retention_days: int | None,
        progress: Progress,
    ) -> None:
        """Take the parts; of `databases` the facts, then `committed` were read before all else."""
        self._judge = judge
        self._orders = orders
        self._fills = fills
        self._letters = letters
        self._databases = databases
        self._committed = committed
        self._span = span
        self._retention_days = retention_days
        self._progress = progress

    def contradictions(self) -> Iterator[Contradiction]:
        """Read everything, and yield what does not fit together."""
        with ExitStack() as put_aside:
            orders = Orders(
                judge=self._judge,
                topic=self._orders,
                letters=self._letters,
                committed=self._committed,
                ledger_since=self._databases.ledger_since,
                since=self._span.since,
                until=self._span.until,
            )
            put_aside.callback(orders.close)
            yield from orders.read_letters()
            yield from orders.read()
            fills = self._fills.records(self._fills.beginnings())
            messages = put_aside.enter_context(_sorted(fills))
            judge = replace(self._judge, horizon=self._horizon())
            put_off = put_aside.enter_context(closing(Sorter()))
            for place, case in cases(orders.sources, messages, self._rows()):
                if _is_complete(case, judge.horizon):
                    yield from judge.contradictions(case)
                else:
                    put_off.add(place, encode(case))
            yield from self._with_newer_messages(put_off, judge)
        yield from self._strays()

    def _rows(self) -> Iterator[Row]:
        for count, row in enumerate(self._databases.rows(), 1):
            if count % _BATCH == 0:
                self._progress("executions judged", count)
            yield row

    def _horizon(self) -> Horizon:
        days, orders_since = self._retention_days, self._orders.kept_since
        return Horizon(
            newest=self._databases.newest,
            orders_since=orders_since,
            fills_since=None if self._is_whole else self._fills.kept_since,
            kept_since=(
                None
                if days is None
                else self._databases.now - timedelta(days=days) + _DELETIONS_GO_ON_FOR
            ),
            ledger_since=self._databases.ledger_since,
            since=self._span.since,
            until=self._span.until,
        )

    @property
    def _is_whole(self) -> bool:
        """Whether the topic of fills has all messages of what is in range."""
        return self._fills.kept_since in {None, self._span.since}

    def _with_newer_messages(self, put_off: Sorter, judge: Judge) -> Iterator[Contradiction]:
        if not len(put_off):
            return
        with _sorted(self._fills.newer()) as newer:
            for case, records in with_newer(put_off, newer):
                last = max(stored.execution.number_of_fills for stored in case.stored)
                known = [record for record in records if (number_of_fills(record) or 0) <= last]
                yield from judge.contradictions(replace(case, messages=(*case.messages, *known)))

    def _strays(self) -> Iterator[Contradiction]:
        for said, executions in self._databases.misplaced():
            yield self._judge.found(Kind.STATE, said, executions=executions)
        # an execution that was filled today is deleted today when its order is old enough
        if self._retention_days is None:
            for stray in self._databases.strays(since=self._span.since, until=self._span.until):
                said = f"the ledger has fills of execution {stray}, which does not exist"
                yield self._judge.found(Kind.LEDGER, said, executions=(stray,))
        if self._judge.counts.by_fix:  # elsewhere the audit may have no right to look
            for said in self._databases.sessions():
                yield self._judge.found(Kind.TOLD, said)
        for stray in self._databases.outbox_strays():
            said = f"the outbox has a fill of execution {stray}, which does not exist"
            yield self._judge.found(Kind.LEDGER, said, executions=(stray,))


def _is_complete(case: Case, horizon: Horizon) -> bool:
    return all(is_complete(stored, case.messages, horizon) for stored in case.stored)


@contextmanager
def _sorted(records: Iterator[Record]) -> Iterator[Sorter]:
    """Lend the records in the order of the orders that they are of."""
    with closing(Sorter()) as messages:
        for record in records:
            messages.add(place_of_key(record.key), encode(record))
        yield messages
