"""Whether a client's book and the ledger say the same: the guarantees of sessions, one by one."""

from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from fixengine.fix import tags
from fixengine.fix.message import Message
from fixengine.trading import codes
from fixengine.trading.tags import (
    CL_ORD_ID,
    CUM_QTY,
    EXEC_ID,
    EXEC_TYPE,
    LAST_PX,
    LAST_QTY,
)
from tests.support.fix.book import Book, Standing, number_of
from tests.support.fix.ledger import Event, Held, Ledger

_KINDS = {codes.NEW_ORDER: "NEW", codes.CANCEL_REQUEST: "CANCEL", codes.REPLACE_REQUEST: "REPLACE"}
_DONE = {"NEW": b"0", "CANCEL": b"4", "REPLACE": b"5"}
_CHANGES = {"CANCEL": {b"4"}, "REPLACE": {b"5", b"D"}, "EXPIRE": {b"4", b"C"}}
_FILL, _REJECTED = b"F", b"8"
_OF_NO_EVENT = b"0"
_PLACES = Decimal("0.0001")


def verdict(book: Book, ledger: Ledger) -> Iterator[str]:
    """Yield what is wrong, in words."""
    yield from book.astray
    yield from _numbers(book, ledger)
    yield from _events(book, ledger)
    yield from _answers(book, ledger)
    yield from _standings(book, ledger)


def _numbers(book: Book, ledger: Ledger) -> Iterator[str]:
    """Each number that was given was told, once, and says what is kept of it."""
    times = Counter(seq for seq, _ in book.contents())
    yield from (f"number {seq} was told {times[seq]} times" for seq in times if times[seq] > 1)
    yield from (f"number {seq} was never told" for seq in sorted(ledger.sent.keys() - times))
    for seq, said in book.contents():
        kept = ledger.sent.get(seq)
        if kept is None:
            yield f"number {seq} was told, and nothing is kept of it: {_shown(said)}"
        elif kept != said:
            yield f"number {seq} said {_shown(said)}, what is kept says {_shown(kept)}"


def _events(book: Book, ledger: Ledger) -> Iterator[str]:
    """Each event has one report, which says what the ledger says; no report tells of another."""
    told: Counter[bytes] = Counter()
    for report in book.told:
        if report.kind in {tags.REJECT, codes.BUSINESS_REJECT}:
            yield f"a good message was refused: {_shown(report.fields)}"
        exec_id = report.get(EXEC_ID)
        if exec_id is None or exec_id == _OF_NO_EVENT:
            continue
        told[exec_id] += 1
        yield from _event(report, exec_id, ledger)
    yield from (f"ExecID {each!r} was told {n} times" for each, n in told.items() if n > 1)
    expected = {
        *(b"%d-0" % order for order in ledger.orders),
        *(b"%d-%d" % key for key in ledger.events),
    }
    yield from (f"event {each!r} was never told" for each in sorted(expected - told.keys()))


def _event(report: Message, exec_id: bytes, ledger: Ledger) -> Iterator[str]:
    order, kind = number_of(report), report.get(EXEC_TYPE)
    if order is not None and order not in ledger.orders:
        yield f"execution {order} was told, and is not in the ledger"
    execution, dash, number = exec_id.partition(b"-")
    if not dash or number == b"0":
        return  # of no evaluation
    event = ledger.events.get((int(execution), int(number)))
    if event is None:
        yield f"event {exec_id!r} was told, and is not in the ledger"
    elif not _says(report, event):
        yield f"event {exec_id!r} of type {kind!r} is {event} in the ledger"


def _says(report: Message, event: Event) -> bool:
    kind, filled = report.get(EXEC_TYPE), _decimal(report, CUM_QTY)
    if event.kind is not None:
        return kind in _CHANGES[event.kind] and filled == event.filled
    terms = (_decimal(report, LAST_QTY), _decimal(report, LAST_PX))
    return kind == _FILL and terms == (event.quantity, event.price) and filled == event.filled


def _answers(book: Book, ledger: Ledger) -> Iterator[str]:
    """Each ClOrdID was answered once: done, or refused; the ledger has the same answer."""
    done: Counter[tuple[bytes, bytes]] = Counter()
    refused: Counter[bytes] = Counter()
    for each in book.told:
        cl_ord_id = each.get(CL_ORD_ID) or b""
        if each.kind == codes.CANCEL_REJECT or each.get(EXEC_TYPE) == _REJECTED:
            refused[cl_ord_id] += 1
        elif each.kind == codes.EXECUTION_REPORT:
            done[cl_ord_id, each.get(EXEC_TYPE) or b""] += 1
    for cl_ord_id, message_type in book.asked.items():
        kind = _KINDS[message_type]
        answers = done[cl_ord_id, _DONE[kind]], refused[cl_ord_id]
        if sum(answers) != 1:
            yield f"{kind} {cl_ord_id!r} was answered {sum(answers)} times"
        request = ledger.requests.get(cl_ord_id)
        state = "DONE" if answers[0] else "REFUSED"
        if request is None:
            yield f"{kind} {cl_ord_id!r} is not in the ledger"
        elif (request.kind, request.state) != (kind, state):
            yield f"{kind} {cl_ord_id!r} was told as {state}, the ledger has {request}"
    unasked = ledger.requests.keys() - book.asked.keys()
    yield from (f"the ledger has {each!r}, which nobody asked for" for each in sorted(unasked))


def _standings(book: Book, ledger: Ledger) -> Iterator[str]:
    for number, held in ledger.orders.items():
        told, expected = book.standings.get(number), _standing(number, held, ledger)
        if told != expected:
            yield f"execution {number} was told as {told}, by the ledger it is {expected}"


def _standing(number: int, held: Held, ledger: Ledger) -> Standing:
    average = Decimal(0)
    if held.filled:
        average = (held.amount / held.filled).quantize(_PLACES, ROUND_HALF_UP)
    return Standing(
        cl_ord_id=held.cl_ord_id,
        status=_status(number, held, ledger),
        quantity=held.quantity,
        filled=held.filled,
        leaves=held.quantity - held.filled if held.is_open else Decimal(0),
        average=average,
    )


def _status(number: int, held: Held, ledger: Ledger) -> bytes:
    if held.is_open:
        return b"1" if held.filled else b"0"
    if held.filled >= held.quantity:
        return b"2"
    last = max(key for key in ledger.events if key[0] == number)
    is_over = ledger.events[last].kind == "EXPIRE" and held.time_in_force in {b"0", b"6"}
    return b"C" if is_over else b"4"


def _decimal(report: Message, tag: int) -> Decimal | None:
    value = report.get(tag)
    return None if value is None else Decimal(value.decode())


def _shown(fields: tuple[tuple[int, bytes], ...]) -> str:
    return "|".join(f"{tag}={value.decode('latin-1')}" for tag, value in fields)
