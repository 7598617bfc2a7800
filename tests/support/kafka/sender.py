"""Orders to partitions of a test's choice, compressed or not."""

from itertools import islice

from confluent_kafka import Producer

from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.ports.kafka import Headers
from tests.support.engines import Surroundings

_MB = 1_000_000


class Sender:
    """Sends orders, and keeps those that were `sent`."""

    def __init__(self, around: Surroundings) -> None:
        self._topic = around.topics.orders
        self._bootstrap = around.broker.bootstrap
        self.sent: list[FedOrder] = []

    def send(
        self,
        value: bytes,
        *,
        partition: int,
        key: bytes | None = b"k",
        headers: Headers = (),
        codec: str = "none",
    ) -> None:
        self._send(partition, key, value, headers, codec)
        self.sent.append(
            FedOrder(key=key, value=value, headers=headers, kind="a test", expected=None)
        )

    def good(self, number: int, *, first_id: int, partition: int) -> None:
        for order in islice(orders(seed=1, first_id=first_id), number):
            assert order.value is not None
            self._send(partition, order.key, order.value, order.headers, "none")
            self.sent.append(order)

    def flood(self, number: int, *, partition: int) -> None:
        """Send so many small bad orders."""
        producer = Producer({"bootstrap.servers": self._bootstrap, "linger.ms": 50})
        for each in range(number):
            value = b"{%d" % each
            producer.produce(self._topic, key=b"k", value=value, partition=partition)
            self.sent.append(
                FedOrder(key=b"k", value=value, headers=(), kind="a test", expected=None)
            )
        assert producer.flush(60) == 0

    def _send(
        self, partition: int, key: bytes | None, value: bytes, headers: Headers, codec: str
    ) -> None:
        producer = Producer(
            {
                "bootstrap.servers": self._bootstrap,
                "compression.type": codec,
                "message.max.bytes": 100 * _MB,
            }
        )
        failures: list[object] = []
        producer.produce(
            self._topic,
            key=key,
            value=value,
            partition=partition,
            headers=list(headers),
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
        assert producer.flush(60) == 0
        assert failures == []
