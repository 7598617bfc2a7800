"""A steady stream of orders, sent by a thread of its own while something else happens."""

import time
from collections.abc import Iterator
from types import TracebackType

from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.feed.sending import OrderSender
from fixengine.infra.kafka.cluster import Cluster
from tests.support.background import Background

_STEP_SECONDS = 0.05


class SteadyFeed(Background):
    """A context manager that sends `rate` orders a second until it is left.

    When it has been left without an exception, the broker has everything in `sent`; else
    DemoError is raised. Missed time, as in an outage of the broker, is made up for.
    """

    def __init__(
        self, orders: Iterator[FedOrder], *, bootstrap: str, topic: str, rate: float
    ) -> None:
        super().__init__("steady-feed")
        self.sent: list[FedOrder] = []
        self._orders = orders
        self._rate = rate
        self._sender = OrderSender(Cluster(brokers=bootstrap, client_id="steady-feed"), topic=topic)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        if error is None:
            self._sender.flush()

    def work(self) -> None:
        began = time.monotonic()
        while not self.stopping.wait(_STEP_SECONDS):
            due = int((time.monotonic() - began) * self._rate) - len(self.sent)
            for _ in range(due):
                order = next(self._orders, None)
                if order is None:
                    return
                self._sender.send(order)
                self.sent.append(order)
