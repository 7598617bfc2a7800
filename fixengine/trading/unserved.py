"""Fields that change what an order means, and are not served: such an order is refused.

All other fields of an order that are not named by `asking` change nothing: accounts, parties,
allocations, settlement, commission, the venue, the currency.
"""

from fixengine.fix.message import Message
from fixengine.trading import tags
from fixengine.trading.objections import ObjectionError, Why, named

_NO = frozenset({b"N"})
_ZERO = frozenset({b"0"})

HARMLESS = {
    tags.EXEC_INST: frozenset({b"1", b"2", b"5"}),  # NotHeld, Work, Held
    65: frozenset({b"[N/A]"}),  # SymbolSfx
    tags.POSITION_EFFECT: frozenset({b"O", b"C"}),  # Open, Close
    99: frozenset(),  # StopPx
    tags.MIN_QTY: _ZERO,
    111: frozenset(),  # MaxFloor
    121: _NO,  # ForexReq
    152: frozenset(),  # CashOrderQty
    tags.SECURITY_TYPE: frozenset({b"CS", b"PS", b"MF", b"NONE", b"?"}),  # shares, funds
    168: frozenset(),  # EffectiveTime
    192: frozenset(),  # OrderQty2
    200: frozenset(),  # MaturityMonthYear
    201: frozenset(),  # PutOrCall
    202: frozenset(),  # StrikePrice
    203: frozenset(),  # CoveredOrUncovered
    205: frozenset(),  # MaturityDay
    206: frozenset(),  # OptAttribute
    210: frozenset(),  # MaxShow
    211: frozenset(),  # PegDifference, PegOffsetValue
    231: frozenset({b"1"}),  # ContractMultiplier
    386: _ZERO,  # NoTradingSessions
    388: frozenset(),  # DiscretionInst
    389: frozenset(),  # DiscretionOffsetValue
    423: frozenset({b"2"}),  # PriceType: per unit
    460: frozenset({b"5", b"12"}),  # Product: shares, and what SecurityType(167) has with them
    tags.CFI_CODE: frozenset({b"E", b"C"}),  # CFICode, its first letter: shares, funds
    **dict.fromkeys(range(468, 470), frozenset()),  # rounding of a quantity that is worked out
    516: frozenset(),  # OrderPercent
    541: frozenset(),  # MaturityDate
    544: frozenset({b"1"}),  # CashMargin: cash
    640: frozenset(),  # Price2
    667: frozenset(),  # ContractSettlMonth
    711: _ZERO,  # NoUnderlyings
    775: _ZERO,  # BookingType: regular
    **dict.fromkeys(range(835, 850), frozenset()),  # pegs, discretion and strategies in full
    854: _ZERO,  # QtyType: units
    947: frozenset(),  # StrikeCurrency
}
"""The fields, each with the values that ask for nothing special."""


def check(message: Message) -> None:
    """Raise ObjectionError for the first field that asks for what is not served."""
    for tag, value in message.fields:
        if tag in HARMLESS and not HARMLESS[tag].issuperset(_asked(tag, value)):
            served = b", ".join(sorted(HARMLESS[tag])).decode()
            remedy = f"give {served} or leave it out" if served else "leave it out"
            raise ObjectionError(
                Why.UNSUPPORTED,
                f"{named(tag)} asks for what is not served: {remedy}",
            )


def _asked(tag: int, value: bytes) -> list[bytes]:
    match tag:
        case tags.EXEC_INST:
            return value.split(b" ")
        case tags.CFI_CODE:
            return [value[:1]]
        case _:
            return [value]
