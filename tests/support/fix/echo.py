"""The application that the acceptance definitions expect behind a session."""

from collections.abc import Iterator, Sequence

from fixengine.fix import tags
from fixengine.fix.message import Field, Message
from fixengine.trading.application import Needs
from fixengine.trading.values import Decision, Draft, Evaluated, ListingPage, Look, Refused
from tests.support.fix.sides import Reply

_CL_ORD_ID, _POSS_RESEND = 11, 97


class Echo:
    """Sends orders and security definitions back, and says of all else that it can't."""

    def __init__(self) -> None:
        self._orders: set[bytes | None] = set()

    def __call__(self, message: Message) -> list[Reply]:
        if message.kind == tags.REJECT:
            return []
        if message.kind not in {b"D", b"d"}:
            seq = message.get(tags.MSG_SEQ_NUM) or b""
            said = (b"45", seq), (b"58", b"Unsupported Message Type"), (b"372", message.kind)
            return [(b"j", (*((int(tag), value) for tag, value in said), (380, b"3")))]
        order = message.get(_CL_ORD_ID)
        is_known = message.kind == b"D" and order in self._orders
        self._orders.add(order)
        if is_known and message.is_set(_POSS_RESEND):
            return []
        return [(message.kind, tuple(sorted(self._body(message))))]

    @staticmethod
    def _body(message: Message) -> Iterator[Field]:
        own = {35, 34, 43, 49, 52, 56, 122}
        return (each for each in message.fields if each[0] not in own)


class EchoApplication:
    """The same for a gateway."""

    def __init__(self) -> None:
        self._echo = Echo()

    def needs(self, messages: Sequence[Message]) -> Needs:
        return Needs(frozenset(), 0)

    def decide(self, messages: Sequence[Message], look: Look) -> Decision:
        said = [reply for message in messages for reply in self._echo(message)]
        return Decision(replies=tuple(Draft(kind=kind, fields=body) for kind, body in said))

    def tell(self, waiting: Sequence[Evaluated | Refused]) -> Decision:
        raise AssertionError(f"an echo has no orders: {waiting}")

    def tell_status(self, page: ListingPage) -> Decision:
        raise AssertionError(f"an echo has no orders: {page}")
