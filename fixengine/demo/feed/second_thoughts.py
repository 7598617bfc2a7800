"""A share of the orders is cancelled or changed while they are filled, as customers do."""

import heapq
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event

from fixengine.cancelling.rest import Execution, OperatorRest, Outcome
from fixengine.demo.feed.feed import FedOrder
from fixengine.errors import UnavailableError

_STEP_SECONDS = 0.05
_AGAIN_SECONDS = 0.2
_KEY = "second-thought"
_EARLIER = 4  # most orders are filled soon: this power of a draw makes early changes likely


class SecondThoughts:
    """Draws which orders are changed, how and when, and has it done in a thread of its own.

    `cancelled`, `replaced` and `late` count what came of it.
    """

    def __init__(
        self, engines: Sequence[OperatorRest], *, percent: float, seed: int, within: float
    ) -> None:
        """Take how many of the orders are changed, `within` seconds at the latest."""
        self.cancelled = self.replaced = self.late = 0
        self._engines = engines
        self._share = percent / 100
        self._within = within
        self._rng = random.Random(f"{seed}:second thoughts")
        self._due: list[tuple[float, int]] = []
        self._terms: dict[int, Mapping[str, object]] = {}
        self._given: list[tuple[float, int]] = []
        self._over = Event()
        self._threads = ThreadPoolExecutor(1)
        self._working = self._threads.submit(self._work)

    def about(self, order: FedOrder) -> None:
        """Have an order changed, or not, as it is drawn."""
        if order.expected is not None and self._rng.random() < self._share:
            delay = self._within * self._rng.random() ** _EARLIER
            self._given.append((time.monotonic() + delay, order.expected.execution_service_id))

    @property
    def nothing_left(self) -> bool:
        """Whether all that was drawn is done; raises what ended the thread."""
        if self._working.done():
            self._working.result()
        return not self._given and not self._due

    def summary(self) -> str:
        """Return one line."""
        return (
            f"{self.cancelled} orders cancelled and {self.replaced} changed by request, "
            f"{self.late} requests came too late"
        )

    def close(self) -> None:
        """End the thread; safe to repeat."""
        self._over.set()
        self._threads.shutdown()
        for each in self._engines:
            each.close()

    def _work(self) -> None:
        while not self._over.wait(_STEP_SECONDS):
            while self._given:
                heapq.heappush(self._due, self._given[0])
                del self._given[0]  # only now, or there would seem to be nothing left
            while self._due and self._due[0][0] <= time.monotonic() and not self._over.is_set():
                _, order_id = self._due[0]
                if self._is_done(order_id):
                    heapq.heappop(self._due)
                else:
                    heapq.heapreplace(self._due, (time.monotonic() + _AGAIN_SECONDS, order_id))

    def _is_done(self, order_id: int) -> bool:
        """Ask for a change; say whether it is done, or refused. It is not while nobody knows."""
        draws = random.Random(f"{self._share}:{order_id}")
        engine = draws.choice(self._engines)
        try:
            found = [*engine.executions([("executionServiceId", str(order_id))])]
        except UnavailableError:
            return False
        if not found:
            return False  # no engine has stored it yet
        execution_id, cancels = found[0].id, draws.random() < 0.5
        if cancels:
            answer = engine.cancel(execution_id, key=_KEY)
        else:
            # who asks again asks for the same, whatever has become of the execution meanwhile
            terms = self._terms.setdefault(order_id, _terms(found[0], draws))
            answer = engine.replace(execution_id, terms, key=_KEY)
        match answer.outcome:
            case Outcome.UNKNOWN:
                return False
            case Outcome.REFUSED:
                self.late += 1
            case Outcome.DONE if cancels:
                self.cancelled += 1
            case _:
                self.replaced += 1
        return True


def _terms(execution: Execution, draws: random.Random) -> Mapping[str, object]:
    ordered = execution.quantity
    return draws.choice(
        (
            {"quantity": ordered * 2},
            {"quantity": max(execution.quantity_filled, ordered // 2, Decimal(1))},
            {"limitPrice": None},
        )
    )
