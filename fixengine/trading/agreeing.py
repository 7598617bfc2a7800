"""A request to cancel or replace: it has to name its order truly, and may change only its terms."""

from fixengine.fix.message import Message
from fixengine.rules.trading_day import TradingDay
from fixengine.rules.values import Execution, Terms
from fixengine.trading import asking, codes, tags, unserved
from fixengine.trading.lasting import asked_end
from fixengine.trading.objections import ObjectionError, Why, named
from fixengine.trading.values import FixOrder


def check_names(message: Message, order: FixOrder, execution: Execution) -> None:
    """Raise ObjectionError where the request names another order, side or security."""
    security_id = message.get(tags.SECURITY_ID) if asking.has_own_id(message) else None
    symbol = message.get(tags.SYMBOL)
    names = (
        (tags.ORDER_ID, message.get(tags.ORDER_ID), b"%d" % execution.id),
        (tags.SIDE, message.get(tags.SIDE), order.side),
        (tags.SYMBOL, None if symbol == codes.NO_SYMBOL else symbol, execution.ticker.encode()),
        (tags.SECURITY_ID, security_id and security_id.lower(), execution.security_id.encode()),
    )
    for tag, given, name in names:
        if given not in (None, name):
            raise ObjectionError(
                Why.OTHER, f"{named(tag)} is not that of the order: give what its reports have"
            )


def new_terms(message: Message, order: FixOrder, execution: Execution, day: TradingDay) -> Terms:
    """Return the quantity and the limit price of a replace request, which may be new.

    Raises ObjectionError where it asks for more than that, and as `asking` does.
    """
    unserved.check(message)
    effect = message.get(tags.POSITION_EFFECT)
    kept = (
        (tags.ACCOUNT, message.get(tags.ACCOUNT), order.account),
        (tags.TIME_IN_FORCE, message.get(tags.TIME_IN_FORCE), order.time_in_force),
        (tags.POSITION_EFFECT, effect and asking.trade_type(message), execution.trade_type),
        (tags.EXPIRE_TIME, asked_end(message, day), execution.expires_at),
    )
    for tag, asked, has in kept:
        if asked is not None and asked != has:
            raise ObjectionError(
                Why.OTHER, f"{named(tag)} can't be replaced: cancel the order and send a new one"
            )
    return asking.terms(message)
