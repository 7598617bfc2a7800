"""Connections of definitions to a real gateway, whose sessions nobody else uses."""

from collections.abc import Iterator
from datetime import UTC, datetime

from tests.support.fix.definitions import first_of
from tests.support.fix.hall import Peer


class GatewayGround:
    """A client's connections.

    Definitions want numbers to begin anew with each connection, and this gateway keeps them: so
    each has a session of its own, unless another connection of the client is open. Names are as
    long as the one that definitions have, because they say lengths.
    """

    def __init__(self, port: int, names: Iterator[str]) -> None:
        self._port = port
        self._names = names
        self._open = 0
        self._name = ""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def connect(self) -> "_Line":
        if not self._open:
            self._name = next(self._names)
        self._open += 1
        return _Line(self, Peer(self._port), self._name)

    def closed(self) -> None:
        self._open -= 1


class _Line:
    def __init__(self, ground: GatewayGround, peer: Peer, client: str) -> None:
        self._ground = ground
        self._peer = peer
        self.client = client
        self._heard = b""

    def receive(self, data: bytes) -> None:
        self._peer.says(data)

    def next_message(self) -> bytes:
        while not (message := first_of(self._heard)):
            more = self._peer.hears_some()
            assert more, f"the end comes, after {self._heard!r}"
            self._heard += more
        self._heard = self._heard[len(message) :]
        return message

    def expect_the_end(self) -> None:
        heard = self._heard + self._peer.hears_the_end()
        assert heard == b"", f"before the end comes {heard!r}"
        self.lose()

    def lose(self) -> None:
        self._peer.socket.close()
        self._ground.closed()
