"""The acceptor: lets clients connect as long as it lives."""

import pykka

from fixengine.actors.gateway.messages import Knocked
from fixengine.fix.door import Knock
from fixengine.fix.framing import Framer
from fixengine.ports.lines import Entrance, Line
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef


class Acceptor(Actor):
    """Opens the port, and has the porter decide who comes in.

    Lines are not its own: at a stop the directory logs clients out on them when the port is closed.
    """

    def __init__(self, *, entrance: Entrance, porter: ActorRef) -> None:
        super().__init__()
        self._entrance = entrance
        self._porter = porter

    def boot(self) -> None:
        self._entrance.start(_Door(self._porter))

    def receive(self, message: object) -> None:
        raise AssertionError(f"nobody tells the acceptor anything: {message}")

    def close(self) -> None:
        self._entrance.stop_accepting()


class _Door:
    """Tells the porter who knocks, in the thread that moves bytes."""

    def __init__(self, porter: ActorRef) -> None:
        self._porter = porter

    def knocked(self, line: Line, knock: Knock, framer: Framer) -> None:
        try:
            self._porter.tell(Knocked(line=line, knock=knock, framer=framer))
        except pykka.ActorDeadError:  # its successor opens the port anew
            line.close()
