"""The watch over the outbox: fills that nobody tells of, and those of engines that are gone."""

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic

from loguru import logger

from fixengine.actors.messages import GetUnpublished, TakeOverOutbox
from fixengine.actors.publishing.pending import PendingFills, key_of
from fixengine.actors.publishing.tail_check import TailCheck
from fixengine.errors import SlowQueryError, UnavailableError
from fixengine.ports.kafka import Tail
from fixengine.ports.stores import OutboxPage
from fixengine.recurring import Recurring
from fixengine.rules.leases import LEASE, SETTLE, TAKE_OVER_AFTER, UNTOLD_AFTER
from fixengine.rules.pace import Pace
from fixengine.rules.values import Fill
from fixengine.supervision.refs import ActorRef, ask
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.outage import Outage

_PAGE = 2_000
_ENOUGH_PENDING = 10_000


class OutboxWatch:
    """Finds fills that are not on their way, and has those sent that the topic does not have.

    `send` gets them with the monotonic time after which they are not to be sent.
    """

    def __init__(
        self,
        *,
        repository: ActorRef,
        tail: Tail,
        pending: PendingFills,
        metrics: EngineMetrics,
        send: Callable[[Iterable[Fill], float], None],
        patience: float,
        settled: Callable[[], bool],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the parts; `patience` is how many seconds the repository has for a reply.

        Nothing is looked for as long as it is not `settled` what became of the messages of a
        publisher before this one, which had the same outbox, nor SETTLE seconds after.
        """
        self.patience = patience
        self._repository = repository
        self._tail = tail
        self._pending = pending
        self._metrics = metrics
        self._send = send
        self._clock = clock
        self._settled = settled
        self._settled_at = clock() + SETTLE
        self._older_than = 0.0
        self._check: TailCheck | None = None
        self._gone_since: dict[int, float] = {}
        self._taking_over = Pace(clock)
        self._scanning = Pace(clock)
        self._blind = ""
        self._taken_over = Recurring("INFO", "fills of engines that are gone taken over")
        self._outage = Outage(
            "fills wait for a look at the end of their topic",
            "the end of the fills topic can be read again",
        )

    @property
    def blind(self) -> str:
        """Why fills wait for a look at their topic; empty when none does."""
        return self._blind

    @property
    def checking(self) -> bool:
        """Whether `step` has something to do."""
        return self._check is not None

    def look(self) -> None:
        """Take over, and scan for fills that nobody told of, each as often as it is worth.

        Raises UnavailableError.
        """
        self._paced(self._taking_over, self.take_over)
        self._paced(self._scanning, partial(self.scan, older_than=UNTOLD_AFTER))

    def _paced(self, pace: Pace, look: Callable[[], float]) -> None:
        if pace.due:
            self._take(pace, look)

    def _take(self, pace: Pace, look: Callable[[], float]) -> None:
        try:
            pace.took(look())
        except SlowQueryError as error:
            pace.gave_up()
            logger.bind(reason=str(error)).debug("the outbox is looked into more rarely")

    def take_over(self) -> float:
        """Adopt fills of engines that have been gone for TAKE_OVER_AFTER.

        But not during a check: what it found out about a fill would be stale if that had been
        another engine's meanwhile. Returns the seconds that the look took the database. Raises
        UnavailableError.
        """
        now = self._clock()
        suspects = frozenset(
            owner
            for owner, since in self._gone_since.items()
            if now - since >= TAKE_OVER_AFTER and not self.checking
        )
        look = ask(self._repository, TakeOverOutbox(suspects=suspects), timeout=self.patience)
        now = self._clock()
        self._gone_since = {
            owner: self._gone_since.get(owner, now) for owner in look.gone - suspects
        }
        if look.fills:
            self._metrics.taken_over.inc(look.fills)
            self._taken_over.happened(look.fills)
        return look.seconds

    def scan(self, *, older_than: float) -> float:
        """Look for fills stored at least `older_than` seconds ago, unless a check is under way.

        Returns the seconds that the look took the database. Raises UnavailableError.
        """
        if not self._settled():
            self._settled_at = self._clock() + SETTLE
        settled = self._clock() >= self._settled_at
        if not settled or self.checking or len(self._pending) >= _ENOUGH_PENDING:
            return 0.0
        self._older_than = older_than
        return self._scan(after=0)

    def step(self, timeout: float) -> None:
        """Go on with the check, waiting up to `timeout` seconds for what there is to read."""
        check = self._check
        if check is None:
            return
        try:
            if not check.step(timeout):
                return
            began = self._clock()
            page = self._page(check.after)
        except UnavailableError as error:
            self._abort(check, str(error))
            return
        self._conclude(check, page, until=began + LEASE)
        try:
            self._take(self._scanning, partial(self._scan_on, page))
        except UnavailableError as error:  # the page's fills are on their way whatever comes of it
            logger.bind(reason=str(error)).debug("the outbox is scanned from its beginning later")

    def close(self) -> None:
        """Leave a check that is under way. Safe to call twice."""
        if self._check is not None:
            self._check.close()

    def _scan(self, after: int) -> float:
        """Begin to check the first page from above `after` that has anything to check."""
        took = 0.0
        while True:
            page = self._page(after)
            took += page.seconds
            fills = self._pending.found(page.fills)
            if fills:
                self._begin(page, fills, after)
                return took
            if len(page.fills) < _PAGE:
                self._sees()  # or nothing waits for it any more
                return took
            after = page.fills[-1].execution.id

    def _scan_on(self, page: OutboxPage) -> float:
        """Scan behind a page that was checked; return what both took."""
        if len(page.fills) < _PAGE:
            return page.seconds
        return page.seconds + self._scan(page.fills[-1].execution.id)

    def _begin(self, page: OutboxPage, fills: list[Fill], after: int) -> None:
        try:
            self._check = TailCheck(
                self._tail, page, fills, after=after, patience=self.patience, clock=self._clock
            )
        except UnavailableError as error:
            self._pending.give_up(map(key_of, fills))
            self._cannot_see(str(error))

    def _conclude(self, check: TailCheck, page: OutboxPage, *, until: float) -> None:
        """Have those marked that arrived, and those sent that did not and still are ours."""
        self._sees()
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
        self._cannot_see(reason)

    def _page(self, after: int) -> OutboxPage:
        query = GetUnpublished(after=after, limit=_PAGE, older_than=self._older_than)
        return ask(self._repository, query, timeout=self.patience)

    def _cannot_see(self, reason: str) -> None:
        self._outage.begin(reason)
        self._blind = f"fills wait for a look at the end of their topic: {reason}"

    def _sees(self) -> None:
        self._blind = ""
        self._outage.end()
