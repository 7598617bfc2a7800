"""The producers of one engine: which of them work, and that none does when its lease is over."""

from contextlib import ExitStack
from threading import Event, Lock, Thread

from confluent_kafka import KafkaException, Producer

from fixengine.infra.lease import Lease
from fixengine.rules.take_over_times import STOP
from fixengine.supervision.duty import Duty

LOOK_EVERY = 0.5
"""Seconds between looks at the lease."""

# a lease that is over is seen, and its producers are stopped, in the time that others wait for it
assert 2 * LOOK_EVERY < STOP


class Producers:
    """Stops what the producers have under way when the lease ends, in a thread of its own.

    Whoever uses a producer may be busy at that time. When an actor is started anew, the producer
    that it leaves goes on until it has done with its messages: nobody can call them back.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        lease.when_it_begins(self._purge)
        self._lock = Lock()
        self._used: list[Producer] = []
        self._left: list[Producer] = []
        self._ending = Event()
        self._thread = Thread(target=self._watch, name="producers", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self, within: float) -> None:
        """Stop what they have under way, and watch no more, within so many seconds.

        Safe before the start, and twice.
        """
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(within)
        self._purge()
        with self._lock:
            self._left.clear()

    def use(self, producer: Producer) -> None:
        """Watch a producer, until it is left."""
        with self._lock:
            self._used.append(producer)

    def leave(self, producer: Producer) -> None:
        """Let a producer do with its messages what it can; nobody hears of them any more."""
        with self._lock:
            self._used.remove(producer)
            self._left.append(producer)

    def settled(self) -> bool:
        """Whether all that were left have done with their messages."""
        with self._lock:
            return not self._left

    def _watch(self) -> None:
        duty = Duty("to stop producers when the lease is over")
        while not self._ending.wait(LOOK_EVERY):
            if self._lease.over:
                duty.done(self._purge)
            duty.done(self._serve_left)

    def _purge(self) -> None:
        """Stop them all; one that can't be stopped keeps no other from it."""
        with self._lock:
            producers = (*self._used, *self._left)
        with ExitStack() as purges:
            for producer in producers:
                purges.callback(producer.purge, blocking=False)

    def _serve_left(self) -> None:
        with self._lock:
            left = tuple(self._left)
        with ExitStack() as polls:
            for producer in left:
                polls.callback(_serve, producer)
        with self._lock:
            self._left = [producer for producer in self._left if len(producer)]


def _serve(producer: Producer) -> None:
    try:
        producer.poll(0)
    except KafkaException:  # it can't go on, and would keep its messages for ever
        producer.purge(blocking=False)
