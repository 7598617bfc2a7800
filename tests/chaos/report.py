"""What a run shows: a line for each scenario, and a table of all."""

from collections import defaultdict
from collections.abc import Iterable

from rich.table import Table

from tests.chaos.scenario import Outcome


def line(outcome: Outcome) -> str:
    """Return the outcome in one line."""
    verdict = "failed" if outcome.problems else "passed"
    return (
        f"{verdict} {outcome.name}: {outcome.orders} orders, {outcome.changes} changes, "
        f"{outcome.faults} faults with at least {outcome.in_hand} in hand, {outcome.lost} lost, "
        f"{outcome.doubled} doubled, {outcome.duplicates} duplicates, "
        f"throughput {outcome.regained:.0%} after {outcome.regained_after:.1f} s"
    )


def table(outcomes: Iterable[Outcome]) -> Table:
    """Return a row for each fault: sums, the lowest throughput and the longest time."""
    shown = Table()
    for column in (
        "scenario",
        "runs",
        "orders",
        "changes",
        "faults",
        "lost",
        "doubled",
        "duplicates",
        "throughput regained",
        "within",
    ):
        shown.add_column(column, justify="left" if column == "scenario" else "right")
    groups: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.name].append(outcome)
    for name, group in sorted(groups.items()):
        shown.add_row(
            name,
            str(len(group)),
            *(
                str(sum(getattr(outcome, field) for outcome in group))
                for field in ("orders", "changes", "faults", "lost", "doubled", "duplicates")
            ),
            f"{min(outcome.regained for outcome in group):.0%}",
            f"{max(outcome.regained_after for outcome in group):.1f} s",
        )
    return shown
