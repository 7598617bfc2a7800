"""The audit of one execution: its columns, its state, and how its ledger led there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from fixengine.audit.changes import Changes, status_of
from fixengine.audit.evidence import Expected
from fixengine.audit.verdict import Kind
from fixengine.rules.values import Execution, LedgerEntry, Terms

_EXACT = Context(prec=80)
# as the suite's document has them, 400 % too; written here once more, as the audit shares no rule
# with the engine
_SHARES = tuple(Decimal(percent) / 100 for percent in (80, 60, 400, 20, 10))
_SMALL = Decimal(100)
_LARGEST_SHARE = Decimal(10_000)
_LOWEST_LIMIT = Decimal("0.0001")  # below it there is none, as the Go service wrote 0 for it
_PLACES = Decimal("0.00000001")
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """How an execution stood before the first fill that its ledger knows."""

    number: int = 0
    quantity_filled: Decimal = Decimal(0)
    total_amount: Decimal = Decimal(0)
    version: int


def base_of(fills: Sequence[LedgerEntry], *, adopted: bool, version: int) -> Base:
    """Return where a ledger begins: at nothing, or, if it was adopted, before its first fill."""
    if not (adopted and fills):
        return Base(version=version)
    first = fills[0]
    return Base(
        number=first.number - 1,
        quantity_filled=first.quantity_filled - first.quantity,
        total_amount=first.total_amount - _amount(first.quantity, first.price or Decimal(0)),
        version=first.version - 1,
    )


def execution_problems(
    row: Execution,
    fills: Sequence[LedgerEntry],
    *,
    changes: Changes,
    base: Base,
    empty_fills_announced: bool | None,
) -> Iterator[tuple[Kind, str]]:
    """Yield what is wrong with an execution, given its fills in order of number."""
    yield from ((_kind_of_state(row), problem) for problem in _state_problems(row, changes))
    for problem in _ledger_problems(
        row, fills, changes, base, empty_fills_announced=empty_fills_announced
    ):
        yield Kind.LEDGER, problem
    for problem in changes.problems(fills):
        yield Kind.LEDGER, problem
    for problem in _total_problems(row, fills, base):
        yield Kind.LEDGER, problem


def _kind_of_state(row: Execution) -> Kind:
    return Kind.OVERFILLED if row.quantity_filled > row.quantity_ordered else Kind.STATE


def mapping_problems(order: Expected, row: Execution) -> Iterator[str]:
    """Yield in which columns an execution, as it was before any change, differs from its order."""
    columns = (
        ("trade_type", order.trade_type, row.trade_type),
        ("destination", order.destination, row.destination),
        ("security_id", order.security_id, row.security_id.lower()),
        ("ticker", row.ticker if order.ticker is None else order.ticker, row.ticker),
        ("quantity_ordered", order.quantity_ordered, row.quantity_ordered),
        ("limit_price", order.limit_price, _limit(row.terms)),
        ("received_timestamp", order.received_timestamp, row.received_timestamp),
        (
            "trade_service_execution_id",
            order.trade_service_execution_id,
            row.trade_service_execution_id,
        ),
        ("expires_at", order.expires_at, row.expires_at),
    )
    for name, wanted, found in columns:
        if wanted != found:
            yield f"{name} is {found}, the order says {wanted}"


def _state_problems(row: Execution, changes: Changes) -> Iterator[str]:
    if row.sent_timestamp < row.received_timestamp:
        yield "sent_timestamp is before received_timestamp"
    ended = changes.ended(row.number_of_fills)
    status = status_of(row.quantity_filled, row.quantity_ordered, ended=ended)
    closed = ended or row.quantity_filled == row.quantity_ordered
    says = "its last change says" if ended else "its quantities say"
    if row.quantity_filled > row.quantity_ordered:
        yield f"{row.quantity_filled} are filled, more than the {row.quantity_ordered} ordered"
    if row.execution_status != status:
        yield f"execution_status is {row.execution_status}, {says} {status}"
    if row.is_open == closed:
        yield f"is_open is {row.is_open} although {says} {status}"
    if (row.next_fill_timestamp is None) != closed:
        yield f"next_fill_timestamp is {row.next_fill_timestamp} although it is {status}"


def _ledger_problems(
    row: Execution,
    fills: Sequence[LedgerEntry],
    changes: Changes,
    base: Base,
    *,
    empty_fills_announced: bool | None,
) -> Iterator[str]:
    numbers = [fill.number for fill in fills]
    if numbers != [*range(base.number + 1, base.number + len(fills) + 1)]:
        yield f"the ledger numbers its fills {shown(numbers)}"
    filled, total, version = base.quantity_filled, base.total_amount, base.version
    last = row.sent_timestamp
    for fill in fills:
        name = f"fill {fill.number}"
        terms = changes.terms_of(fill.number)
        left = terms.quantity - filled
        # the Go service left executions open that were full
        closes = left == fill.quantity == 0 and 0 < base.number == fill.number - 1
        allowed = closes or 0 < fill.quantity == left
        if not allowed and fill.quantity not in _allowed(row, left):
            yield f"{name} of {fill.quantity} is none that the rules allow"
        price = fill.price or Decimal(0)
        if fill.quantity > 0 and not (price and _limit_holds(row.trade_type, terms, price)):
            yield f"{name} at {fill.price} is beyond the limit of {terms.limit_price}"
        filled += fill.quantity
        total = _EXACT.add(total, _amount(fill.quantity, price))
        version += 1
        totals = (fill.quantity_filled, fill.total_amount, fill.version)
        wanted = (filled, total, version)
        if totals != wanted:
            yield f"{name} leads to {_totals(totals)} instead of {_totals(wanted)}"
        if filled <= 0 and empty_fills_announced is None:
            pass  # both are right
        elif row.by_fix and not fill.announced:
            pass  # those are published where FIX_ANNOUNCE asks for it
        elif fill.announced != (filled > 0 or empty_fills_announced):
            yield f"{name} is {'' if fill.announced else 'not '}announced"
        if fill.filled_at is None and fill.announced:
            yield f"{name} has no time"
        if (fill.filled_at or last) < last:
            yield f"{name} is from before what precedes it"
        filled, total, version = totals
        last = fill.filled_at or last


def _total_problems(row: Execution, fills: Sequence[LedgerEntry], base: Base) -> Iterator[str]:
    if row.number_of_fills != base.number + len(fills):
        yield f"number_of_fills is {row.number_of_fills}, the ledger has {len(fills)} fills"
    last = fills[-1] if fills else None
    wanted = (
        (last.quantity_filled, last.total_amount, last.version)
        if last
        else (base.quantity_filled, base.total_amount, base.version)
    )
    found = (row.quantity_filled, row.total_amount, row.version)
    if found != wanted:
        yield f"the execution has {_totals(found)}, its ledger ends with {_totals(wanted)}"
    if row.last_fill_timestamp != (last.filled_at if last else None):
        yield f"last_fill_timestamp is {row.last_fill_timestamp}, not its last fill's"


def _allowed(row: Execution, remaining: Decimal) -> frozenset[Decimal]:
    if row.time_in_force == "FOK":
        return frozenset((remaining, Decimal(0)))
    return allowed_quantities(remaining)


def allowed_quantities(remaining: Decimal) -> frozenset[Decimal]:
    """Return every quantity that an evaluation may fill when `remaining` (> 0) is left."""
    if remaining <= 0:
        return frozenset()
    shares = _SHARES if remaining > _SMALL else ()
    drawn = (
        min((remaining * share).quantize(Decimal(1), ROUND_HALF_UP), _LARGEST_SHARE, remaining)
        for share in shares
    )
    return frozenset((remaining, Decimal(0), *drawn))


def _limit(terms: Terms) -> Decimal | None:
    limit = terms.limit_price
    return limit if limit is None or limit >= _LOWEST_LIMIT else None


def _limit_holds(trade_type: str, terms: Terms, price: Decimal) -> bool:
    limit = _limit(terms)
    if limit is None:
        return True
    if trade_type in {"BUY", "COVER"}:
        return price <= limit
    return price >= limit or trade_type not in {"SELL", "SHORT"}


def _amount(quantity: Decimal, price: Decimal) -> Decimal:
    return _EXACT.multiply(quantity, price).quantize(_PLACES, ROUND_HALF_UP, _EXACT)


def _totals(totals: tuple[Decimal, Decimal, int]) -> str:
    return f"{totals[0]} filled for {totals[1]} (version {totals[2]})"


def shown(numbers: Sequence[object]) -> str:
    """Return a list as Python writes it, of a long one the beginning."""
    if len(numbers) <= _SHOWN:
        return f"[{', '.join(map(str, numbers))}]"
    return f"[{', '.join(map(str, numbers[:_SHOWN]))}, … {len(numbers)} in all]"
