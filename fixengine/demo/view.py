"""The demo on the terminal: a live picture, or plain lines where there is no terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fixengine.demo.progress import Progress

_STATUS_STYLES = {"FULL": "green", "PART": "yellow"}
_LINE_EVERY_LOOKS = 4


class View(Protocol):
    """Whatever shows the demo's progress."""

    def show(self, progress: Progress) -> None:
        """Show one look at everything."""


class PlainView:
    """A line every few looks, for logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._looks = 0

    def show(self, progress: Progress) -> None:
        """Print a line when it is time for one."""
        if self._looks % _LINE_EVERY_LOOKS == 0:
            self._console.print(
                f"{progress.sent} orders sent, {progress.waiting} open, {progress.partly} partly "
                f"filled, {progress.full} full, {progress.fills_per_second:.0f} fills/s",
                highlight=False,
            )
        self._looks += 1


class LiveView:
    """A picture that is drawn anew in place."""

    def __init__(self, live: Live, rest_address: str) -> None:
        self._live = live
        self._rest_address = rest_address

    def show(self, progress: Progress) -> None:
        """Draw the picture."""
        self._live.update(picture(progress, self._rest_address), refresh=True)


@contextmanager
def opened_view(console: Console, rest_address: str) -> Iterator[View]:
    """Give the view that fits the console."""
    if not console.is_terminal:
        console.print(f"REST at {rest_address}", highlight=False)
        yield PlainView(console)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        yield LiveView(live, rest_address)


def picture(progress: Progress, rest_address: str) -> RenderableType:
    """Return the whole picture."""
    link = Text(rest_address, style=f"cyan link {rest_address}")
    return Group(
        Panel(_counts(progress), title="fixengine demo"),
        Panel(_latest(progress.latest), title="latest fills"),
        *(Panel(_actors(state), title=f"actors of {name}") for name, state in progress.engines),
        Text.assemble("REST ", link, "   Ctrl-C stops everything"),
    )


def _counts(progress: Progress) -> Table:
    table = Table.grid(expand=True)
    numbers = (
        ("orders in", f"{progress.sent}"),
        ("open", f"{progress.waiting}"),
        ("partly filled", f"{progress.partly}"),
        ("full", f"{progress.full}"),
        ("fills", f"{progress.fills}"),
        ("fills/s", f"{progress.fills_per_second:.1f}"),
        ("to publish", f"{progress.unpublished}"),
    )
    for _ in numbers:
        table.add_column(justify="center", ratio=1)
    table.add_row(*(Text(number, style="bold") for _, number in numbers))
    table.add_row(*(Text(name, style="dim") for name, _ in numbers))
    return table


def _latest(executions: tuple[dict[str, Any], ...]) -> Table:
    columns = {
        "id": "id",
        "type": "tradeType",
        "ticker": "ticker",
        "ordered": "quantity",
        "filled": "quantityFilled",
        "average": "averagePrice",
        "limit": "limitPrice",
    }
    table = Table(box=None, expand=True, header_style="dim")
    for title in (*columns, "status"):
        table.add_column(title, justify="left" if title in {"type", "ticker"} else "right")
    for execution in executions:
        status = str(execution.get("executionStatus", ""))
        table.add_row(
            *(str(execution.get(name, "")) for name in columns.values()),
            Text(status, style=_STATUS_STYLES.get(status, "")),
        )
    return table


def _actors(state: dict[str, Any]) -> Table:
    table = Table(box=None, expand=True, header_style="dim")
    for name in ("actor", "state", "restarts", "mailbox"):
        table.add_column(name, justify="left" if name in {"actor", "state"} else "right")
    actors = state.get("actors") or []
    for place, actor in enumerate(actors, 1):
        branch = "└─" if place == len(actors) else "├─"
        running = actor.get("state") == "running"
        restarts = actor.get("restarts", 0)
        table.add_row(
            f"{branch} {actor.get('name', '?')}",
            Text(str(actor.get("state", "?")), style="green" if running else "red"),
            Text(str(restarts), style="yellow" if restarts else ""),
            str(actor.get("mailbox", "")),
        )
    if not actors:
        table.add_row("no answer", "", "", "")
    return table
