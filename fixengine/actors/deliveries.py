"""Messages on their way to the broker: waiting for a place in the producer, or in flight."""

from collections import deque
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Generic, TypeVar

from fixengine.errors import UnavailableError
from fixengine.ports import Failure, Headers, Sink

Token = TypeVar("Token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing(Generic[Token]):
    """One message; `token` says to its sender what it was.

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
    """What one step came to. A failure is a token and how; it may have arrived all the same."""

    tokens: tuple[Token, ...]
    failures: tuple[tuple[Token, Failure], ...]


class Deliveries(Generic[Token]):
    """Order is kept among messages of one key, as long as none of them fails.

    Of a message in flight only the token is kept: the producer has a copy of the rest.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._waiting: deque[Outgoing[Token]] = deque()
        self._in_flight: dict[int, float] = {}  # since when, by the token's identity
        self._delivered: list[Token] = []
        self._failures: list[tuple[Token, Failure]] = []

    def __len__(self) -> int:
        """Return how many messages are not delivered yet."""
        return len(self._waiting) + len(self._in_flight)

    @property
    def oldest_for(self) -> float:
        """Seconds for which the first of those in flight has been."""
        return monotonic() - next(iter(self._in_flight.values())) if self._in_flight else 0.0

    def open(self) -> None:
        """Begin; nothing can be added before."""
        self._sink.open(self._on_delivery)

    def add(self, message: Outgoing[Token]) -> None:
        """Take a message on, and hand it over at once if it is its turn and there is room."""
        self._waiting.append(message)
        self._hand_over()

    def step(self, timeout: float) -> Delivered[Token]:
        """Move on, waiting `timeout` seconds for the first news if anything is in flight."""
        self._hand_over()
        self._sink.poll(timeout if self._in_flight else 0)
        news = Delivered(tokens=tuple(self._delivered), failures=tuple(self._failures))
        self._delivered.clear()
        self._failures.clear()
        return news

    def _hand_over(self) -> None:
        while self._waiting:
            message = self._waiting[0]
            if monotonic() > message.until:
                late = Failure(reason="it waited for too long")
                self._failures.append((self._waiting.popleft().token, late))
                continue
            # what can't be sent at all is reported at once
            self._in_flight[id(message.token)] = monotonic()
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

    def _on_delivery(self, token: Token, failed: Failure | None) -> None:
        del self._in_flight[id(token)]
        if failed is None:
            self._delivered.append(token)
        else:
            self._failures.append((token, failed))
