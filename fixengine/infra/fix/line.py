"""One client's connection, from its first byte to the last.

| phase   | what is read                    | left when                                           |
|---------|---------------------------------|-----------------------------------------------------|
| SHAKING | TLS's handshake                 | it is done                                          |
| DOOR    | a Logon                         | it is there; there is another message; 10 s         |
| KNOCKED | nothing                         | it is taken, or closed; 30 s without `wait_longer`  |
| OPEN    | all, while enough is handled    | it is closed                                        |
| CLOSING | nothing                         | all is written; 2 s                                 |
| PARTING | all, and nobody gets it         | the client closes it as well; 2 s                   |
| ENDED   | nothing                         |                                                     |

Any phase but the last is also left when the client is gone. PARTING is there because TCP throws
away what was sent last when a connection is closed whose other side has sent something unread.

Owners call from their threads: they write to the socket themselves when nothing waits before it,
as another thread's turn costs more than the bytes do. The listener's thread does all else.

The module is longer than others: the table's rows are its methods.
"""

from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from threading import Lock
from time import monotonic
from typing import assert_never

from fixengine.fix.door import Door, Knock
from fixengine.fix.effects import Disconnect
from fixengine.infra.fix.limits import LineLimits
from fixengine.infra.fix.wire import Wire
from fixengine.ports.lines import Doorman, Ending, Receiver
from fixengine.supervision.duty import Duty

_CHUNK = 65_536
"""Bytes of one read or write, so that each line has its turn."""


class Phase(Enum):
    """How far a line is."""

    SHAKING = auto()
    DOOR = auto()
    KNOCKED = auto()
    OPEN = auto()
    CLOSING = auto()
    PARTING = auto()
    ENDED = auto()


