"""The application of a session: whatever a client says and whatever happens, it gets on."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fixengine.fix.dictionary import Dictionary, versions
from fixengine.fix.framing import Frame
from fixengine.fix.message import body_of, parse
from fixengine.trading.application import Needs
from fixengine.trading.values import Decision, Look
from tests.support.fix.customer import BEGAN
from tests.support.fix.market import IBM, Market

IDS = ("X", "Y", "Z")
_NUMBERS = ("0", "1", "-1", "100", "50.5", "0.00000001", "0.000000001", "9999999999", "1" * 20)
_TEXTS = ("X", "Y", "Z", "IBM", "[N/A]", IBM, IBM.upper(), "\xff", "A" * 101)
_TIMES = (
    "20260302-09:30:00",
    "20260401-00:00:00.123456789",
    "99991231-23:59:60",
    "00010101-00:00:00",
)
_USUAL = {
    "D": {11: "X", 21: "1", 38: "100", 40: "1", 54: "1", 55: "IBM", 60: _TIMES[0]},
    "F": {11: "Y", 41: "X", 54: "1", 55: "IBM", 60: _TIMES[0]},
    "G": {11: "Y", 21: "1", 41: "X", 38: "50", 40: "1", 54: "1", 55: "IBM", 60: _TIMES[0]},
    "H": {11: "X", 54: "1", 55: "IBM"},
    "AF": {584: "M", 585: "7"},
}


def values(dictionary: Dictionary, tag: int) -> st.SearchStrategy[str]:
    field = dictionary.fields[tag]
    if field.codes:
        return st.sampled_from([code.decode().removesuffix("+") for code in field.codes])
    match field.kind:
        case "Qty" | "Price" | "PriceOffset" | "Amt" | "float" | "Percentage" | "int":
            return st.sampled_from(_NUMBERS)
        case "UTCTimestamp":
            return st.sampled_from(_TIMES)
        case "Currency":
            return st.just("USD")
        case "LocalMktDate":
            return st.just("20260401")
        case "Boolean" | "char":
            return st.sampled_from("YNCO")
        case _:
            return st.sampled_from(_TEXTS)


@st.composite
def messages(draw: st.DrawFn, version: bytes) -> str:
    """Draw a message whose fields each are what the dictionary wants, at times a strange one."""
    dictionary = versions()[version]
    kind = draw(st.sampled_from([each for each in _USUAL if each.encode() in dictionary.messages]))
    body = dictionary.messages[kind.encode()]
    fields = dict(_USUAL[kind])
    plain = sorted(body.tags - body.groups.keys() - set(dictionary.data_fields.values()))
    changed = st.one_of(st.sampled_from(sorted(fields)), st.sampled_from(plain))
    for tag in draw(st.lists(changed, max_size=5)):
        fields[tag] = draw(values(dictionary, tag))
    if draw(st.booleans()) and draw(st.booleans()):
        fields.pop(draw(st.sampled_from(sorted(fields))))
    resent = "97=Y|" if draw(st.integers(0, 9)) == 0 else ""
    return f"35={kind}|" + "".join(f"{tag}={value}|" for tag, value in fields.items()) + resent


class Trading(RuleBasedStateMachine):
    """A client that says anything, and a market that does anything; Market checks what is said."""

    version = b"FIX.4.4"

    def __init__(self, market: Market | None = None) -> None:
        super().__init__()
        self.market = market or Market(self.version)

    @rule(data=st.data())
    def says(self, data: Any) -> None:
        texts = data.draw(st.lists(messages(self.version), min_size=1, max_size=4))
        good = [text for text in texts if self.market.would_deliver(text)]
        answers = self.market.says(*good)
        assert len(answers) >= len(good), "each is answered"

    @rule(side=st.sampled_from("125"), tif=st.sampled_from("0134"), id_=st.sampled_from(IDS))
    def orders(self, side: str, tif: str, id_: str) -> None:
        self.market.says(self.market.order(id_, 100, f"54={side}|59={tif}|"))

    @rule(data=st.data(), quantity=st.sampled_from([1, 40, 100]))
    @precondition(lambda self: self.market.open_ids())
    def fills(self, data: Any, quantity: int) -> None:
        id_ = data.draw(st.sampled_from(self.market.open_ids()))
        self.market.fills(id_, min(Decimal(quantity), self.market.execution(id_).remaining))

    @rule(data=st.data(), what=st.sampled_from(["expires", "operator"]))
    @precondition(lambda self: self.market.open_ids())
    def ends(self, data: Any, what: str) -> None:
        getattr(self.market, what)(data.draw(st.sampled_from(self.market.open_ids())))

    @rule()
    def decides(self) -> None:
        self.market.decides()

    @rule()
    def hears(self) -> None:
        self.market.hears()

    @invariant()
    def a_client_that_heard_all_knows_how_its_orders_stand(self) -> None:
        if self.market.is_silent:
            self.market.compare_books()


class TradingByFix42(Trading):
    version = b"FIX.4.2"


_FEW = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestTrading = Trading.TestCase
TestTrading.settings = _FEW
TestTradingByFix42 = TradingByFix42.TestCase
TestTradingByFix42.settings = _FEW


@pytest.mark.parametrize("kind", ["B", "8", "9", "E", "Q", "AE"])
def test_messages_of_other_types_are_not_served(kind: str) -> None:
    assert said(kind) == [(b"j", kind.encode())]


@pytest.mark.parametrize("kind", ["3", "j"])
def test_refusals_are_not_answered(kind: str) -> None:
    assert said(kind) == []


def said(kind: str) -> list[tuple[bytes, bytes | None]]:
    """Say a message of which only the header is judged; return the types that are answered."""
    market = Market()
    header = ((35, kind.encode()), (34, b"5"), (49, b"OMS"), (52, b"20260302-09:30:00"))
    body = body_of((*header, (56, b"FIXENGINE")), {})
    message = parse(Frame(b"FIX.4.4", body), {})
    market.sends(message)
    assert all(each.get(380) == b"3" and each.get(45) == b"5" for each in market.last)
    return [(each.kind, each.get(372)) for each in market.last]


def test_nothing_is_looked_up_for_what_needs_nothing() -> None:
    market = Market()
    messages_ = [market.message("35=j|372=8|380=0|")]
    assert market.entry.needs(messages_) == Needs(frozenset(), 0)
    nothing = Look(known={}, numbers=(), now=BEGAN)
    assert market.entry.decide(messages_, nothing) == Decision()


def test_what_is_looked_up_is_what_messages_name() -> None:
    market = Market()
    texts = (
        market.order("A", 1),
        market.order("B", 1),
        market.cancel("C", "D"),
        market.replace("E", "F", 1),
        market.status("G"),
        market.cancel("H" * 101, "I"),
    )
    needs = market.entry.needs([market.message(text) for text in texts])
    assert needs.cl_ord_ids == frozenset(map(str.encode, "ABCDEFGI"))
    assert needs.new_orders == 2


@pytest.mark.parametrize(("party", "back"), [(115, 128), (128, 115)])
def test_what_comes_from_or_goes_to_a_third_party_is_refused_and_changes_nothing(
    party: int, back: int
) -> None:
    market = Market()
    market.says(market.order("X", 100))
    texts = [
        market.order("Y", 100),
        market.cancel("C", "X"),
        market.replace("R", "X", 50),
        market.status("X"),
        "35=AF|584=M|585=7|",
    ]
    for text in texts:
        kind, _, rest = text.partition("|")
        assert market.says(f"{kind}|{party}=ACME|{rest}") == ["Reject CompIDProblem"]
        (told,) = market.last
        assert told.get(371) == b"%d" % party
        assert told.get(back) == b"ACME", "it goes back the way on which the message came"
    assert len(market.entered) == 1
    assert market.orders[market.entered[0].execution_id].pending_cl_ord_id is None
    assert b"Y" not in market.requests
