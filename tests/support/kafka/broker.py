"""A broker that actors under test send to, and that does what it is told to."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from threading import Event
from time import sleep

from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Failure, Headers, Report, TopicNews


@dataclass(slots=True)
class Broker:
    """Gives `answer` to each message, one a poll, and to no more than it `lets`.

    `refused` are topics that can't be created; without any topics it does not even answer, and
    where it is `slow` only every other time. There is `room` for so many. A poll raises `error`,
    and does not return as long as `holds` is set.
    """

    answer: Callable[[bytes | None], Failure | None] = field(default=lambda _: None)
    lets: float = inf
    room: float = inf
    refused: Mapping[str, str] | None = field(default_factory=dict)
    far: str = ""
    slow: bool = False
    error: UnavailableError | None = None
    holds: Event = field(default_factory=Event)
    held: Event = field(default_factory=Event)
    opened: int = 0
    closed: int = 0
    looks: int = 0
    waiting: deque[tuple[object, bytes | None, Headers]] = field(default_factory=deque)
    there: list[tuple[bytes | None, Headers]] = field(default_factory=list)
    report: Report = field(init=False)

    def open(self, report: Report) -> None:
        self.report = report
        self.opened += 1

    def ensure_topics(self, timeout: float) -> TopicNews:
        self.looks += 1
        if self.refused is None or (self.slow and self.looks % 2):
            raise UnavailableError("the broker does not answer")
        return TopicNews(refused=self.refused)

    def unreached(self) -> str:
        return self.far

    def produce(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        token: object,
    ) -> None:
        if len(self.waiting) >= self.room:
            raise UnavailableError("full")
        self.waiting.append((token, value, headers))

    def poll(self, timeout: float) -> None:
        while self.holds.is_set():
            self.held.set()
            sleep(0.001)
        if self.error is not None:
            raise self.error
        if not self.waiting or self.lets < 1:
            sleep(min(timeout, 0.001))
            return
        self.lets -= 1
        token, value, headers = self.waiting.popleft()
        failure = self.answer(value)
        if failure is None:
            self.there.append((value, headers))
        self.report(token, failure)

    def close(self) -> None:
        self.closed += 1
        self.waiting.clear()
