"""What a client said of its order and finds in each report: fields that change nothing for us.

They are kept as they were written, and stay as they are when the order is replaced. HandlInst(21)
is not among them: nearly every order has it, and no person handles any.
"""

from fixengine.fix.message import Field, Message
from fixengine.trading import asking, tags

ECHOED = frozenset(
    {
        15,  # Currency
        tags.EXEC_INST,
        tags.SECURITY_ID_SOURCE,
        47,  # Rule80A
        tags.SECURITY_ID,
        63,  # SettlType
        64,  # SettlDate
        tags.POSITION_EFFECT,
        109,  # ClientID
        tags.SECURITY_TYPE,
        207,  # SecurityExchange
        377,  # SolicitedFlag
        tags.EXPIRE_DATE,
        526,  # SecondaryClOrdID
        528,  # OrderCapacity
        529,  # OrderRestrictions
        581,  # AccountType
        582,  # CustOrderCapacity
        583,  # ClOrdLinkID
        660,  # AcctIDSource
    }
)
"""Those of an order that an ExecutionReport(8) has, too, in each version."""


def kept(order: Message) -> bytes | None:
    """Return what is kept of an order, None if it has nothing; raises ObjectionError."""
    given = [tag for tag, _ in order.fields if tag in ECHOED]
    if not given:
        return None  # as of nearly all orders
    return b"\x01".join(b"%d=%b" % (tag, asking.text(order, tag) or b"") for tag in given)


def fields(echoed: bytes | None) -> list[Field]:
    """Return the fields of which that was kept."""
    if echoed is None:
        return []
    parts = (each.partition(b"=") for each in echoed.split(b"\x01"))
    return [(int(tag), value) for tag, _, value in parts]
