"""Puts fed orders on the `orders` topic."""

from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, KafkaException, Message

from fixengine.demo.errors import DemoError
from fixengine.demo.feed.feed import FedOrder
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.producer.failures import failure
from fixengine.infra.kafka.producer.patient_producer import PatientProducer


class OrderSender:
    """An idempotent producer for one topic; the broker may lack the records in `unacknowledged`."""

    def __init__(self, cluster: Cluster, *, topic: str) -> None:
        self.unacknowledged = 0
        self._topic = topic
        self._reason = ""
        self._patient = PatientProducer(
            {
                **cluster.connection(),
                "enable.idempotence": True,
                "max.in.flight": 1,
                "linger.ms": 5,
            }
        )

    def send(self, order: FedOrder, *, given_up: Callable[[], bool] = lambda: False) -> bool:
        """Queue one record, waiting while the queue is full; say whether it is queued.

        It is not when `given_up` says so meanwhile.
        """
        self.unacknowledged += 1
        try:
            queued = self._patient.send(
                self._topic,
                key=order.key,
                value=order.value,
                headers=order.headers,
                on_delivery=self._delivered,
                given_up=given_up,
            )
        except KafkaException as error:
            self._reason = error.args[0].str()
            if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                self.flush()  # raises: there is no hope for those behind it either
            return True
        if not queued:
            self.unacknowledged -= 1
        return queued

    def flush(self, deadline_seconds: float = 60.0) -> None:
        """Wait until the broker has acknowledged everything; raise DemoError when it has not."""
        self._patient.wait(deadline_seconds)
        if self.unacknowledged:
            reason = self._patient.hopeless or self._reason or "it has not said so"
            raise DemoError(
                f"the broker did not acknowledge {self.unacknowledged} orders: {reason}"
            )

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        failed = failure(error, message)
        if failed is None:
            self.unacknowledged -= 1
        else:
            self._reason = failed.reason


def send_orders(bootstrap: str, topic: str, orders: Iterable[FedOrder]) -> None:
    """Send orders and wait until the broker has them all; raises DemoError."""
    sender = OrderSender(Cluster(brokers=bootstrap, client_id="fixengine-demo"), topic=topic)
    for order in orders:
        sender.send(order)
    sender.flush()
