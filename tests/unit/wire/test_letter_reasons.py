"""Each reason of a dead letter is a sentence of one list, and each of them is said of an order."""

import re

import pytest

from fixengine.errors import MalformedError
from fixengine.wire.letter_reasons import Reason
from fixengine.wire.orders import decode_order
from tests.unit.wire.test_orders import SECURITY, changed

OF_OTHERS = {Reason.UNKNOWN_SECURITY, Reason.REFUSED}
"""What decoding can't know."""

BAD: dict[Reason, tuple[bytes, ...]] = {
    Reason.EMPTY: (b"",),
    Reason.NOT_AN_ORDER: (b"{", b"\xff", b"[]", changed(quantity="1e9999999999999999999")),
    Reason.MISSING: (changed(id=None), changed(receivedTimestamp=None), changed(securityId=None)),
    Reason.NOT_A_NUMBER: (changed(id='"37"'), changed(quantity="true"), changed(version="[]")),
    Reason.NOT_AN_INTEGER: (changed(id="2147483648"), changed(version="1.5")),
    Reason.NOT_POSITIVE: (changed(id="0"),),
    Reason.VERSION: (changed(version="2000000000"),),
    Reason.TRADE_TYPE: (changed(tradeType='"HOLD {known}"'),),
    Reason.DESTINATION: (changed(destination='" "'),),
    Reason.TWO_SECURITIES: (changed(security='{"securityId":"68bda020e3644b42ebcb2bd4"}'),),
    Reason.SECURITY_ID: (changed(securityId=f'"{SECURITY[:-1]}x"'),),
    Reason.QUANTITY: (changed(quantity="0"), changed(quantity="0.000000001")),
    Reason.LIMIT_PRICE: (changed(limitPrice="-1"),),
    Reason.MOMENT: (changed(receivedTimestamp='"today"'), changed(receivedTimestamp="-1")),
}


def test_every_reason_is_tried() -> None:
    assert BAD.keys() | OF_OTHERS == set(Reason)


@pytest.mark.parametrize("reason", BAD, ids=lambda reason: reason.name)
def test_an_order_is_refused_with_the_sentence_for_it(reason: Reason) -> None:
    sentence = re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(reason)))
    for value in BAD[reason]:
        with pytest.raises(MalformedError) as refused:
            decode_order(value)
        assert sentence.fullmatch(str(refused.value))
