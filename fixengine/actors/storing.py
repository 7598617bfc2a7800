"""Orders that have everything but their row: stored in groups, as soon as the database is there."""

from collections import deque
from collections.abc import Container
from dataclasses import dataclass, field
from time import monotonic

from loguru import logger

from fixengine.actors.asking import ask
from fixengine.actors.in_hand import InHand, timed
from fixengine.actors.messages import ActorRef, StoreOrders
from fixengine.actors.retries import Retries
from fixengine.errors import RejectedError, UnavailableError


@dataclass(slots=True, kw_only=True)
class Stored:
    """What one try came to: stored items, and those the database refuses, each with the reason."""

    items: list[InHand] = field(default_factory=list)
    refused: list[tuple[InHand, str]] = field(default_factory=list)


class Storing:
    """Groups in their order; while the database is away, `stalled`, tries become rarer."""

    def __init__(self, repository: ActorRef) -> None:
        self._repository = repository
        self._groups: deque[tuple[InHand, ...]] = deque()
        self._retries = Retries(first=0.1, cap=5.0)
        self._next_try = 0.0
        self.stalled = False

    def add(self, items: list[InHand]) -> None:
        """Take items on; each has its ticker."""
        if items:
            self._groups.append(tuple(items))

    def forget(self, partitions: Container[int]) -> None:
        """Drop the items of partitions that are gone."""
        kept = (
            tuple(item for item in group if item.record.partition not in partitions)
            for group in self._groups
        )
        self._groups = deque(group for group in kept if group)
        if not self._groups:
            self._moving()  # nothing waits any more, and nothing else would say so

    def store(self, *, within: float) -> Stored:
        """Store what there is, unless a try failed and the next is not due yet.

        Each group is given `within` seconds.
        """
        stored = Stored()
        if not self._groups or monotonic() < self._next_try:
            return stored
        try:
            while self._groups:
                self._store_first(stored, within)
        except UnavailableError as error:
            self._next_try = monotonic() + self._retries.next_wait()
            if not self.stalled:
                self.stalled = True
                logger.bind(reason=str(error)).warning("storing orders waits")
        else:
            self._moving()
        return stored

    def _moving(self) -> None:
        self._retries.reset()
        self._next_try = 0.0
        if self.stalled:
            self.stalled = False
            logger.info("storing orders goes on")

    def _store_first(self, stored: Stored, within: float) -> None:
        """Store the first group; one that is refused is halved until the culprit is alone."""
        group = self._groups[0]
        message = StoreOrders(orders=tuple(item.storable for item in group))
        try:
            with timed(group):
                ask(self._repository, message, timeout=within)
        except RejectedError as error:
            self._groups.popleft()
            if len(group) == 1:
                stored.refused.append((group[0], str(error)))
            else:
                middle = len(group) // 2
                self._groups.extendleft((group[middle:], group[:middle]))
        else:
            self._groups.popleft()
            stored.items.extend(group)
            logger.opt(lazy=True).debug(
                "orders stored",
                orders=lambda: [item.storable[0].id for item in group],
            )
