"""What goes on in a thread of its own for as long as a test's `with` block lasts."""

from abc import ABC, abstractmethod
from threading import Event, Thread
from types import TracebackType
from typing import Self


class Background(ABC):
    """A context manager; `work` returns soon after `stopping` is set."""

    def __init__(self, name: str) -> None:
        self.stopping = Event()
        self._thread = Thread(target=self.work, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @abstractmethod
    def work(self) -> None:
        """Do it, in the thread."""

    def stop(self) -> None:
        """Let it end, and wait for that; safe to repeat."""
        self.stopping.set()
        self._thread.join()
