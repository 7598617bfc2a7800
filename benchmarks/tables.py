"""The tables that are printed."""

from collections.abc import Sequence

from rich.table import Table

from benchmarks.comparison import Compared
from benchmarks.figures.figure import Figure
from benchmarks.program import OURS
from benchmarks.scenarios import Result


def of_results(results: Sequence[Result]) -> Table:
    """Return what engine and floor did, and their ratio."""
    table = _table("scenario", "what", "measured", "held against", "ratio", "target", left=2)
    for result in results:
        good = result.ratio >= result.scenario.target
        table.add_row(
            result.name,
            result.scenario.meaning,
            _rate(result.measured, result.measured_rounds),
            _rate(result.by, result.by_rounds),
            _coloured(f"{result.ratio:.2f}", good=good),
            f"≥ {result.scenario.target:g}",
        )
    return table


def of_figures(figures: Sequence[Figure]) -> Table:
    """Return figures with their targets."""
    table = _table("figure", "measured", "target", left=1)
    for figure in figures:
        table.add_row(figure.meaning, _coloured(figure.said, good=figure.good), _target(figure))
    return table


def of_comparison(peer: str, compared: Compared) -> Table:
    """Return the figures of this engine and of its peer beside each other, and what ours is of its.

    Nothing stands for a ratio to nothing.
    """
    table = _table("figure", OURS.name, peer, "ratio", "target", left=1)
    for ours, theirs in zip(compared.ours, compared.peers, strict=True):
        said = (_coloured(each.said, good=each.good) for each in (ours, theirs))
        ratio = f"{ours.value / theirs.value:,.2g}" if theirs.value else ""
        table.add_row(ours.meaning, *said, ratio, _target(ours))
    return table


def _table(*titles: str, left: int) -> Table:
    """Return an empty table whose first columns hold text, and the others numbers."""
    table = Table(box=None, header_style="dim")
    for place, title in enumerate(titles):
        table.add_column(title, justify="left" if place < left else "right")
    return table


def _rate(value: float, rounds: Sequence[float]) -> str:
    return f"{value:,.0f}/s ({min(rounds):,.0f} to {max(rounds):,.0f})"


def _target(figure: Figure) -> str:
    if figure.limit is None:
        return ""
    return f"{'≤' if figure.at_most else '≥'} {figure.limit:g} {figure.unit}"


def _coloured(text: str, *, good: bool) -> str:
    return f"[{'green' if good else 'red'}]{text}[/]"
