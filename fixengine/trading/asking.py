"""What a client asks for with an order or a replace request: its fields, read and checked.

All functions raise ObjectionError for what the client may correct, and MiswrittenError for what is
no number that the engine knows.
"""

from decimal import Decimal
from typing import NamedTuple

from fixengine.fix.faults import Fault, Reason
from fixengine.fix.message import Message
from fixengine.rules.decimals import COLUMN_LIMIT, for_column, plain
from fixengine.rules.values import LOWEST_LIMIT, Terms, TradeType
from fixengine.trading import tags
from fixengine.trading.agreement import SymbolTable
from fixengine.trading.codes import NO_SYMBOL, OrdType, Side
from fixengine.trading.objections import MiswrittenError, ObjectionError, Why, named

LONGEST_TEXT = 100
"""The most bytes that a ClOrdID(11) or an Account(1) may have, as both are kept."""

SEEN_BEFORE = "the session has used this ClOrdID(11) before: give a new one"
"""What is wrong with a ClOrdID that comes a second time."""

DONE = "the order is done: nothing of it remains"
"""Why nothing can be asked for."""

_MOST_PLACES = 8
_SECURITY_ID_LENGTH = 24
_BILATERAL_LENGTH = 3  # the standard's own are shorter
_HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")
_OPEN_OR_CLOSE = {
    Side.BUY: TradeType.BUY,
    Side.SELL: TradeType.SELL,
    Side.SELL_SHORT: TradeType.SHORT,
}


class Instrument(NamedTuple):
    """A security: its id, and its ticker."""

    security_id: str
    ticker: str


def is_kept(text: bytes) -> bool:
    """Say whether a ClOrdID(11) or an Account(1) is short enough to be kept."""
    return len(text) <= LONGEST_TEXT


def text(message: Message, tag: int) -> bytes | None:
    """Return a text that is kept, None if it is not there."""
    value = message.get(tag)
    if value is not None and not is_kept(value):
        raise ObjectionError(
            Why.OTHER, f"{named(tag)} has more than {LONGEST_TEXT} bytes: shorten it"
        )
    return value


def instrument(message: Message, symbols: SymbolTable) -> Instrument:
    """Return the security: Symbol(55) is its ticker, a bilateral SecurityID(48) its id."""
    by_id, by_ticker = _by_id(message, symbols), _by_ticker(message, symbols)
    found = by_id or by_ticker
    if found is None:
        raise _unknown("give its ticker as Symbol(55)")
    if by_id is not None and by_ticker is not None and by_id != by_ticker:
        raise _unknown("Symbol(55) and SecurityID(48) name two different ones: give one of them")
    return found


def has_own_id(message: Message) -> bool:
    """Say whether SecurityID(48) is a number of the suite's: those of all others have no meaning.

    SecurityIDSource(22) is then a number from 100 on, as two parties agree on it.
    """
    return len(message.get(tags.SECURITY_ID_SOURCE) or b"") == _BILATERAL_LENGTH


def _by_id(message: Message, symbols: SymbolTable) -> Instrument | None:
    if not has_own_id(message):
        return None
    given = message.get(tags.SECURITY_ID) or b""
    if len(given) == _SECURITY_ID_LENGTH and _HEX_DIGITS.issuperset(given):
        security_id = given.decode().lower()
        ticker = symbols.ticker(security_id)
        if ticker is not None:
            return Instrument(security_id, ticker)
    raise _unknown("give its id, of 24 hex digits, as SecurityID(48)")


def _by_ticker(message: Message, symbols: SymbolTable) -> Instrument | None:
    given = message.get(tags.SYMBOL)
    if given is None or given == NO_SYMBOL:
        return None
    ticker = given.decode("utf-8", "replace")
    security_id = symbols.security_id(ticker)
    if security_id is None:
        raise _unknown("give its ticker as Symbol(55)")
    return Instrument(security_id, ticker)


def _unknown(remedy: str) -> ObjectionError:
    return ObjectionError(Why.UNKNOWN_SYMBOL, f"the security is not known: {remedy}")


def trade_type(message: Message) -> TradeType:
    """Return what Side(54) asks for; a buy with PositionEffect(77) C covers a short."""
    side = message.get(tags.SIDE)
    found = _OPEN_OR_CLOSE.get(side or b"")
    if found is None:
        raise ObjectionError(
            Why.UNSUPPORTED,
            "Side(54) is not served: give 1 (buy), 2 (sell) or 5 (sell short)",
        )
    closes = message.get(tags.POSITION_EFFECT) == b"C"
    return TradeType.COVER if closes and found is TradeType.BUY else found


def terms(message: Message) -> Terms:
    """Return OrderQty(38) and, as OrdType(40) has it, Price(44)."""
    quantity, price = _decimal(message, tags.ORDER_QTY), _decimal(message, tags.PRICE)
    match message.get(tags.ORD_TYPE):
        case OrdType.MARKET:
            if price is not None:
                raise ObjectionError(Why.OTHER, "a market order has no Price(44): leave it out")
            return Terms(_quantity(quantity), None)
        case OrdType.LIMIT:
            return Terms(_quantity(quantity), _limit(price))
        case _:
            raise ObjectionError(
                Why.UNSUPPORTED,
                "OrdType(40) is not served: give 1 (market) or 2 (limit)",
            )


def _quantity(given: Decimal | None) -> Decimal:
    if given is None:
        raise ObjectionError(Why.QUANTITY, "OrderQty(38) is missing: give it")
    found = for_column(given)
    if found is None or found <= 0:
        raise ObjectionError(
            Why.QUANTITY,
            f"OrderQty(38) has to be above 0 and below {plain(COLUMN_LIMIT)}",
        )
    return found


def _limit(given: Decimal | None) -> Decimal:
    if given is None:
        raise ObjectionError(Why.OTHER, "a limit order needs a Price(44): give it")
    found = for_column(given)
    if found is None or found < LOWEST_LIMIT:
        raise ObjectionError(
            Why.OTHER,
            f"Price(44) has to be {plain(LOWEST_LIMIT)} or more and below {plain(COLUMN_LIMIT)}",
        )
    return found


def _decimal(message: Message, tag: int) -> Decimal | None:
    """Read a number, whose plain digits the session has seen to."""
    value = message.get(tag)
    if value is None:
        return None
    if len(value.partition(b".")[2]) > _MOST_PLACES:
        raise MiswrittenError(Fault(Reason.DATA_FORMAT, tag))
    return Decimal(value.decode())