class TcpLine:
    """A connection; `address`, `certificate_names` and six others are its owner's."""

    def __init__(
        self,
        wire: Wire,
        address: str,
        *,
        doorman: Doorman,
        limits: LineLimits,
        attend: Callable[["TcpLine"], None],
        duty: Duty,
    ) -> None:
        """Take a connection; `attend` has the listener's thread look at it."""
        self.wire = wire
        self.ending: Ending | None = None
        self._address = address
        self._names: frozenset[str] = frozenset()
        self._doorman = doorman
        self._limits = limits
        self._attend = attend
        self._duty = duty
        self._lock = Lock()  # the rest, and the wire
        self._phase = Phase.SHAKING if wire.has_tls else Phase.DOOR
        self._shaking = EVENT_READ
        self._door = Door(monotonic(), limits.arrival)
        self._at_door = 0  # bytes
        self._receiver: Receiver | None = None
        self._unhandled = 0
        self._out = bytearray()
        self._since = monotonic()  # the phase, or the last progress of what is to be written
        self._fault: tuple[Ending, str] | None = None  # seen by an owner's thread
        self._deaf: str | None = None  # why the client hears nothing any more
        self.why = ""

    @property
    def address(self) -> str:
        """The client's address, without its port."""
        return self._address

    @property
    def certificate_names(self) -> frozenset[str]:
        """Common name and alternative names of the client's certificate, if it showed one."""
        return self._names

    @property
    def is_gone(self) -> bool:
        """Whether the client has closed the connection, or it is closed here."""
        with self._lock:
            return self._phase is Phase.ENDED or self.wire.is_deserted

    @property
    def unwritten(self) -> int:
        """Bytes that wait until the client reads."""
        return len(self._out)

    def wait_longer(self) -> None:
        """Give the client all its time again until it is decided about."""
        with self._lock:
            if self._phase is Phase.KNOCKED:
                self._since = monotonic()

    def pass_to(self, receiver: Receiver) -> None:
        """Begin to read again, for this receiver. One that is lost already tells so at once."""
        with self._lock:
            is_lost = self._phase is Phase.ENDED
            if not is_lost:
                self._receiver = receiver
                if self._phase is Phase.KNOCKED:
                    self._phase = Phase.OPEN
        if is_lost:
            receiver.lost(self.why)
        else:
            self._attend(self)

    def handled(self, size: int) -> None:
        """Say that so many bytes of `Receiver.received` are done with."""
        with self._lock:
            was_full = self._is_full
            self._unhandled -= size
            is_free_again = was_full and not self._is_full
        if is_free_again:
            self._attend(self)

    def send(self, data: bytes) -> None:
        """Write as soon as the client reads; one that lets too much wait is disconnected."""
        with self._lock:
            is_heard = not self._fault and self._deaf is None
            if not is_heard or self._phase not in {Phase.KNOCKED, Phase.OPEN}:
                return
            was_empty = not self._out
            if was_empty:
                self._since = monotonic()
            self._out += data
            if was_empty:
                self._write()
            if len(self._out) > self._limits.unwritten:
                self._fault = Ending.UNREAD, "the client reads too little of what it is sent"
            is_done = not self._out and not self._fault
        if not is_done and (was_empty or self._fault):
            self._attend(self)

    def close(self) -> None:
        """Close once all is written, and at once where the client reads nothing."""
        with self._lock:
            if self._phase in {Phase.CLOSING, Phase.PARTING, Phase.ENDED}:
                return
            self._phase, self._since = Phase.CLOSING, monotonic()
        self._attend(self)

    @property
    def is_stranger(self) -> bool:
        """Say whether no session has taken it yet."""
        return self._phase in {Phase.SHAKING, Phase.DOOR, Phase.KNOCKED}

    def events(self) -> int:
        """Return what the listener's thread is to wait for: a mask of `selectors`, 0 is nothing."""
        with self._lock:
            match self._phase:
                case Phase.SHAKING:
                    return self._shaking
                case Phase.DOOR | Phase.PARTING:
                    reads = True
                case Phase.OPEN:
                    reads = not self._is_full
                case Phase.KNOCKED | Phase.CLOSING | Phase.ENDED:
                    reads = False
                case _ as never:
                    assert_never(never)
            return (EVENT_READ if reads else 0) | (EVENT_WRITE if self._out else 0)

    def move(self, events: int) -> None:
        """Read or write once."""
        if self._phase is Phase.SHAKING:
            self._shake()
            return
        if events & EVENT_WRITE:
            with self._lock:
                self._write()
            self.look()
        if events & EVENT_READ:
            self._read()

    def look(self) -> None:
        """Do what an owner asked for, and what the time asks for."""
        if fault := self._fault or self._overdue():
            self.end(*fault)
        elif self._phase is Phase.CLOSING and not self._out:
            self._part()

    def end(self, ending: Ending, why: str) -> None:
        """Close the connection now, and tell who has it. Of the listener's thread; repeatable."""
        with self._lock:
            if self._phase is Phase.ENDED:
                return
            self._phase, self.ending, self.why = Phase.ENDED, ending, why
            self.wire.close(drops=bool(self._out))
            self._out.clear()
            receiver, self._receiver = self._receiver, None
        if receiver is not None:
            self._duty.done(partial(receiver.lost, why))

    @property
    def _is_full(self) -> bool:
        return self._unhandled >= self._limits.unhandled

    def _overdue(self) -> tuple[Ending, str] | None:
        """Say whether a phase has lasted for too long."""
        late, limits = monotonic() - self._since, self._limits
        match self._phase:
            case Phase.SHAKING | Phase.DOOR if over := self._door.passed(monotonic()):
                return Ending.LOGON, over.why
            case Phase.KNOCKED if late > limits.decision:
                return Ending.FAULT, "nobody took the line"
            case Phase.OPEN if self._out and late > limits.stalled:
                return Ending.UNREAD, "the client reads nothing of what it is sent"
            case Phase.CLOSING if self._out and late > limits.farewell:
                return Ending.GATEWAY, "closed, and the client did not read the last of it"
            case Phase.PARTING if late > limits.farewell:
                return Ending.GATEWAY, "closed"
            case _:
                return None

    def _shake(self) -> None:
        try:
            self._shaking = self.wire.shake()
        except OSError as error:
            self.end(Ending.TLS, f"no TLS: {error.strerror or error}")
            return
        if not self._shaking:
            self._names = self.wire.names
            self._phase = Phase.DOOR

    def _read(self) -> None:
        is_at_door = self._phase is Phase.DOOR
        try:
            with self._lock:
                if self._phase is Phase.ENDED:
                    return
                data = self.wire.read(self._limits.logon if is_at_door else _CHUNK)
                if self._phase is Phase.OPEN:
                    self._unhandled += len(data or b"")
        except OSError as error:
            self._gone(error.strerror or str(error))
            return
        if data is None:
            return
        if not data:
            self._gone(self._deaf or "the client closed the connection")
        elif is_at_door:
            self._knock(data)
        elif self._receiver is not None and self._phase is Phase.OPEN:
            self._receiver.received(data)

    def _gone(self, why: str) -> None:
        is_ours = self._phase is Phase.PARTING
        self.end(Ending.GATEWAY if is_ours else Ending.CLIENT, "closed" if is_ours else why)

    def _knock(self, data: bytes) -> None:
        self._at_door += len(data)
        came = self._door.received(data)
        if isinstance(came, Knock):
            self._phase, self._since = Phase.KNOCKED, monotonic()
            self._doorman.knocked(self, came, self._door.framer)
        elif isinstance(came, Disconnect):
            self.end(Ending.LOGON, came.why)
        elif self._at_door >= self._limits.logon:
            self.end(Ending.LOGON, f"no Logon ends within {self._limits.logon} bytes")

    def _write(self) -> None:
        """Write a chunk; under the lock."""
        if not self._out or self._phase is Phase.ENDED:
            return
        try:
            written = self.wire.write(self._out[:_CHUNK])
        except ConnectionError as error:  # what the client said before it went can still be read
            self._deaf = error.strerror or str(error)
            self._out.clear()
            return
        except OSError as error:
            self._fault = Ending.CLIENT, error.strerror or str(error)
            return
        if written:
            del self._out[:written]
            self._since = monotonic()

    def _part(self) -> None:
        """Say that nothing follows, and wait until the client says so too."""
        with self._lock:
            self._phase, self._since = Phase.PARTING, monotonic()
            self.wire.finish()
