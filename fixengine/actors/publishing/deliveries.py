"""Messages on their way to the broker: waiting for a place in the producer, or in flight."""

from collections import deque
from dataclasses import dataclass
from functools import partial
from math import inf
from time import monotonic, sleep
from typing import Generic, TypeVar

from fixengine.errors import UnavailableError, UnsettledError
from fixengine.ports.kafka import Failure, Headers, Sink

Token = TypeVar("Token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing(Generic[Token]):
    """One message, which its sender knows again by its `token`.

    It is not handed to the producer after `until`, a monotonic time.
    """

    token: Token
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    until: float = inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Generic[Token]):
    """What became of messages in one step. One that failed may have arrived all the same.

    `broken` is empty, or says why the producer is gone: all that was under way has failed then.
    """

    tokens: tuple[Token, ...]
    failures: tuple[tuple[Token, Failure], ...]
    broken: str = ""


class Deliveries(Generic[Token]):
    """Keeps the order among messages of one key, as long as none of them fails.

    Of a message in flight only the token is kept: the producer has a copy of the rest. What is
    added while there is no producer waits for the next `open`.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._waiting: deque[Outgoing[Token]] = deque()
        # by the token's identity: the token, and since when it has been in flight
        self._in_flight: dict[int, tuple[Token, float]] = {}
        self.is_open = False
        self._delivered: list[Token] = []
        self._failures: list[tuple[Token, Failure]] = []

    def __len__(self) -> int:
        """Return how many messages are not delivered yet."""
        return len(self._waiting) + len(self._in_flight)

    @property
    def oldest_for(self) -> float:
        """For how many seconds the oldest message has been in flight."""
        return monotonic() - next(iter(self._in_flight.values()))[1] if self._in_flight else 0.0

    def open(self) -> None:
        """Begin, or begin anew."""
        self._sink.open(partial(self._on_delivery, in_flight=self._in_flight))
        self.is_open = True

    def add(self, message: Outgoing[Token]) -> None:
        """Take a message on, and hand it over at once if it is its turn and there is room."""
        self._waiting.append(message)
        self._hand_over()

    def step(self, timeout: float) -> Delivered[Token]:
        """Move on, waiting `timeout` seconds for the first news if anything is under way."""
        broken = ""
        if self.is_open:
            self._hand_over()
            try:
                self._sink.poll(timeout if self._in_flight else 0)
            except UnsettledError as error:
                self._lose(str(error))
                self.open()
            except UnavailableError as error:
                broken = str(error)
                self._break(broken)
        elif self._waiting:
            sleep(timeout)
        news = Delivered(
            tokens=tuple(self._delivered), failures=tuple(self._failures), broken=broken
        )
        self._delivered.clear()
        self._failures.clear()
        return news

    def close(self) -> None:
        """Let go of the producer and of all that is under way. Safe to call twice."""
        self.is_open = False
        self._in_flight = {}
        self._waiting.clear()
        self._sink.close()

    def _lose(self, reason: str) -> None:
        """Let go of the producer, and of what is in flight."""
        lost = (token for token, _ in self._in_flight.values())
        self._failures += [(token, Failure(reason=reason)) for token in lost]
        self._in_flight = {}
        self._sink.close()

    def _break(self, reason: str) -> None:
        self._lose(reason)
        waiting = (message.token for message in self._waiting)
        self._failures += [(token, Failure(reason=reason)) for token in waiting]
        self.close()

    def _hand_over(self) -> None:
        while self._waiting and self.is_open:
            message = self._waiting[0]
            if monotonic() > message.until:
                late = Failure(reason="it waited for too long")
                self._failures.append((self._waiting.popleft().token, late))
                continue
            # the producer may report one that can't be sent at all before `produce` returns
            self._in_flight[id(message.token)] = (message.token, monotonic())
            try:
                self._sink.produce(
                    message.topic,
                    key=message.key,
                    value=message.value,
                    headers=message.headers,
                    token=message.token,
                )
            except UnavailableError:
                del self._in_flight[id(message.token)]
                return  # the producer is full; there is room again after some deliveries
            self._waiting.popleft()

    def _on_delivery(
        self, token: Token, failed: Failure | None, *, in_flight: dict[int, tuple[Token, float]]
    ) -> None:
        if in_flight is not self._in_flight:
            return  # a report of a producer that is gone, from another thread
        del in_flight[id(token)]
        if failed is None:
            self._delivered.append(token)
        else:
            self._failures.append((token, failed))
