"""A session of one connection, of either side: events go in, effects come out.

| state    | event                   | what becomes of it                         | next state |
|----------|-------------------------|--------------------------------------------|------------|
| STARTING | `accept` (acceptor)     | the peer's Logon is good: Logon            | ACTIVE     |
|          |                         | it is not: Logout, or nothing              | CLOSED     |
|          | `open` (initiator)      | Logon                                      | CALLING    |
| CALLING  | a good Logon            | what waited goes out                       | ACTIVE     |
|          | a Logon that is not     | Logout                                     | CLOSED     |
|          | another message; 10 s   | nothing                                    | CLOSED     |
| ACTIVE   | a message in its turn   | obeyed or delivered, or refused: Reject    | ACTIVE     |
|          | one that is early       | held: ResendRequest, if not asked yet      | ACTIVE     |
|          | late, with PossDupFlag  | passed over                                | ACTIVE     |
|          | late, without it        | Logout                                     | CLOSED     |
|          | wrong CompID or time    | Reject, Logout                             | LEAVING    |
|          | another BeginString     | Logout                                     | LEAVING    |
|          | no MsgSeqNum            | Logout                                     | CLOSED     |
|          | Logon that resets       | both numbers begin at 1: Logon             | ACTIVE     |
|          | Logon that does not     | Logout                                     | CLOSED     |
|          | Logout                  | Logout                                     | CLOSED     |
|          | `leave`                 | Logout                                     | LEAVING    |
|          | the peer is silent      | TestRequest                                | ACTIVE     |
|          | it is silent as long    | nothing                                    | CLOSED     |
| LEAVING  | Logout; 5 s             | nothing                                    | CLOSED     |
|          | anything else           | as in ACTIVE, but there is no second Logout |           |
| CLOSED   | `send`                  | it gets a number: the peer will ask for it | CLOSED     |
|          | anything else           | nothing                                    | CLOSED     |

Garbled bytes change nothing in any state. Every closing is a `Disconnect`, save that of `lose`.

The module is longer than others, so that the table stands beside the methods that are its rows.

"""

from collections.abc import Iterable
from datetime import timedelta
from enum import Enum, auto

from fixengine.fix import logon, tags
from fixengine.fix.effects import Deliver, Disconnect, Effect, Fetch, Ignored, Numbered, Reset
from fixengine.fix.faults import Fault, Reason
from fixengine.fix.formats import read_timestamp
from fixengine.fix.framing import Frame, Framer, Garbled
from fixengine.fix.inbound import Inbound
from fixengine.fix.message import Field, Message, parse, whole
from fixengine.fix.outbound import Outbound
from fixengine.fix.pulse import Beat, Pulse
from fixengine.fix.settings import Moment, SessionSettings
from fixengine.fix.validation import validate

LOGON_SECONDS = 10.0
LOGOUT_SECONDS = 5.0
_ACCURACY = timedelta(seconds=120)
_LAST_OF_A_CALL = (b"35=%b\x01" % tags.LOGOUT, b"35=%b\x01" % tags.LOGON)
_LONGEST_TEXT = 200  # of a peer's, for those who read why it left


class State(Enum):
    """How far a session is."""

    STARTING = auto()
    CALLING = auto()
    ACTIVE = auto()
    LEAVING = auto()
    CLOSED = auto()


