"""A client that says what a test writes, to a session with books and a clock of its own."""

from datetime import datetime

from fixengine.fix.door import Door, Knock
from fixengine.fix.formats import write_timestamp
from fixengine.fix.framing import Frame, Framer, encode
from fixengine.fix.message import parse
from tests.support.fix.sides import FIX44, Application, Clock, Side, settings

_OF_ALL = {8, 9, 10, 49, 52, 56}  # what every message says, and a test would repeat
_TIMES = {122}


class Client:
    """Talks to an acceptor; messages are written as `35=0|34=2|`, and shown so."""

    def __init__(self, application: Application = lambda _: (), **more: object) -> None:
        self.clock = Clock()
        self.side = Side(settings(b"ENGINE", b"CLIENT", **more), self.clock, application)

    def logged_on(self, text: str = "34=1|98=0|108=30|") -> "Client":
        """Log on, and forget what was said to it."""
        assert self.logon(text)[0].startswith("35=A|")
        return self

    def logon(self, text: str) -> list[str]:
        """Connect, and say Logon."""
        self.side.session.lose()
        door = Door(self.clock.ticks)
        knock = door.received(self.written(f"35=A|{text}"))
        assert isinstance(knock, Knock), knock
        session = self.side.begin()
        effects = session.accept(self.clock.now, knock.logon, door.framer)
        return shown(self.side.perform(effects))

    def says(self, *texts: str) -> list[str]:
        """Send messages in one piece; return the answers."""
        return self.sends(b"".join(map(self.written, texts)))

    def sends(self, data: bytes) -> list[str]:
        return shown(self.side.perform(self.side.session.received(self.clock.now, data)))

    def waits(self, seconds: float) -> list[str]:
        """Let time pass, as a driver does that is called when something is due."""
        until, said = self.clock.ticks + seconds, b""
        while (due := self.side.session.due) is not None and due <= until:
            self.clock.reach(due)
            said += self.side.perform(self.side.session.passed(self.clock.now))
            assert self.side.session.due is None or self.side.session.due > due
        self.clock.reach(until)
        return shown(said)

    def written(self, text: str) -> bytes:
        """Return the bytes of a message, with the header that most have."""
        return written(text, "CLIENT", "ENGINE", self.clock.now.utc)

    @property
    def seen(self) -> list[str]:
        """Return what the application has seen, as text or by its number."""
        messages = self.side.books.seen
        return [(each.get(58) or each.get(34) or b"").decode("latin-1") for each in messages]


def written(text: str, sender: str, target: str, now: datetime) -> bytes:
    """Return the bytes of a message, with what it leaves out of the header that most have."""
    kind, _, rest = text.partition("|")
    time = write_timestamp(now).decode()
    header = (("49=", sender), ("56=", target), ("52=", time))
    given = {each[:3] for each in rest.split("|")}
    more = "".join(f"{tag}{value}|" for tag, value in header if tag not in given)
    return encode(b"FIX.4.4", f"{kind}|{more}{rest}".replace("|", "\x01").encode("latin-1"))


def shown(data: bytes) -> list[str]:
    """Show messages as people write them, without what all of them say."""
    framer, found = Framer(), []
    framer.feed(data)
    while (frame := framer.next()) is not None:
        assert isinstance(frame, Frame), frame
        found.append(shown_frame(frame))
    return found


def shown_frame(frame: Frame) -> str:
    """Show one message that way."""
    fields = parse(frame, FIX44.data_fields).fields
    return "".join(
        f"{tag}={'*' if tag in _TIMES else value.decode('latin-1')}|"
        for tag, value in fields
        if tag not in _OF_ALL
    )
