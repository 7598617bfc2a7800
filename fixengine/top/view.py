"""Engines on the terminal: a live picture, or plain lines where there is no terminal."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fixengine.top.looks import Seen

_STATUS_STYLES = {"FULL": "green", "PART": "yellow", "CNCLD": "magenta", "CPART": "bright_magenta"}
_LINE_EVERY_LOOKS = 4


class View(Protocol):
    """Whatever shows looks."""

    def show(self, look: Seen) -> None:
        """Show one look at everything."""


class PlainView:
    """A line every few looks, for logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._looks = 0

    def show(self, look: Seen) -> None:
        """Print a line when it is time for one."""
        if self._looks % _LINE_EVERY_LOOKS == 0:
            said = ", ".join(f"{number} {name}" for name, number in _numbers(look))
            self._console.print(said, highlight=False, soft_wrap=True)
        self._looks += 1


class LiveView:
    """A picture that is drawn anew in place."""

    def __init__(self, live: Live, title: str, rest_address: str) -> None:
        self._live = live
        self._title = title
        self._rest_address = rest_address

    def show(self, look: Seen) -> None:
        """Draw the picture."""
        self._live.update(picture(look, self._title, self._rest_address), refresh=True)


@contextmanager
def opened_view(console: Console, *, title: str, rest_address: str) -> Iterator[View]:
    """Give the view that fits the console."""
    if not console.is_terminal:
        console.print(f"REST at {rest_address}", highlight=False)
        yield PlainView(console)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        yield LiveView(live, title, rest_address)


def picture(look: Seen, title: str, rest_address: str) -> RenderableType:
    """Return the whole picture."""
    link = Text(rest_address, style=f"cyan link {rest_address}")
    return Group(
        Panel(_counts(look), title=title),
        Panel(_latest(look.latest), title="latest fills"),
        *(Panel(_actors(state), title=_named(name, state)) for name, state in look.engines),
        Text.assemble("REST ", link, "   Ctrl-C ends"),
    )


def _named(name: str, state: Mapping[str, Any]) -> Text:
    if not state or state.get("ready"):
        return Text(f"actors of {name}")
    parts = state.get("parts", {})
    down = [part for part, how in parts.items() if not how.get("up", True)]
    return Text(f"{name} is not ready: {', '.join(down) or 'an actor'}", style="red")


def _numbers(look: Seen) -> tuple[tuple[str, str], ...]:
    def known(number: float | None) -> str:
        return "?" if number is None else f"{number:.0f}"

    return (
        ("waiting on the topic", known(look.lag)),
        ("executions", f"{look.executions}"),
        ("open", f"{look.counts.get('WORK', 0)}"),
        ("partly filled", f"{look.counts.get('PART', 0)}"),
        ("full", f"{look.counts.get('FULL', 0)}"),
        ("cancelled", f"{look.counts.get('CNCLD', 0)}"),
        ("cut short", f"{look.counts.get('CPART', 0)}"),
        ("fills/s", known(look.fills_per_second)),
        ("due", known(look.due)),
        ("to publish", known(look.unpublished)),
    )


def _counts(look: Seen) -> Table:
    table = Table.grid(expand=True)
    numbers = _numbers(look)
    for _ in numbers:
        table.add_column(justify="center", ratio=1)
    table.add_row(*(Text(number, style="bold") for _, number in numbers))
    table.add_row(*(Text(name, style="dim") for name, _ in numbers))
    return table


def _latest(executions: tuple[Mapping[str, Any], ...]) -> Table:
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


def _actors(state: Mapping[str, Any]) -> Table:
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
