"""Which brokers a client is connected to, and why not to the others, as its driver tells."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import msgspec

from fixengine.infra.kafka.log import ClientLog
from fixengine.infra.kafka.unreached import Unreached, unreached

UNREACHED_AFTER = 5.0
"""Seconds that a broker of the cluster may be without a connection."""

_MEASURED_EVERY = 2.0
"""Seconds between two statistics of the driver."""

_BACK_OFF = "reconnect.backoff"

# a connection that is there shows in the statistics before its broker counts as unreached
assert 2 * _MEASURED_EVERY < UNREACHED_AFTER

_UP = {"UP", "UPDATE"}
_OF_ANY = -1


def rested(connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return a client's settings with a rest between tries to connect, unless they have their own.

    Left to itself, the driver starts with short rests again after each round of all addresses: it
    would try twenty times a second for as long as there is no broker.
    """
    has_own = any(name.startswith(_BACK_OFF) for name in connection)
    return {**connection} if has_own else {f"{_BACK_OFF}.ms": 500, **connection}


class _Broker(msgspec.Struct):
    nodeid: int
    state: str


class _Statistics(msgspec.Struct):
    brokers: dict[str, _Broker]


class Connections:
    """Takes the log and the statistics of a producer; its settings are those of `settings`.

    Of a client that is there for a moment the log is enough. The callbacks come during the polls,
    and do not raise.
    """

    def __init__(self, brokers: str, *, clock: Callable[[], float] = monotonic) -> None:
        self._configured = frozenset(brokers.split(","))
        self._clock = clock
        self._failures: dict[int, Unreached] = {}
        self._up: frozenset[int] = frozenset()
        self._missing_since: dict[int, float] = {}
        self.log = ClientLog(self._logged)

    @property
    def settings(self) -> dict[str, Any]:
        """What the producer is made with for this."""
        return {
            "logger": self.log,
            "stats_cb": self._measured,
            "statistics.interval.ms": int(_MEASURED_EVERY * 1000),
            # an address that the cluster advertises is tried before it is needed
            "enable.sparse.connections": False,
        }

    def answered(self) -> None:
        """Forget what went wrong last: a broker has answered."""
        self._failures.pop(_OF_ANY, None)

    def why(self) -> str:
        """Say what went wrong last, in words."""
        last = self._failures.get(_OF_ANY)
        if last is None:  # as long as a connection, or a request, only takes its time
            return f"nothing comes from {', '.join(sorted(self._configured))}"
        return last.words(self._configured)

    def unreached(self, cluster: Mapping[int, str]) -> str:
        """Say which brokers of the cluster, numbers and addresses, have no connection for long."""
        now = self._clock()
        self._missing_since = {
            node: self._missing_since.get(node, now) for node in cluster.keys() - self._up
        }
        late = [
            node for node, since in self._missing_since.items() if now - since >= UNREACHED_AFTER
        ]
        return "; ".join(self._late(node, cluster[node]) for node in sorted(late))

    def _late(self, node: int, address: str) -> str:
        known = self._failures.get(node)
        if known is None or known.address != address:
            known = Unreached(address=address, node=node, said="it does not answer", remedy="")
        return known.words(self._configured)

    def _logged(self, facility: str, line: str) -> None:
        failed = unreached(line) if facility == "FAIL" else None
        if failed is not None:
            self._failures[_OF_ANY] = failed
            if failed.node is not None:
                self._failures[failed.node] = failed

    def _measured(self, statistics: str) -> None:
        brokers = msgspec.json.decode(statistics, type=_Statistics).brokers.values()
        self._up = frozenset(broker.nodeid for broker in brokers if broker.state in _UP)
