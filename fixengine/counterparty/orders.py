"""Orders for a FIX gateway: those of a file, or generated ones, as fields of NewOrderSingle."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random

from fixengine.counterparty.logs import SEPARATORS
from fixengine.errors import MalformedError
from fixengine.fix import tags
from fixengine.fix.dictionary import Dictionary
from fixengine.fix.formats import write_timestamp
from fixengine.fix.message import Field

NEW_ORDER = b"D"
CL_ORD_ID, SYMBOL, SIDE, ORDER_QTY, TRANSACT_TIME = 11, 55, 54, 38, 60
ORD_TYPE, HANDL_INST = 40, 21
_BUY, _SELL, _MARKET, _AUTOMATED = b"1", b"2", b"1", b"1"
_FRAME = frozenset((tags.BEGIN_STRING, tags.BODY_LENGTH, tags.MSG_TYPE, tags.CHECK_SUM))

Order = tuple[Field, ...]


def generated(count: int, symbols: Sequence[str], *, seed: int) -> Iterator[Order]:
    """Yield market orders; the same seed yields the same ones."""
    rng = Random(seed)  # noqa: S311 - what is ordered is no secret
    for _ in range(count):
        yield (
            (SYMBOL, rng.choice(symbols).encode()),
            (SIDE, rng.choice((_BUY, _SELL))),
            (ORDER_QTY, b"%d" % (100 * rng.randint(1, 10))),
        )


def read_orders(lines: Sequence[bytes], dictionary: Dictionary) -> list[Order]:
    """Read an order a line, as `55=AAPL|54=1|38=100` or as a whole message; a line may be empty.

    Raises MalformedError with all lines that are none, or have the ClOrdID of another.
    """
    orders, problems = [], []
    given: dict[bytes, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            order = _order(line.strip(b" \r\n"), dictionary)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
            continue
        orders.append(order)
        id_ = dict(order).get(CL_ORD_ID)
        if id_ is not None and given.setdefault(id_, number) != number:
            problems.append(
                f"line {number}: ClOrdID(11) is that of line {given[id_]}: leave it out"
            )
    if problems:
        raise MalformedError("nothing was sent, for not all are orders\n  " + "\n  ".join(problems))
    return orders


def completed(order: Order, *, cl_ord_id: bytes, now: datetime) -> Order:
    """Return an order with what each must have, where it does not say it itself."""
    usual = (
        (CL_ORD_ID, cl_ord_id),
        (HANDL_INST, _AUTOMATED),
        (TRANSACT_TIME, write_timestamp(now)),
        (ORD_TYPE, _MARKET),
    )
    given = {tag for tag, _ in order}
    return (*(field for field in usual if field[0] not in given), *order)


def _order(line: bytes, dictionary: Dictionary) -> Order:
    separator = next((each for each in SEPARATORS if each in line), b"|")
    fields = []
    for part in line.removesuffix(separator.rstrip()).split(separator):
        written, equals, value = part.partition(b"=")
        if not (written.isdigit() and len(written) < 10 and equals and value):
            raise ValueError(
                f"{part.decode(errors='backslashreplace')!r} is no field such as 38=100"
            )
        tag = int(written)
        if tag == tags.MSG_TYPE and value != NEW_ORDER:
            raise ValueError("MsgType(35) is not D: only new orders are sent")
        if tag not in dictionary.header.tags | _FRAME:
            fields.append((tag, value))
    return tuple(fields)
