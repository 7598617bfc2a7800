"""How far a command has come: as a bar on a terminal, or in lines now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

_LINE_EVERY_SECONDS = 5.0


@contextmanager
def progress(total: int | None, *, title: str, begin: str) -> Iterator[Callable[[int], None]]:
    """Lend a function that shows how many are done.

    The bar has a title; where there is no terminal, lines begin with another.
    """
    if sys.stdout.isatty() and find_spec("rich") is not None:
        from rich.progress import Progress  # noqa: PLC0415 - an extra's package

        with Progress() as bar:
            task = bar.add_task(title, total=total)
            yield lambda done: bar.update(task, completed=done)
        return
    print(begin, flush=True)
    next_line = time.monotonic() + _LINE_EVERY_SECONDS

    def show(done: int) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line:
            next_line += _LINE_EVERY_SECONDS
            print(f"{done} so far", flush=True)

    yield show
