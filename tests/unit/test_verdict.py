"""What a client was told, held against the ledger: whatever goes wrong is found."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from fixengine.fix.message import Message
from tests.support.fix.book import Book, content
from tests.support.fix.ledger import Event, Held, Ledger, Request
from tests.support.fix.verdict import verdict

_TOLD = (
    "35=8|34=2|11=A|37=7|17=7-0|150=0|39=0|38=10|14=0|151=10|6=0",
    "35=8|34=3|11=A|37=7|17=7-1|150=F|39=1|38=10|14=4|151=6|6=2.5|32=4|31=2.5",
    "35=8|34=4|11=B|41=A|37=7|17=1.99.3|150=6|39=6|38=10|14=4|151=6|6=2.5",
    "35=8|34=5|11=A|37=7|17=7-2|150=F|39=6|38=10|14=5|151=5|6=2.6|32=1|31=3",
    "35=8|34=6|11=B|41=A|37=7|17=7-3|150=4|39=4|38=10|14=5|151=0|6=2.6",
    "35=9|34=7|11=C|41=B|37=7|39=4|434=2|102=0",
)


def message(text: str) -> Message:
    fields = tuple(each.partition("=") for each in text.split("|"))
    return Message(tuple((int(tag), value.encode()) for tag, _, value in fields), None, 0)


def book(told: tuple[str, ...] = _TOLD) -> Book:
    book = Book(asked={b"A": b"D", b"B": b"F", b"C": b"G"})
    for text in told:
        book.take(message(text))
    return book


RIGHT = Ledger(
    sent={n: content(message(text)) for n, text in enumerate(_TOLD, 2)},
    requests={
        b"A": Request("NEW", "DONE"),
        b"B": Request("CANCEL", "DONE"),
        b"C": Request("REPLACE", "REFUSED"),
    },
    orders={
        7: Held(
            b"B",
            None,
            b"0",
            is_open=False,
            quantity=Decimal(10),
            filled=Decimal(5),
            amount=Decimal(13),
        )
    },
    events={
        (7, 1): Event(None, Decimal(4), Decimal("2.5"), Decimal(4)),
        (7, 2): Event(None, Decimal(1), Decimal(3), Decimal(5)),
        (7, 3): Event("CANCEL", Decimal(0), None, Decimal(5)),
    },
)


def without(number: int) -> Book:
    return book(tuple(each for each in _TOLD if f"|34={number}|" not in each))


def instead(number: int, old: str, new: str) -> Book:
    return book(tuple(t.replace(old, new) if f"|34={number}|" in t else t for t in _TOLD))


def found(book: Book, ledger: Ledger = RIGHT) -> str:
    return "\n".join(verdict(book, ledger))


def test_a_book_that_is_as_the_ledger_has_no_fault() -> None:
    assert found(book()) == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: without(3), "number 3 was never told"),
        (lambda: without(3), "event b'7-1' was never told"),
        (lambda: without(6), "CANCEL b'B' was answered 0 times"),
        (lambda: book((*_TOLD, _TOLD[1])), "number 3 was told 2 times"),
        (
            lambda: book((*_TOLD, _TOLD[1].replace("34=3", "34=8"))),
            "ExecID b'7-1' was told 2 times",
        ),
        (
            lambda: book((*_TOLD, _TOLD[5].replace("34=7", "34=8"))),
            "REPLACE b'C' was answered 2 times",
        ),
        (lambda: instead(3, "32=4", "32=3"), "event b'7-1' of type b'F' is"),
        (lambda: instead(3, "31=2.5", "31=2.6"), "event b'7-1' of type b'F' is"),
        (lambda: instead(3, "14=4", "14=5"), "event b'7-1' of type b'F' is"),
        (lambda: instead(3, "17=7-1", "17=7-9"), "event b'7-9' was told, and is not in the ledger"),
        (lambda: instead(3, "34=3", "34=9"), "number 9 was told, and nothing is kept of it"),
        (lambda: instead(3, "39=1", "39=0"), "number 3 said"),
        (lambda: instead(5, "11=A", "11=B"), "a fill of 7 has b'B', in force is b'A'"),
        (lambda: instead(6, "39=4", "39=2"), "number 6 said"),
        (lambda: instead(7, "39=4", "39=2"), "execution 7 was told as"),
        (lambda: instead(6, "6=2.6", "6=2.7"), "execution 7 was told as"),
        (lambda: instead(6, "11=B", "11=A"), "execution 7 was told as"),
        (lambda: book((*_TOLD, "35=3|34=8|45=4|58=no")), "a good message was refused"),
    ],
)
def test_what_a_client_was_told_wrongly_is_found(wrong: Callable[[], Book], words: str) -> None:
    assert words in found(wrong())


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        (replace(RIGHT, orders={}), "execution 7 was told, and is not in the ledger"),
        (replace(RIGHT, requests={}), "NEW b'A' is not in the ledger"),
        (
            replace(RIGHT, requests={**RIGHT.requests, b"C": Request("REPLACE", "DONE")}),
            "REPLACE b'C' was told as REFUSED",
        ),
        (
            replace(RIGHT, requests={**RIGHT.requests, b"D": Request("NEW", "DONE")}),
            "the ledger has b'D', which nobody asked for",
        ),
        (
            replace(
                RIGHT,
                events={**RIGHT.events, (7, 4): Event("EXPIRE", Decimal(0), None, Decimal(5))},
            ),
            "event b'7-4' was never told",
        ),
    ],
)
def test_what_the_ledger_has_otherwise_is_found(ledger: Ledger, words: str) -> None:
    assert words in found(book(), ledger)
