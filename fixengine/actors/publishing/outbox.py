"""The outbox as a publisher sees it: questions to the repository, each with a deadline."""

from collections.abc import Callable

from loguru import logger

from fixengine.actors.messages import GetUnpublished, MarkPublished, TakeOverOutbox
from fixengine.actors.publishing.pending import Key
from fixengine.errors import SlowQueryError
from fixengine.ports.stores import OutboxPage, TakeOver
from fixengine.rules.pace import Pace
from fixengine.supervision.refs import ActorRef, ask

PAGE = 2_000
"""Fills in a page of the outbox, but for its last."""


class OutboxClient:
    """Each question raises UnavailableError without a reply in `within` seconds."""

    def __init__(self, repository: ActorRef, *, within: float) -> None:
        self.within = within
        self._repository = repository

    def take_over(self, suspects: frozenset[int]) -> TakeOver:
        """Adopt what those of the suspects left that are still gone."""
        return ask(self._repository, TakeOverOutbox(suspects=suspects), timeout=self.within)

    def page(self, *, after: int, older_than: float) -> OutboxPage:
        """Return this engine's fills above an execution id that were stored so long ago."""
        query = GetUnpublished(after=after, limit=PAGE, older_than=older_than)
        return ask(self._repository, query, timeout=self.within)

    def mark(self, fills: tuple[Key, ...]) -> int:
        """Take published fills out; return how many of them were this engine's."""
        return ask(self._repository, MarkPublished(fills=fills), timeout=self.within)


def paced(pace: Pace, look: Callable[[], float]) -> None:
    """Take a look that returns the database's seconds: the more it costs, the rarer it gets."""
    try:
        pace.took(look())
    except SlowQueryError as error:
        pace.gave_up()
        logger.bind(reason=str(error)).debug("the outbox is looked into more rarely")
