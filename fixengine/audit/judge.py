"""The judge: whether what was sent, stored and published of one order fits together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from fixengine.audit.announcements import announcement_problems, are_spread, received, repeats
from fixengine.audit.changes import Changes
from fixengine.audit.evidence import Case, Expected, Source, Stored
from fixengine.audit.ledger import base_of, execution_problems, mapping_problems
from fixengine.audit.terms import Expectations, Horizon
from fixengine.audit.told import told_problems
from fixengine.audit.told_figures import figure_problems
from fixengine.audit.verdict import Contradiction, Counts, Kind
from fixengine.infra.postgres.audit_pages import Told
from fixengine.ports.kafka import Record
from fixengine.rules.values import Execution
from fixengine.wire.letters import Place

_ENOUGH = 5
"""Places that are named of one contradiction."""

_Finding = tuple[Kind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Finds contradictions one order after the other, and counts what it has seen."""

    expectations: Expectations
    horizon: Horizon = field(default_factory=Horizon)
    counts: Counts = field(default_factory=Counts)

    def contradictions(self, case: Case) -> Iterator[Contradiction]:
        """Yield all that is wrong with one order."""
        inside = [stored for stored in case.stored if self.horizon.covers(stored.execution)]
        self.counts.outside += len(case.stored) - len(inside)
        if case.stored and not inside:
            return
        self.counts.orders += any(not source.buried for source in case.sources)
        self.counts.messages += len(case.messages)
        self.counts.repeated_messages += repeats(case.messages)
        for kind, said in self._findings(case, inside):
            self.counts.contradictions += 1
            yield _contradiction(kind, said, case)

    def found(
        self,
        kind: Kind,
        said: str,
        *,
        executions: tuple[int, ...] = (),
        orders: tuple[Place, ...] = (),
        letters: tuple[Place, ...] = (),
    ) -> Contradiction:
        """Return a contradiction that is no single order's, or of an order that can't be read."""
        self.counts.contradictions += 1
        return Contradiction(
            kind=kind, said=said, executions=executions, orders=orders, letters=letters
        )

    def _findings(self, case: Case, inside: Sequence[Stored]) -> Iterator[_Finding]:
        if not case.stored:
            yield from self._without_execution(case)
        if len(case.stored) > 1:
            order = case.stored[0].execution.execution_service_id
            yield Kind.DOUBLED, f"order {order} has more than one execution"
        for stored in inside:
            row = stored.execution
            self.counts.executions += 1
            self.counts.full += row.execution_status == "FULL"
            self.counts.fills += len(stored.fills)
            changed = Changes(row, stored.changes).kinds()
            self.counts.cancelled += "CANCEL" in changed
            self.counts.replaced += "REPLACE" in changed
            self.counts.expired += "EXPIRE" in changed
            for kind, problem in self._of_execution(stored, case):
                yield kind, f"order {row.execution_service_id}: {problem}"

    def _without_execution(self, case: Case) -> Iterator[_Finding]:
        unburied = [source for source in case.sources if not source.buried]
        if any(self.horizon.is_deleted(each.expected.received_timestamp) for each in case.sources):
            self.counts.executions_gone += 1
            return
        if any(source.settled for source in unburied):
            yield Kind.LOST, f"order {_order_of(unburied)} has no execution"
        elif unburied:
            self.counts.waiting_orders += 1
        untold = [record for record in case.messages if not self._may_be_deleted(record)]
        if untold:
            said = f"{len(untold)} messages on fills have the key {case.key!r}"
            yield Kind.MESSAGE, f"{said}, which no execution has"

    def _may_be_deleted(self, record: Record) -> bool:
        moment = received(record)
        return self.horizon.is_before_ledger(record.timestamp_ms) or (
            moment is not None and self.horizon.is_deleted(moment)
        )

    def _of_execution(self, stored: Stored, case: Case) -> Iterator[_Finding]:
        row, fills = stored.execution, stored.fills
        unsound = [*_unsound_numbers(stored)]
        if unsound:
            yield from ((Kind.STATE, f"{name} is no number") for name in unsound)
            return
        adopted = self.horizon.is_adopted(row)
        if adopted and row.number_of_fills and not fills:
            self.counts.adopted += 1
            return
        changes = Changes(row, stored.changes)
        ordered = changes.as_ordered()
        yield from self._of_order(ordered, case.sources, stored.told)
        may_be_gone = self.horizon.kept_since is not None
        for problem in told_problems(stored, changes, may_be_gone=may_be_gone):
            yield Kind.TOLD, problem
        for problem in figure_problems(stored, changes):
            yield Kind.TOLD, problem
        order = _best(ordered, case.sources)
        version = row.version - row.number_of_fills if order is None else order.version
        base = base_of(fills, adopted=adopted, version=version)
        yield from execution_problems(
            row,
            fills,
            changes=changes,
            base=base,
            empty_fills_announced=self.expectations.empty_fills_announced,
        )
        if stored.unpublished not in {None, *(fill.number for fill in fills if fill.announced)}:
            yield Kind.LEDGER, f"the outbox has its fill {stored.unpublished}, the ledger has none"
        elif stored.unpublished is not None and stored.unpublished != fills[-1].number:
            said = f"the outbox has its fill {stored.unpublished}, which is not its last"
            yield Kind.LEDGER, said
        if base.number:
            self.counts.adopted += 1
        else:
            if are_spread(case.messages):
                self.counts.spread += 1
                if self.expectations.partitions_are_fixed:
                    yield Kind.FILLS, "its messages are on more than one partition"
            yield from announcement_problems(stored, case.messages, self.horizon)
        yield from self._of_its_end(stored, changes, order)

    def _of_order(
        self, row: Execution, sources: tuple[Source, ...], told: Told | None
    ) -> Iterator[_Finding]:
        unburied = [source for source in sources if not source.buried]
        if row.by_fix:  # no topic has its order
            self.counts.by_fix += 1
            if told is None:
                yield Kind.NOBODY_SENT, f"execution {row.id} is by FIX, and of no client"
        elif unburied:
            order = _best(row, sources)
            assert order is not None
            problems = [*mapping_problems(order, row)]
            if problems and self.horizon.has_no_order(row):  # the one that was stored came before
                self.counts.orders_gone += 1
            else:
                yield from ((Kind.ORDER, problem) for problem in problems)
        elif self.horizon.has_no_order(row):
            self.counts.orders_gone += 1
        elif sources:
            yield Kind.STORED_AND_BURIED, "it has an execution, and a dead letter says it has none"
        elif self.horizon.is_young(row):
            self.counts.young_executions += 1
        else:
            yield (
                Kind.NOBODY_SENT,
                f"execution {row.id} is of order {row.execution_service_id}, which nobody sent",
            )

    def _of_its_end(
        self, stored: Stored, changes: Changes, order: Expected | None
    ) -> Iterator[_Finding]:
        row, expected = stored.execution, self.expectations
        fillable = order is None or order.fillable
        is_over = row.execution_status == "FULL" or changes.ended(row.number_of_fills)
        if expected.complete and fillable and not is_over:
            filled = f"{row.quantity_filled} of {row.quantity_ordered} filled"
            yield Kind.UNFINISHED, f"it is not full: {filled}"
        if expected.all_published and stored.unpublished is not None:
            yield Kind.UNFINISHED, f"its fill {stored.unpublished} is not published yet"
        if not fillable and any(fill.number not in changes for fill in stored.fills):
            yield Kind.LEDGER, f"it was filled although nobody prices {row.ticker}"


