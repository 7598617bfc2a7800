"""The watch over the outbox: fills that nobody tells of, sent unless the topic has them."""

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic

from loguru import logger

from fixengine.actors.publishing.outbox import PAGE, OutboxClient, paced
from fixengine.actors.publishing.pending import PendingFills, key_of
from fixengine.actors.publishing.tail_check import TailCheck
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Tail
from fixengine.ports.stores import OutboxPage
from fixengine.rules.pace import Pace
from fixengine.rules.take_over_times import LEASE, SETTLE, UNTOLD_AFTER
from fixengine.rules.values import Fill
from fixengine.telemetry.outage import Outage

_ENOUGH_PENDING = 10_000
"""Fills on their way at which no more are looked for."""


class OutboxWatch:
    """Finds fills page by page, and checks each page against the topic before it goes on.

    It does nothing while messages of a publisher before it may still arrive.
    """

    def __init__(
        self,
        *,
        outbox: OutboxClient,
        tail: Tail,
        pending: PendingFills,
        send: Callable[[Iterable[Fill], float], None],
        settled: Callable[[], bool],
        silent_for: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the parts; the topic may bring nothing for `silent_for` seconds before its end.

        `send` gets fills with the monotonic time after which they are not to be sent. `settled`
        says whether publishers before this one, which had the same outbox, have nothing under way.
        """
        self._outbox = outbox
        self._tail = tail
        self._pending = pending
        self._send = send
        self._others = _Others(settled, clock)
        self._silent_for = silent_for
        self._clock = clock
        self._check: TailCheck | None = None
        self._pace = Pace(clock)
        self._outage = Outage(
            "fills wait for a look at the end of their topic",
            "the end of the fills topic can be read again",
        )

    @property
    def blind(self) -> str:
        """Why fills wait for a look at their topic; empty if they don't."""
        return self._outage.said

    @property
    def checking(self) -> bool:
        """Whether `step` has something to do."""
        return self._check is not None

    def look(self, *, empty: bool) -> None:
        """Scan for fills that nobody tells of, as often as it is worth. Raises UnavailableError.

        Nothing is asked where the outbox is known to be `empty` of this engine's fills.
        """
        if empty:
            if self._may_scan():
                self._outage.end()  # nothing waits for the look any more
        elif self._pace.due:
            paced(self._pace, partial(self.scan, older_than=UNTOLD_AFTER))

    def scan(self, *, older_than: float) -> float:
        """Look for fills stored at least `older_than` seconds ago, unless a check is under way.

        Returns the seconds that the look took the database. Raises UnavailableError.
        """
        return self._scan(0, older_than) if self._may_scan() else 0.0

    def step(self, timeout: float) -> None:
        """Go on with the check, waiting up to `timeout` seconds for what there is to read."""
        check = self._check
        if check is None:
            return
        try:
            if not check.step(timeout):
                return
            began = self._clock()
            page = self._outbox.page(after=check.after, older_than=check.older_than)
        except UnavailableError as error:
            self._abort(check, str(error))
            return
        self._conclude(check, page, until=began + LEASE)
        try:
            paced(self._pace, partial(self._scan_on, page, check.older_than))
        except UnavailableError as error:  # the page's fills are on their way whatever comes of it
            logger.bind(reason=str(error)).debug("the outbox is scanned from its beginning later")

    def close(self) -> None:
        """Leave a check that is under way. Safe to call twice."""
        if self._check is not None:
            self._check.close()

    def _may_scan(self) -> bool:
        crowded = len(self._pending) >= _ENOUGH_PENDING
        return self._others.have_settled() and not self.checking and not crowded

    def _scan(self, after: int, older_than: float) -> float:
        """Begin to check the first page from above `after` that has anything to check."""
        took = 0.0
        while True:
            page = self._outbox.page(after=after, older_than=older_than)
            took += page.seconds
            fills = self._pending.found(page.fills)
            if fills:
                self._begin(page, fills, after, older_than)
                return took
            if len(page.fills) < PAGE:
                self._outage.end()  # if it was on, nothing waits for the look any more
                return took
            after = page.fills[-1].execution.id

    def _scan_on(self, page: OutboxPage, older_than: float) -> float:
        """Scan behind a page that was checked; return what both took."""
        if len(page.fills) < PAGE:
            return page.seconds
        return page.seconds + self._scan(page.fills[-1].execution.id, older_than)

    def _begin(self, page: OutboxPage, fills: list[Fill], after: int, older_than: float) -> None:
        try:
            self._check = TailCheck(
                self._tail,
                page,
                fills,
                after=after,
                older_than=older_than,
                opens_within=self._outbox.within,
                silent_for=self._silent_for,
                clock=self._clock,
            )
        except UnavailableError as error:
            self._pending.give_up(map(key_of, fills))
            self._outage.begin(str(error))

    def _conclude(self, check: TailCheck, page: OutboxPage, *, until: float) -> None:
        """Have those marked that arrived, and those sent that did not and still are ours."""
        self._outage.end()
        self._check = None
        check.close()
        self._pending.arrived(check.arrived)
        ours = {key: fill for fill in page.fills if (key := key_of(fill)) in check.missing}
        self._pending.give_up(check.missing.keys() - ours.keys())
        self._pending.missed(ours)
        self._send(ours.values(), until)

    def _abort(self, check: TailCheck, reason: str) -> None:
        self._check = None
        check.close()
        self._pending.give_up((*check.missing, *check.arrived))
        self._outage.begin(reason)


class _Others:
    """The publishers before this one: when nothing that they sent can arrive any more."""

    def __init__(self, done: Callable[[], bool], clock: Callable[[], float]) -> None:
        """Take what says whether they have nothing under way."""
        self._done = done
        self._clock = clock
        self._settled_at = clock() + SETTLE

    def have_settled(self) -> bool:
        """Say whether they have been done for SETTLE seconds, as far as was asked."""
        if not self._done():
            self._settled_at = self._clock() + SETTLE
        return self._clock() >= self._settled_at
