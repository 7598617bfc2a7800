"""The first message of a connection: whose it is, before there is a session.

The driver of an acceptor asks the door until somebody knocks, checks the password, takes the
session with its numbers from where they are kept, and gives it the Logon and the framer: what came
behind the Logon is still in there. Who does not begin with a Logon is shown out without a word.
"""

from dataclasses import dataclass

from fixengine.fix import tags
from fixengine.fix.dictionary import Dictionary, versions
from fixengine.fix.effects import Disconnect
from fixengine.fix.framing import Framer, Garbled
from fixengine.fix.message import Message, parse

LOGON_SECONDS = 10.0
"""How long a connection may last without a Logon."""

LONGEST_COMP_ID = 128
"""Bytes; a longer one is nobody's, so whoever keeps them has no need of more room."""


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody says who he is, and whom he wants; nothing of it is checked."""

    sender: bytes
    target: bytes
    dictionary: Dictionary
    logon: Message


class Door:
    """Reads one message, and no more, for so many seconds."""

    def __init__(self, ticks: float, seconds: float = LOGON_SECONDS) -> None:
        self.framer = Framer()
        self.due = ticks + seconds
        self._seconds = seconds

    def received(self, data: bytes) -> Knock | Disconnect | None:
        """Take bytes; None when the message is not whole yet."""
        self.framer.feed(data)
        frame = self.framer.next()
        if frame is None:
            return None
        if isinstance(frame, Garbled):
            return Disconnect(f"the first message is garbled: {frame.why}")
        dictionary = versions().get(frame.begin)
        if dictionary is None:
            return Disconnect(f"{frame.begin.decode()} is not spoken")
        message = parse(frame, dictionary.data_fields)
        sender, target = message.get(tags.SENDER_COMP_ID), message.get(tags.TARGET_COMP_ID)
        if message.kind != tags.LOGON or not sender or not target:
            return Disconnect("the first message is no Logon with two CompIDs")
        if max(len(sender), len(target)) > LONGEST_COMP_ID:
            return Disconnect(f"a CompID is longer than {LONGEST_COMP_ID} bytes")
        return Knock(sender, target, dictionary, message)

    def passed(self, ticks: float) -> Disconnect | None:
        """Say whether the time is over."""
        return None if ticks < self.due else Disconnect(f"no Logon came in {self._seconds:g} s")
