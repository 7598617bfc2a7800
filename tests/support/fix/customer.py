"""A client's side of trading: it writes messages, and checks, keeps and shows what it is told.

What it is told is shown as the standard's tables have it. The dictionary of its version, sums of
quantities and numbers of events are checked.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from fixengine.fix.dictionary import versions
from fixengine.fix.formats import write_timestamp
from fixengine.fix.framing import Frame
from fixengine.fix.message import Field, Message, body_of, parse
from fixengine.fix.validation import validate
from fixengine.rules.values import Execution
from fixengine.trading.values import Draft

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_NO_EVENT = b"0"  # ExecID(17) of a status


class Book(NamedTuple):
    """An order as its client knows it."""

    ordered: Decimal
    filled: Decimal
    left: Decimal
    price: Decimal | None

    @classmethod
    def read(cls, message: Message) -> "Book":
        """Return what a report says."""
        ordered, filled, left = (_decimal(message, tag) or Decimal(0) for tag in (38, 14, 151))
        return cls(ordered, filled, left, _decimal(message, 44))

    @classmethod
    def of(cls, execution: Execution) -> "Book":
        """Return what is so."""
        left = execution.remaining if execution.is_open else Decimal(0)
        return cls(
            execution.quantity_ordered, execution.quantity_filled, left, execution.limit_price
        )


class Customer:
    """Speaks a version of FIX."""

    def __init__(self, version: bytes) -> None:
        self.dictionary = versions()[version]
        self.now = BEGAN
        self.last: tuple[Message, ...] = ()  # what was told last
        self.books: dict[int, Book] = {}  # by OrderID
        self._exec_ids: set[bytes] = set()
        self._seq = 0

    def order(self, cl_ord_id: str, quantity: int | str, more: str = "") -> str:
        """Write a NewOrderSingle to buy IBM."""
        return self._text(f"35=D|11={cl_ord_id}|38={quantity}|", more)

    def cancel(self, cl_ord_id: str, original: str, more: str = "") -> str:
        return self._text(f"35=F|11={cl_ord_id}|41={original}|", more)

    def replace(self, cl_ord_id: str, original: str, quantity: int | str, more: str = "") -> str:
        return self._text(f"35=G|11={cl_ord_id}|41={original}|38={quantity}|", more)

    def status(self, cl_ord_id: str, more: str = "") -> str:
        return self._text(f"35=H|11={cl_ord_id}|", more)

    def message(self, text: str) -> Message:
        """Return a message that the session would deliver; asserts that it would."""
        self._seq += 1
        message = self._read(text)
        fault = validate(message, self.dictionary)
        assert fault is None, fault and fault.sentence
        return message

    def would_deliver(self, text: str) -> bool:
        """Say whether the session would deliver a message."""
        return validate(self._read(text), self.dictionary) is None

    def read(self, replies: Sequence[Draft]) -> list[str]:
        """Read what is told; return it as people would write it down."""
        self.last = tuple(self._checked(reply) for reply in replies)
        return [self._shown(message) for message in self.last]

    def _checked(self, reply: Draft) -> Message:
        """Return a reply as the client reads it; asserts that it is what the standard wants."""
        header: tuple[Field, ...] = (
            (35, reply.kind),
            (34, b"1"),
            (49, b"FIXENGINE"),
            (52, write_timestamp(self.now)),
            (56, b"OMS"),
        )
        body = body_of((*header, *reply.fields), self.dictionary.data_fields)
        message = parse(Frame(self.dictionary.version, body), self.dictionary.data_fields)
        fault = validate(message, self.dictionary)
        assert fault is None, (fault and fault.sentence, message.fields)
        if reply.kind == b"8":
            assert message.get(55), "dictionaries of clients want it, if not the standard's"
            exec_id = message.get(17) or b""
            assert exec_id == _NO_EVENT or exec_id not in self._exec_ids, "an event is told once"
            self._exec_ids.add(exec_id)
            order_id = message.get(37) or b""
            if order_id != b"NONE":
                _check_sums(message)
                self.books[int(order_id)] = Book.read(message)
        return message

    def _shown(self, message: Message) -> str:
        names = {tag: field.codes for tag, field in self.dictionary.fields.items()}

        def name(tag: int) -> str:
            value = message.get(tag) or b""
            return names[tag].get(value, value.decode())

        ids = ",".join(
            (message.get(tag) or b"").decode("latin-1") for tag in (11, 41) if message.get(tag)
        )
        if message.kind == b"9":
            return f"CancelReject({ids}) {name(39)} {name(102)}"
        if message.kind != b"8":
            return f"{self.dictionary.types[message.kind]} {name(373) or name(380)}"
        told = [name(tag) for tag in (150, 39, 103) if message.get(tag)]
        sums = ((message.get(tag) or b"0").decode() for tag in (38, 14, 151, 32))
        return f"Execution({ids}) {' '.join([*told, *sums])}"

    def _read(self, text: str) -> Message:
        kind, _, rest = text.partition("|")
        sent = write_timestamp(self.now).decode()
        header = f"{kind}|34={self._seq}|49=OMS|52={sent}|56=FIXENGINE|"
        if is_resent := rest.endswith("97=Y|"):
            rest = rest.removesuffix("97=Y|")
        body = f"{header}{'97=Y|' * is_resent}{rest}".replace("|", "\x01").encode("latin-1")
        return parse(Frame(self.dictionary.version, body), self.dictionary.data_fields)

    def _text(self, begin: str, rest: str) -> str:
        given = {each.partition("=")[0] for each in rest.split("|")}
        usual = {"54": "1", "55": "IBM"}
        if begin[3] != "H":
            usual["60"] = "20260302-09:30:00"
        if begin[3] in "DG":
            usual |= {"21": "1", "40": "1"}
        more = "".join(f"{tag}={value}|" for tag, value in usual.items() if tag not in given)
        return begin + more + rest


def _check_sums(message: Message) -> None:
    """Assert that what is filled and what is left are what was ordered, or nothing is left."""
    ordered, filled, left, _ = Book.read(message)
    is_whole = filled + left == ordered
    match message.get(39):
        case b"0" | b"1" | b"5":
            assert is_whole, message.fields
        case b"6" | b"E":  # of an order that is open, or is done by now
            assert is_whole or left == 0, message.fields
        case b"2" | b"4" | b"C":
            assert left == 0, message.fields
        case _:
            raise AssertionError(message.fields)


def _decimal(message: Message, tag: int) -> Decimal | None:
    value = message.get(tag)
    return None if value is None else Decimal(value.decode())
