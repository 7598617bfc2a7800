"""A client's book says of each order what it was told last."""

from datetime import UTC, datetime

import pytest

from fixengine.counterparty.book import Book, Entry
from fixengine.fix.framing import Frame
from fixengine.fix.message import Message, parse

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NUMBER = 7


def message(text: str) -> Message:
    return parse(Frame(b"FIX.4.4", text.replace("|", "\x01").encode()), {})


class Told:
    """A book with one order, and what it is told."""

    def __init__(self) -> None:
        self.book = Book()
        self.book.ordered(((11, b"A"), (55, b"IBM"), (54, b"1"), (38, b"100")), NUMBER)
        self._exec_id = 0

    @property
    def entry(self) -> Entry:
        return self.book.entries[0]

    def report(self, status: str, ids: str = "11=A|") -> bool:
        self._exec_id += 1
        return self.book.take(message(f"35=8|17=E{self._exec_id}|39={status}|{ids}"))


@pytest.mark.parametrize(
    ("status", "is_done"),
    [("0", 0), ("1", 0), ("6", 0), ("E", 0), ("2", 1), ("3", 1), ("4", 1), ("8", 1), ("C", 1)],
)
def test_an_order_is_done_when_its_status_says_so(status: str, is_done: int) -> None:
    told = Told()
    assert told.report(status)
    assert told.book.done == is_done
    assert len(told.book.open) == 1 - is_done
    assert told.book.counts == {status.encode(): 1}


def test_a_report_that_comes_again_says_nothing_new() -> None:
    told = Told()
    assert told.report("2")
    assert not told.book.take(message("35=8|17=E1|39=0|11=A|"))
    assert told.book.done == 1


def test_a_cancel_names_the_order_and_its_answer_ends_it() -> None:
    told = Told()
    request = dict(told.book.cancel_request(told.entry, b"C", NOW))
    assert request == {
        41: b"A",
        11: b"C",
        55: b"IBM",
        54: b"1",
        38: b"100",
        60: b"20260302-09:30:00.000",
    }
    told.report("6", "11=C|41=A|")
    assert told.book.done == 0
    told.report("4", "11=C|41=A|")
    assert told.book.done == 1


def test_a_cancel_that_is_refused_leaves_the_order_as_it_is() -> None:
    for refusal in ("35=9|11=C|41=A|39=0|", f"35=3|45={NUMBER + 1}|", f"35=j|45={NUMBER + 1}|"):
        told = Told()
        told.report("0")
        assert told.book.take(message(refusal))
        assert (told.book.done, told.book.is_refused) == (0, False)


def test_an_order_that_the_session_refuses_is_rejected() -> None:
    for refusal in (f"35=3|45={NUMBER}|", f"35=j|45={NUMBER}|"):
        told = Told()
        assert told.book.take(message(refusal))
        assert (told.book.done, told.book.is_refused) == (1, True)


def test_an_order_whose_cl_ord_id_was_used_before_is_rejected_whatever_the_first_one_is() -> None:
    for first in "024C":
        told = Told()
        told.report(first, "150=8|103=6|11=A|")
        assert (told.book.done, told.book.is_refused) == (1, True)
    told = Told()
    told.report("0")
    told.report("1", "150=8|103=6|11=A|")
    assert told.book.counts == {b"1": 1}, "another one was refused, this one lives on"


def test_an_order_that_was_taken_is_rejected_no_more() -> None:
    told = Told()
    told.report("0")
    told.book.take(message(f"35=3|45={NUMBER}|"))
    assert told.book.counts == {b"0": 1}


def test_messages_about_nothing_that_is_known_change_nothing() -> None:
    told = Told()
    assert told.report("2", "11=X|")
    for other in ("35=3|45=99|", "35=3|", "35=9|11=X|", "35=B|"):
        assert told.book.take(message(other))
    assert told.book.done == 0