class Session:
    """Begins with the numbers of the last connection, and ends with its own."""

    def __init__(self, settings: SessionSettings, *, next_in: int, next_out: int) -> None:
        self.state = State.STARTING
        self._settings = settings
        self._effects: list[Effect] = []
        self._out = Outbound(settings, next_out, self._effects)
        self._in = Inbound(settings, next_in, self._out, self._effects)
        self._framer = Framer()
        self._left: Frame | None = None  # it came, and waits for the answers to what came before it
        self._deadline: float | None = None  # of CALLING and LEAVING

    @property
    def next_in(self) -> int:
        """Return the number that the peer's next message has to have."""
        return self._in.next_in

    @property
    def next_out(self) -> int:
        """Return the number of the next message of ours."""
        return self._out.next_out

    @property
    def has_more(self) -> bool:
        """Say whether something that came is left for another call of `received`.

        That is a Logout or a Logon behind messages that were delivered: they are answered before
        the peer is gone, or both numbers begin at 1 again.
        """
        return self._left is not None and self.state is not State.CLOSED

    @property
    def is_sending_again(self) -> bool:
        """Say whether what the application sends now would have a number, and not go out yet."""
        return self._out.is_sending_again

    @property
    def missing_before(self) -> int | None:
        """Return the number before which something is missing, and was asked for; None: nothing."""
        return self._in.gap.missing_before

    @property
    def due(self) -> float | None:
        """Return when `passed` is to be called, unless another event comes before."""
        if self.state in {State.STARTING, State.CLOSED}:
            return None
        times = (self._deadline, self._out.pulse.due, self._in.gap.due)
        return min((time for time in times if time is not None), default=None)

    def accept(self, now: Moment, message: Message, framer: Framer) -> list[Effect]:
        """Answer the Logon that came through the door; go on reading where the door ended."""
        self._framer = framer
        if self._identity(now, message) is not None:
            self._close("the Logon's CompIDs or SendingTime are wrong")
        elif (seq := whole(message.get(tags.MSG_SEQ_NUM))) is None:
            self._close("the Logon has no MsgSeqNum")
        elif fault := validate(message, self._settings.dictionary):
            self._end(now, fault.sentence)
        else:
            self._answer(now, message, seq)
        return self._read(now)

    def open(self, now: Moment) -> list[Effect]:
        """Say Logon."""
        self.state = State.CALLING
        self._deadline = now.ticks + LOGON_SECONDS
        if self._settings.reset:
            self._restart()
        heartbeat = self._settings.heartbeat_seconds
        fields = logon.fields(heartbeat, reset=self._settings.reset, next_expected=None)
        self._out.number(now, tags.LOGON, (*fields, *self._settings.logon_fields))
        return self._taken()

    def received(self, now: Moment, data: bytes) -> list[Effect]:
        """Take bytes from the peer, cut anywhere."""
        self._framer.feed(data)
        return self._read(now)

    def heard(self, now: Moment) -> None:
        """Take note that the peer has said something that waits to be received."""
        self._out.pulse.heard(now.ticks)

    def passed(self, now: Moment) -> list[Effect]:
        """Do what the time asks for."""
        if self._deadline is not None and now.ticks >= self._deadline:
            self._close("no Logon came" if self.state is State.CALLING else "no Logout came back")
        elif self.state in {State.ACTIVE, State.LEAVING}:
            self._in.passed(now)
            self._beat(now, self._out.pulse.beat(now.ticks))
        return self._taken()

    def waited(self, now: Moment) -> list[Effect]:
        """Show life, if that is due, while nothing of the peer's can be answered or even read."""
        if self.state is State.ACTIVE and self._out.pulse.owes_a_sign(now.ticks):
            self._out.number(now, tags.HEARTBEAT, ())
        return self._taken()

    def send(self, now: Moment, kind: bytes, fields: tuple[Field, ...]) -> list[Effect]:
        """Send a message of the application; fields of the header go where they belong."""
        self._out.number(now, kind, fields)
        return self._taken()

    def fetched(self, now: Moment, page: Fetch, kept: Iterable[Numbered]) -> list[Effect]:
        """Take what was kept of the numbers that a `Fetch` asked for, in their order."""
        if self.state is not State.CLOSED:
            self._out.fetched(now, page, kept)
        return self._taken()

    def leave(self, now: Moment, text: str) -> list[Effect]:
        """Say Logout with a reason, and wait for the peer's."""
        self._leave(now, text)
        return self._taken()

    def lose(self) -> None:
        """Take note that the connection is gone."""
        self._shut()

    def _taken(self) -> list[Effect]:
        effects = self._effects.copy()
        self._effects.clear()
        return effects

    def _read(self, now: Moment) -> list[Effect]:
        while self.state is not State.CLOSED:
            item, self._left = self._left or self._framer.next(), None
            if item is None:
                break
            if isinstance(item, Garbled):
                self._effects.append(Ignored(item.why))
            elif self._has_to_wait(item):
                self._left = item
                break
            else:
                self._frame(now, item)
        return self._taken()

    def _has_to_wait(self, frame: Frame) -> bool:
        return frame.body.startswith(_LAST_OF_A_CALL) and any(
            isinstance(effect, Deliver) for effect in self._effects
        )

    def _frame(self, now: Moment, frame: Frame) -> None:
        known = self._settings.dictionary
        message = parse(frame, known.data_fields)
        self._out.pulse.heard(now.ticks)
        if frame.begin != known.version:
            self._leave(now, "Incorrect BeginString")
        elif (seq := whole(message.get(tags.MSG_SEQ_NUM))) is None:
            self._end(now, "MsgSeqNum(34) is missing, or is no number")
        elif fault := self._identity(now, message):
            if self.state is not State.CALLING:
                self._in.refuse(now, message, fault, seq)
            self._leave(now)
        elif self.state is State.CALLING:
            self._called(now, message, seq)
        else:
            self._message(now, message, seq)

    def _message(self, now: Moment, message: Message, seq: int) -> None:
        """Treat three kinds whose number does not decide, and all others by their number."""
        came = self._in
        is_again = message.is_set(tags.POSS_DUP_FLAG) and seq < came.next_in
        if message.kind == tags.LOGOUT and not is_again:
            self._logout(now, message, seq)
        elif message.kind == tags.LOGON and not is_again:
            self._logon(now, message, seq)
        elif message.kind == tags.SEQUENCE_RESET and not message.is_set(tags.GAP_FILL_FLAG):
            came.reset(now, message, seq)
        elif is_again:
            came.again(now, message, seq)
        elif seq < came.next_in:
            self._too_low(now, seq)
        else:
            came.take(now, message, seq)
        if self.state is not State.CLOSED:
            came.drain(now)
            if came.is_doubtful:
                self._leave(now)

    def _logout(self, now: Moment, message: Message, seq: int) -> None:
        if seq == self.next_in:
            self._in.expect(now, seq + 1)
        if self.state is State.ACTIVE:
            self._out.number(now, tags.LOGOUT, ())
        text = (message.get(tags.TEXT) or b"").decode(errors="replace")[:_LONGEST_TEXT]
        self._close(f"the peer said Logout: {text}" if text else "the peer said Logout")

    def _logon(self, now: Moment, message: Message, seq: int) -> None:
        """Begin at 1 again, if the peer asks for it while it is logged on."""
        if not message.is_set(tags.RESET_SEQ_NUM_FLAG):
            self._end(now, "Logon without ResetSeqNumFlag(141) while logged on")
        elif fault := validate(message, self._settings.dictionary):
            self._in.refuse(now, message, fault, seq)
        else:
            self._answer(now, message, seq)

    def _answer(self, now: Moment, message: Message, seq: int) -> None:
        """Answer a Logon, as its acceptor."""
        reset = message.is_set(tags.RESET_SEQ_NUM_FLAG)
        wanted = whole(message.get(tags.NEXT_EXPECTED_MSG_SEQ_NUM))
        next_out = 1 if reset else self.next_out
        if text := logon.objection(message, seq, next_out, self._settings):
            self._end(now, text)
        elif not reset and seq < self.next_in:
            self._too_low(now, seq)
        else:
            if reset:
                self._restart()
            is_next = seq == self.next_in
            if is_next:
                self._in.expect(now, seq + 1)
            interval = whole(message.get(tags.HEART_BT_INT)) or 0
            expected = None if wanted is None else self.next_in
            self._out.number(
                now, tags.LOGON, logon.fields(interval, reset=reset, next_expected=expected)
            )
            self._start(now, interval)
            if not is_next:
                self._in.gap.hold(seq, None)
                self._in.ask_before(now, seq, aloud=wanted is None)
            if wanted is not None and wanted < next_out:
                self._out.resend(wanted, next_out)

    def _called(self, now: Moment, message: Message, seq: int) -> None:
        """Take the answer to our Logon."""
        fault = validate(message, self._settings.dictionary)
        if message.kind != tags.LOGON:
            said = (message.get(tags.TEXT) or b"").decode(errors="replace")
            self._close(f"the peer refuses our Logon: {said}")
        elif fault or (message.is_set(tags.RESET_SEQ_NUM_FLAG) and not self._settings.reset):
            self._end(now, fault.sentence if fault else "nobody asked for ResetSeqNumFlag(141)")
        elif seq < self.next_in:
            self._too_low(now, seq)
        else:
            if seq == self.next_in:
                self._in.expect(now, seq + 1)
            else:
                self._in.gap.hold(seq, None)
            self._start(now, self._settings.heartbeat_seconds)
            if seq >= self.next_in:
                self._in.ask_before(now, seq)

    def _start(self, now: Moment, interval: int) -> None:
        if self.state is not State.LEAVING:
            self.state, self._deadline = State.ACTIVE, None
        self._out.pulse = Pulse(interval, now.ticks)
        self._out.open()

    def _restart(self) -> None:
        self._effects.append(Reset())
        self._in.restart()
        self._out.restart()

    def _beat(self, now: Moment, beat: Beat | None) -> None:
        match beat:
            case Beat.HEARTBEAT:
                self._out.number(now, tags.HEARTBEAT, ())
            case Beat.TEST_REQUEST:
                self._out.number(now, tags.TEST_REQUEST, ((tags.TEST_REQ_ID, b"TEST"),))
            case Beat.GONE:
                self._close("the peer shows no sign of life")
            case None:
                pass

    def _identity(self, now: Moment, message: Message) -> Fault | None:
        """Say whether a message is from whom it should be, and of now; missing is for others."""
        sender, target = message.get(tags.SENDER_COMP_ID), message.get(tags.TARGET_COMP_ID)
        if (sender or self._settings.peer) != self._settings.peer:
            return Fault(Reason.COMP_ID)
        if (target or self._settings.own) != self._settings.own:
            return Fault(Reason.COMP_ID)
        sent = read_timestamp(message.get(tags.SENDING_TIME) or b"")
        if sent is not None and abs(now.utc - sent) > _ACCURACY:
            return Fault(Reason.SENDING_TIME)
        return None

    def _too_low(self, now: Moment, seq: int) -> None:
        self._end(now, f"MsgSeqNum too low, expecting {self.next_in} but received {seq}")

    def _leave(self, now: Moment, text: str | None = None) -> None:
        if self.state is State.ACTIVE:
            self._say_logout(now, text)
            self.state = State.LEAVING
            self._deadline = now.ticks + LOGOUT_SECONDS
        elif self.state in {State.STARTING, State.CALLING}:
            self._close(text or "the peer is not the one that it should be")

    def _end(self, now: Moment, text: str) -> None:
        if self.state is not State.LEAVING:
            self._say_logout(now, text)
        self._close(text)

    def _say_logout(self, now: Moment, text: str | None) -> None:
        fields = () if text is None else ((tags.TEXT, text.encode()),)
        self._out.number(now, tags.LOGOUT, fields)

    def _close(self, why: str) -> None:
        self._shut()
        self._effects.append(Disconnect(why))

    def _shut(self) -> None:
        self.state = State.CLOSED
        self._out.is_open = False
