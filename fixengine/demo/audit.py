"""The ledger audit: whether what a run left behind follows from the orders that were fed.

It shares no code with the engine's rules and formats, which it checks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fixengine.demo.audit_dead import dead_letter_problems
from fixengine.demo.audit_fills import Announcements, announcement_findings
from fixengine.demo.audit_ledger import execution_problems
from fixengine.demo.evidence import Evidence, LedgerFill, read_evidence
from fixengine.demo.feed import FedOrder
from fixengine.demo.sketch import Expected
from fixengine.demo.topics import TopicNames
from fixengine.domain import Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What must hold beside the ledger's own consistency.

    `complete`: every order that can be filled is FULL. `all_published`: the outbox is empty.
    `repeats_allowed`: a fill or dead letter may be on its topic twice. `empty_fills_announced`:
    the engines ran with PUBLISH_EMPTY_FILLS.
    """

    complete: bool = True
    all_published: bool = True
    repeats_allowed: bool = True
    empty_fills_announced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the audit counted, and a sentence for each problem it found.

    `orders` and `bad` count what was fed, repeated orders once. `messages` and `dead_letters`
    count records on the topics, `repeated_…` those among them that repeat an earlier one.
    """

    orders: int
    bad: int
    executions: int
    full: int
    fills: int
    messages: int
    repeated_messages: int
    dead_letters: int
    repeated_dead_letters: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    def summary(self) -> str:
        """Return one line."""
        counts = (
            f"{self.orders} orders, {self.executions} executions, {self.full} full, "
            f"{self.fills} fills, {self.messages} messages ({self.repeated_messages} repeated), "
            f"{self.dead_letters} dead letters ({self.repeated_dead_letters} repeated)"
        )
        if self.ok:
            return f"the ledger holds: {counts}"
        return f"the ledger does not hold: {counts}; {len(self.problems)} problems"


def audit(
    fed: Iterable[FedOrder],
    *,
    dsn: str,
    bootstrap: str,
    topics: TopicNames,
    expectations: Expectations | None = None,
) -> Report:
    """Read what a run left behind and judge it; raises DemoError when that can't be read."""
    evidence = read_evidence(dsn=dsn, bootstrap=bootstrap, topics=topics)
    return judge(fed, evidence, expectations or Expectations())


def judge(fed: Iterable[FedOrder], evidence: Evidence, expectations: Expectations) -> Report:
    """Judge what a run left behind. All findings are in the report."""
    fed = tuple(fed)
    expected = {
        order.expected.execution_service_id: order.expected for order in fed if order.expected
    }
    bad = tuple(order for order in fed if not order.valid)
    fills: defaultdict[int, list[LedgerFill]] = defaultdict(list)
    for fill in evidence.fills:
        fills[fill.execution_id].append(fill)
    announced = announcement_findings(
        Announcements(
            executions=evidence.executions,
            fills=fills,
            outbox=evidence.outbox,
            records=evidence.announcements,
        )
    )
    dead = dead_letter_problems(bad, evidence.orders, evidence.dead_letters)
    return Report(
        orders=len(expected),
        bad=len(bad),
        executions=len(evidence.executions),
        full=sum(row.execution_status == "FULL" for row in evidence.executions),
        fills=len(evidence.fills),
        messages=len(evidence.announcements),
        repeated_messages=announced.repeated,
        dead_letters=len(evidence.dead_letters),
        repeated_dead_letters=dead.repeated,
        problems=(
            *_whole_problems(expected, evidence, expectations),
            *_row_problems(expected, evidence.executions, fills, expectations),
            *_repeat_problems(announced.repeated + dead.repeated, expectations),
            *announced.problems,
            *dead.problems,
        ),
    )


def _whole_problems(
    expected: Mapping[int, Expected],
    evidence: Evidence,
    expectations: Expectations,
) -> Iterator[str]:
    found = {row.execution_service_id for row in evidence.executions}
    for order_id in sorted(expected.keys() - found):
        yield f"order {order_id} has no execution"
    if len(found) < len(evidence.executions):
        yield "there are orders with more than one execution"
    known = {row.id for row in evidence.executions}
    for stray in sorted({fill.execution_id for fill in evidence.fills} - known):
        yield f"the ledger has fills of execution {stray}, which does not exist"
    if expectations.all_published and evidence.outbox:
        yield f"the outbox still holds {len(evidence.outbox)} fills"


def _repeat_problems(repeated: int, expectations: Expectations) -> Iterator[str]:
    if repeated and not expectations.repeats_allowed:
        yield f"{repeated} records are on their topics more than once"


def _row_problems(
    expected: Mapping[int, Expected],
    executions: Iterable[Execution],
    fills: Mapping[int, list[LedgerFill]],
    expectations: Expectations,
) -> Iterator[str]:
    for row in executions:
        order = expected.get(row.execution_service_id)
        if order is None:
            yield f"execution {row.id} is of order {row.execution_service_id}, which was not fed"
            continue
        problems = execution_problems(
            order,
            row,
            fills.get(row.id, []),
            complete=expectations.complete,
            empty_fills_announced=expectations.empty_fills_announced,
        )
        yield from (f"order {row.execution_service_id}: {problem}" for problem in problems)
