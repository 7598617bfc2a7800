"""Puts fed orders on the `orders` topic."""

import logging
from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaError, Message, Producer

from fixengine.demo.errors import DemoError
from fixengine.demo.feed import FedOrder
from fixengine.infra.kafka_sink import failure

_QUEUE_IS_FULL_WAIT_SECONDS = 1.0


class OrderSender:
    """An idempotent producer for one topic. `failed` counts records that were not acknowledged."""

    def __init__(
        self,
        *,
        bootstrap: str,
        topic: str,
        client_config: Mapping[str, str | int | float | bool] | None = None,
    ) -> None:
        self.failed = 0
        self._topic = topic
        self._producer = Producer(
            {
                **(client_config or {}),
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "max.in.flight": 1,
                "linger.ms": 5,
                "logger": logging.getLogger("librdkafka"),
            }
        )

    def send(self, order: FedOrder) -> None:
        """Queue one record, waiting while the queue is full."""
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    key=order.key,
                    value=order.value,
                    headers=[*order.headers],
                    on_delivery=self._delivered,
                )
            except BufferError:
                self._producer.poll(_QUEUE_IS_FULL_WAIT_SECONDS)
            else:
                self._producer.poll(0)
                return

    def flush(self, deadline_seconds: float = 60.0) -> None:
        """Wait until the broker has acknowledged everything; raise DemoError when it has not."""
        left = self._producer.flush(deadline_seconds) + self.failed
        if left:
            raise DemoError(f"the broker did not acknowledge {left} orders")

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        self.failed += failure(error, message) is not None


def send_orders(bootstrap: str, topic: str, orders: Iterable[FedOrder]) -> None:
    """Send orders and wait until the broker has them all; raises DemoError."""
    sender = OrderSender(bootstrap=bootstrap, topic=topic)
    for order in orders:
        sender.send(order)
    sender.flush()