def _best(row: Execution, sources: tuple[Source, ...]) -> Expected | None:
    """Return what was sent, of several orders with one id the one that was stored."""
    sent = [source.expected for source in sources if not source.buried] or [
        source.expected for source in sources
    ]
    return min(sent, key=lambda order: len([*mapping_problems(order, row)]), default=None)


def _order_of(sources: list[Source]) -> int:
    return sources[0].expected.execution_service_id


def _unsound_numbers(stored: Stored) -> Iterator[str]:
    row = stored.execution
    for name in ("quantity_ordered", "quantity_filled", "total_amount", "limit_price"):
        yield from _unsound(name, getattr(row, name))
    for fill in stored.fills:
        for name in ("quantity", "price", "quantity_filled", "total_amount"):
            yield from _unsound(f"{name} of fill {fill.number}", getattr(fill, name))
    for change in stored.changes:
        for name in ("quantity_before", "limit_before", "quantity", "limit_price"):
            yield from _unsound(f"{name} of change {change.number}", getattr(change, name))


def _unsound(name: str, number: Decimal | None) -> Iterator[str]:
    if number is not None and not number.is_finite():
        yield name


def _contradiction(kind: Kind, said: str, case: Case) -> Contradiction:
    rows = [stored.execution for stored in case.stored]
    sent = [source.expected for source in case.sources]
    ids = [row.execution_service_id for row in rows] or [
        order.execution_service_id for order in sent
    ]
    places = [source.place for source in case.sources if source.place is not None]
    messages = [Place(record.partition, record.offset) for record in case.messages]
    return Contradiction(
        kind=kind,
        said=said,
        order=ids[0] if ids else None,
        executions=tuple(row.id for row in rows[:_ENOUGH]),
        orders=tuple(places[:_ENOUGH]),
        fills=tuple(messages[-_ENOUGH:]),
    )
