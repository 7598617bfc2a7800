"""What one step of a session comes to: rows to store, then bytes to send, then its end."""

from collections.abc import Iterable
from time import monotonic

from fixengine.fix import tags
from fixengine.fix.effects import (
    Abandoned,
    Deliver,
    Disconnect,
    Effect,
    Fetch,
    Ignored,
    Numbered,
    Reset,
    Transmit,
)
from fixengine.fix.message import Message
from fixengine.ports.fix import Sent, TakenSession, Work
from fixengine.trading.values import Decision, Draft


class Step:
    """Collects a session's effects in their order.

    `size` is how many bytes that came led to it, `began` a monotonic time.
    """

    def __init__(self, generation: int, *, size: int = 0) -> None:
        self.generation = generation
        self.size = size
        self.began = monotonic()
        self.delivered: list[Message] = []
        self.sent: list[Sent] = []
        self.out = bytearray()
        self.fetch: Fetch | None = None
        self.closes: str | None = None
        self.ignored: list[str] = []
        self.abandoned: list[Abandoned] = []

    def add(self, effects: Iterable[Effect], reply: Draft | None = None) -> None:
        """Take effects; those of a reply are of the evaluation that it tells of."""
        for effect in effects:
            match effect:
                case Transmit(data=data):
                    self.out += data
                case Numbered():
                    if effect.kind not in tags.ADMINISTRATIVE:
                        self.sent.append(_kept(effect, reply))
                case Deliver(message=message):
                    self.delivered.append(message)
                case Fetch():
                    self.fetch = effect
                case Reset():
                    self.generation += 1
                    self.sent.clear()  # of the generation that is over
                case Ignored(why=why):
                    self.ignored.append(why)
                case Abandoned():
                    self.abandoned.append(effect)
                case Disconnect(why=why):
                    self.closes = why

    def work(self, after: TakenSession, decision: Decision) -> Work:
        """Return what is to be stored of it, with the numbers after it and what was decided."""
        return Work(
            session_id=after.id,
            epoch=after.epoch,
            generation=after.generation,
            next_in=after.next_in,
            next_out=after.next_out,
            sent=tuple(self.sent),
            new_orders=decision.new_orders,
            requests=decision.requests,
            orders=decision.orders,
            done=decision.done,
            told=decision.told,
        )


def _kept(numbered: Numbered, reply: Draft | None) -> Sent:
    return Sent(
        seq=numbered.seq,
        kind=numbered.kind,
        sent_at=numbered.sent_at,
        body=numbered.body,
        execution_id=None if reply is None else reply.execution_id,
        number=None if reply is None else reply.number,
    )
