"""The peer's side of the line: its messages are taken by their numbers, each once and in order."""

from fixengine.fix import reject, tags
from fixengine.fix.effects import Abandoned, Deliver, Effect, Ignored
from fixengine.fix.faults import Fault, Reason
from fixengine.fix.formats import read_timestamp
from fixengine.fix.gap import Gap
from fixengine.fix.message import Message, whole
from fixengine.fix.outbound import Outbound
from fixengine.fix.settings import Moment, SessionSettings
from fixengine.fix.validation import validate

HIGHEST_EXPECTED = 2_000_000_000
"""A SequenceReset may lead so far and no farther: whoever keeps numbers has 32 bits for them."""


class Inbound:
    """Obeys and delivers; what is to be done goes to `effects`, which the session shares."""

    def __init__(
        self, settings: SessionSettings, next_in: int, out: Outbound, effects: list[Effect]
    ) -> None:
        self.next_in = next_in
        self.gap = Gap()
        self.is_doubtful = False  # a message was refused whose times can't be right
        self._settings = settings
        self._out = out
        self._effects = effects

    def restart(self) -> None:
        """Begin at 1 again."""
        self.next_in = 1
        self.gap = Gap()

    def take(self, now: Moment, message: Message, seq: int) -> None:
        """Take a message whose turn it is, or hold it until then."""
        if seq == self.next_in:
            self._turn(now, message)
            self.drain(now)
            if self.gap.waits_for is not None and _is_new(message):
                self._abandon()  # its own numbers are still below that one
            return
        held: Message | None = message
        is_request = message.kind == tags.RESEND_REQUEST
        if is_request and validate(message, self._settings.dictionary) is None:
            self._resend(now, message, seq)  # or both sides would wait for each other
            held = None
        self.gap.hold(seq, held)
        self.ask_before(now, seq)

    def drain(self, now: Moment) -> None:
        """Take what was held and whose turn has come."""
        while self.gap.has(self.next_in):
            self._turn(now, self.gap.take(self.next_in))

    def again(self, now: Moment, message: Message, seq: int) -> None:
        """Pass over a message that came before, unless its times are wrong."""
        if fault := _fault_of_times(message):
            self.refuse(now, message, fault, seq)
        else:
            self._effects.append(Ignored("the message came before"))

    def reset(self, now: Moment, message: Message, seq: int) -> None:
        """Obey a SequenceReset that is no GapFill: its own number does not matter."""
        new = whole(message.get(tags.NEW_SEQ_NO)) or 0
        fault = validate(message, self._settings.dictionary)
        if fault is None and not self.next_in <= new <= HIGHEST_EXPECTED:
            fault = Fault(Reason.OUT_OF_RANGE)
        if fault is None:
            self.next_in = new
            self.gap = Gap()  # what is held has a number of before
        else:
            self.refuse(now, message, fault, seq)

    def refuse(self, now: Moment, message: Message, fault: Fault, seq: int) -> None:
        """Reject a message; if it was its turn, the next one is expected."""
        if seq == self.next_in:
            self.expect(now, seq + 1)
        self.is_doubtful |= fault.reason is Reason.SENDING_TIME
        said = reject.fields(message, fault, seq, self._settings.dictionary)
        self._out.number(now, tags.REJECT, said)

    def expect(self, now: Moment, seq: int) -> None:
        """Go on to a number."""
        if seq > self.next_in + 1 or self.gap.has(self.next_in):
            self.gap.skips(seq)
        self.next_in = seq
        self.gap.narrows(seq, now.ticks)

    def ask_before(self, now: Moment, seq: int, *, aloud: bool = True) -> None:
        """Ask for what is missing before a number, unless that is on its way."""
        if self.gap.opens(seq, now.ticks) and aloud:
            self._ask(now)

    def passed(self, now: Moment) -> None:
        """Ask again for what is missing when nothing of it comes, but not for ever."""
        if self.gap.stalls(now.ticks):
            if self.gap.is_asked_enough:
                self._abandon()
            else:
                self._ask(now)

    def _ask(self, now: Moment) -> None:
        """Ask for all from the next number on."""
        fields = ((tags.BEGIN_SEQ_NO, b"%d" % self.next_in), (tags.END_SEQ_NO, b"0"))
        self._out.number(now, tags.RESEND_REQUEST, fields)

    def _abandon(self) -> None:
        """Forget what came early: if it was no mistake, it is missing, and will be asked for."""
        self._effects.append(Abandoned(self.next_in, self.gap.waits_for or 0))
        self.gap = Gap()

    def _turn(self, now: Moment, message: Message | None) -> None:
        """Obey or deliver a message; None if that was done when it came."""
        seq = self.next_in
        self.expect(now, seq + 1)
        if message is None:
            return
        fault = validate(message, self._settings.dictionary)
        if fault is None and message.is_set(tags.POSS_DUP_FLAG):
            fault = _fault_of_times(message)
        if fault is not None:
            self.refuse(now, message, fault, seq)
        elif message.kind == tags.TEST_REQUEST:
            answered = (tags.TEST_REQ_ID, message.get(tags.TEST_REQ_ID) or b"")
            self._out.number(now, tags.HEARTBEAT, (answered,))
        elif message.kind == tags.RESEND_REQUEST:
            self._resend(now, message, seq)
        elif message.kind == tags.SEQUENCE_RESET:
            new = whole(message.get(tags.NEW_SEQ_NO)) or 0
            if seq < new <= HIGHEST_EXPECTED:
                self.expect(now, new)
            else:
                self.refuse(now, message, Fault(Reason.OUT_OF_RANGE, tags.NEW_SEQ_NO), seq)
        elif message.kind != tags.HEARTBEAT:
            self._effects.append(Deliver(message))

    def _resend(self, now: Moment, message: Message, seq: int) -> None:
        last_sent = self._out.next_out - 1
        first = whole(message.get(tags.BEGIN_SEQ_NO)) or 0
        last = min(whole(message.get(tags.END_SEQ_NO)) or last_sent, last_sent)
        if 1 <= first <= last:
            self._out.resend(first, last)
        else:
            self.refuse(now, message, Fault(Reason.OUT_OF_RANGE, tags.BEGIN_SEQ_NO), seq)


def _is_new(message: Message) -> bool:
    """Say whether a message is no part of an answer to a ResendRequest."""
    return not message.is_set(tags.POSS_DUP_FLAG) and message.kind != tags.SEQUENCE_RESET


def _fault_of_times(message: Message) -> Fault | None:
    """Say what is wrong with the times of a message that has been sent before.

    Of a SequenceReset that is nothing: it stands for such messages, and is none itself.
    """
    if message.kind == tags.SEQUENCE_RESET:
        return None
    written = message.get(tags.ORIG_SENDING_TIME)
    sent = read_timestamp(message.get(tags.SENDING_TIME) or b"")
    first_sent = read_timestamp(written or b"")
    if first_sent is None:
        reason = Reason.REQUIRED_TAG_MISSING if written is None else Reason.DATA_FORMAT
        return Fault(reason, tags.ORIG_SENDING_TIME)
    return Fault(Reason.SENDING_TIME) if sent is not None and first_sent > sent else None
