"""Two sides, a line that loses, delays and garbles, and drivers that die: nothing is lost."""

from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fixengine.fix import tags
from fixengine.fix.door import Door, Knock
from fixengine.fix.message import Message
from tests.support.fix.sides import Clock, Reply, Side, settings

NEWS = b"B"  # known, and its fields are nobody's business
HEARTBEAT = 10
_ROUNDS = 40

words = st.sampled_from([b"a", b"8=FIX.4.4", b"10=000", b"\xfc", b"=", b"8=FIX"])
sides = st.sampled_from(["acceptor", "initiator"])


class Line:
    """Bytes on their way from one side to the other."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def taken(self, share: float) -> bytes:
        count = max(1, round(len(self.bytes) * share))
        data = bytes(self.bytes[:count])
        del self.bytes[:count]
        return data


class TwoSides(RuleBasedStateMachine):
    """An initiator sends news, an acceptor sends news and answers each that it gets."""

    @initialize(interval=st.sampled_from([0, HEARTBEAT]))
    def begin(self, interval: int) -> None:
        self.clock = Clock()
        self.count = 0
        self.door: Door | None = None
        self.sides = {
            "acceptor": Side(settings(b"ENGINE", b"CLIENT"), self.clock, self.answer),
            "initiator": Side(
                settings(b"CLIENT", b"ENGINE", heartbeat_seconds=interval),
                self.clock,
                lambda _: (),
            ),
        }
        self.lines = {name: Line() for name in self.sides}  # by who receives

    def answer(self, message: Message) -> list[Reply]:
        return [] if message.kind == tags.REJECT else [(NEWS, ((58, message.get(58) or b""),))]

    @rule()
    def connect(self) -> None:
        """Whatever was there before is lost, with all that was on its way."""
        self.cut("both")
        self.door = Door(self.clock.ticks)
        caller = self.sides["initiator"]
        self.lines["acceptor"].bytes += caller.perform(caller.begin().open(self.clock.now))

    @rule(who=st.sampled_from(["acceptor", "initiator", "both"]))
    def cut(self, who: str) -> None:
        """Lose the connection; one side may not notice."""
        for line in self.lines.values():
            line.bytes.clear()
        self.door = None
        for name, side in self.sides.items():
            if who in {name, "both"}:
                side.session.lose()

    @rule(who=sides, word=words)
    def send(self, who: str, word: bytes) -> None:
        self.count += 1
        side = self.sides[who]
        news = (NEWS, ((58, b"%d %b" % (self.count, word)),))
        self.out(who, side.perform(side.session.send(self.clock.now, *news)))

    @rule(who=sides, share=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]))
    def receive(self, who: str, share: float) -> None:
        line, side = self.lines[who], self.sides[who]
        if not line.bytes:
            return
        data = line.taken(share)
        if who == "initiator" or self.door is None:
            self.out(who, side.perform(side.session.received(self.clock.now, data)))
            return
        match self.door.received(data):
            case Knock() as knock:
                session, framer = side.begin(), self.door.framer
                self.door = None
                effects = session.accept(self.clock.now, knock.logon, framer)
                self.out(who, side.perform(effects))
            case None:
                pass
            case _:
                self.cut("both")

    @rule(seconds=st.sampled_from([0.01, 3.0, 11.0]))
    def wait(self, seconds: float) -> None:
        self.clock.reach(self.clock.ticks + seconds)
        for who, side in self.sides.items():
            self.out(who, side.perform(side.session.passed(self.clock.now)))

    @rule(who=sides, at=st.floats(0, 1), bits=st.integers(1, 255))
    def garble(self, who: str, at: float, bits: int) -> None:
        line = self.lines[who].bytes
        if line:
            line[round(at * (len(line) - 1))] ^= bits

    @rule(who=sides)
    def die_soon(self, who: str) -> None:
        self.sides[who].fails = True

    @rule(who=sides)
    def leave(self, who: str) -> None:
        side = self.sides[who]
        self.out(who, side.perform(side.session.leave(self.clock.now, "enough")))

    @precondition(lambda self: hasattr(self, "sides"))
    @invariant()
    def each_has_seen_what_was_sent_in_order_and_once(self) -> None:
        for receiver, sender in (("acceptor", "initiator"), ("initiator", "acceptor")):
            seen, sent = self.seen(receiver), self.sent(sender)
            assert seen == sent[: len(seen)]

    def teardown(self) -> None:
        if not hasattr(self, "sides"):
            return
        for side in self.sides.values():
            side.fails = False
        for _ in range(_ROUNDS):
            if not all(side.is_up for side in self.sides.values()) or self.door is not None:
                self.connect()
            while any(line.bytes for line in self.lines.values()):
                for who in self.sides:
                    self.receive(who, 1.0)
            if self.is_done():
                return
            self.wait(3.0)
        raise AssertionError("something never arrives")

    def is_done(self) -> bool:
        return all(
            self.seen(receiver) == self.sent(sender)
            for receiver, sender in (("acceptor", "initiator"), ("initiator", "acceptor"))
        )

    def out(self, who: str, data: bytes) -> None:
        """Put bytes on the line, and close it if the side did."""
        other = "initiator" if who == "acceptor" else "acceptor"
        self.lines[other].bytes += data
        side = self.sides[who]
        if side.why is not None:
            side.why = None
            while self.lines[other].bytes:
                self.receive(other, 1.0)
            self.sides[other].session.lose()

    def seen(self, who: str) -> list[bytes | None]:
        return [each.get(58) for each in self.sides[who].books.seen if each.kind == NEWS]

    def sent(self, who: str) -> list[bytes]:
        kept = self.sides[who].books.kept
        return [kept[seq].body[len(b"58=") : -1] for seq in sorted(kept) if kept[seq].kind == NEWS]


TestTwoSides = TwoSides.TestCase
TestTwoSides.settings = effort(max_examples=40, stateful_step_count=40, deadline=None)
