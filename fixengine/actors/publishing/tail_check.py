"""Whether fills that were found in the outbox have reached the topic before."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from time import monotonic

from fixengine.actors.publishing.pending import Key, key_of
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Tail
from fixengine.ports.stores import OutboxPage
from fixengine.rules.take_over_times import CLOCK_SKEW
from fixengine.rules.values import Fill
from fixengine.wire.executions import decode_fill_key

_OPENS_WITHIN = 2.0
"""Seconds for each of the two questions that begin a look, at the most."""


class TailCheck:
    """Reads, step by step, what has come to the topic since the oldest of some fills was stored.

    `fills` are those asked about. They are of a page of the outbox that began above execution id
    `after`, and has fills that are at least `older_than` seconds old.
    """

    def __init__(
        self,
        tail: Tail,
        page: OutboxPage,
        fills: Iterable[Fill],
        *,
        after: int,
        older_than: float,
        opens_within: float,
        silent_for: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin; raises UnavailableError when the broker does not answer in `opens_within` seconds.

        Later it may bring nothing for `silent_for` seconds.
        """
        assert page.since is not None, "an empty page needs no check"
        self.after = after
        self.older_than = older_than
        self.missing: dict[Key, Fill] = {key_of(fill): fill for fill in fills}
        self.arrived: list[Key] = []
        timeout = min(opens_within / 2, _OPENS_WITHIN)
        self._look = tail.look(page.since - timedelta(seconds=CLOCK_SKEW), timeout=timeout)
        self._silent_for = silent_for
        self._clock = clock
        self._heard_at = clock()

    def step(self, timeout: float) -> bool:
        """Read on for up to `timeout` seconds; return whether the end was reached.

        Raises UnavailableError when the broker refuses, or is silent for too long. How long it all
        takes does not matter: a check that is given up has to read all of it again, and more.
        """
        records = self._look.read(timeout)
        if records:
            self._heard_at = self._clock()
        elif records is not None and self._clock() - self._heard_at > self._silent_for:
            raise UnavailableError(f"nothing came for {self._silent_for:g} s before the end")
        for record in records or ():
            key = decode_fill_key(record.value or b"")
            if key is not None and self.missing.pop(key, None) is not None:
                self.arrived.append(key)
        return records is None

    def close(self) -> None:
        """End it. Safe to call twice."""
        self._look.close()
