"""The acceptor: lets clients connect as long as it lives."""

import pykka

from fixengine.actors.gateway.messages import Knocked
from fixengine.fix.door import Knock
from fixengine.fix.framing import Framer
from fixengine.ports.lines import Entrance, Line
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef


class Acceptor(Actor):
    """Opens the port, and has the directory decide who comes in.

    Lines are not its own: at a stop the directory logs clients out on them when the port is closed.
    """

    def __init__(self, *, entrance: Entrance, directory: ActorRef) -> None:
        super().__init__()
        self._entrance = entrance
        self._directory = directory

    def boot(self) -> None:
        self._entrance.start(_Door(self._directory))

    def receive(self, message: object) -> None:
        raise AssertionError(f"nobody tells the acceptor anything: {message}")

    def close(self) -> None:
        self._entrance.stop_accepting()


class _Door:
    """Tells the directory who knocks, in the thread that moves bytes."""

    def __init__(self, directory: ActorRef) -> None:
        self._directory = directory

    def knocked(self, line: Line, knock: Knock, framer: Framer) -> None:
        try:
            self._directory.tell(Knocked(line=line, knock=knock, framer=framer))
        except pykka.ActorDeadError:  # its successor opens the port anew
            line.close()
