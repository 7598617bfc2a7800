"""What makes an order bad input, each flaw as a small change of a good one."""

import json
from collections.abc import Mapping
from dataclasses import replace

from fixengine.demo.feed.sketch import Sketch, render
from tests.support.feed.variants import Change

_REQUIRED = ("id", "tradeType", "destination", "quantity", "receivedTimestamp")
_UNKNOWN_SECURITY = "f" * 24


def _value(raw: bytes | None) -> Change:
    return lambda order: replace(order, is_raw=True, raw=raw)


def _cut_short(order: Sketch) -> Sketch:
    return replace(order, is_raw=True, raw=render(order)[:-10])


def _without(*names: str) -> Change:
    return lambda order: replace(order, fields=order.without(*names))


def _with(name: str, text: str) -> Change:
    return lambda order: replace(order, fields=order.changed(**{name: text}))


def _and(name: str, text: str) -> Change:
    return lambda order: replace(order, fields=(*order.fields, (name, text)))


def _security(security_id: str) -> Change:
    def change(order: Sketch) -> Sketch:
        fields = order.changed(securityId=json.dumps(security_id))
        return replace(order, fields=tuple(one for one in fields if one[0] != "security"))

    return change


def _strange_envelope(order: Sketch) -> Sketch:
    headers = (("__TypeId__", b"\xff"), ("none", None), ("none", b"again"))
    return replace(order, key=b"\x00\xff", headers=headers, is_raw=True, raw=b"\x00\xff")


FLAWS: Mapping[str, Change] = {
    "null value": _value(None),
    "empty value": _value(b""),
    "not UTF-8": _value(b'\xff\xfe{"id":1}'),
    "not JSON": _value(b"<order id='1'/>"),
    "not an object": _value(b"[1,2,3]"),
    "nested without end": _value(b'{"x":' + b"[" * 20_000),
    "cut short": _cut_short,
    "strange envelope": _strange_envelope,
    **{f"no {name}": _without(name) for name in _REQUIRED},
    **{f"{name} null": _with(name, "null") for name in _REQUIRED},
    "no security id": _without("securityId", "security"),
    "unknown security": _security(_UNKNOWN_SECURITY),
    "short security id": _security("68bda020"),
    "security id not hex": _security("z" * 24),
    "trade type unknown": _with("tradeType", '"HOLD"'),
    "destination too long": _with("destination", '"ABCDEFGHIJKLMNOPQRSTU"'),
    "destination of blanks": _with("destination", '"  "'),
    "NUL in the destination": _with("destination", r'"M\u0000L"'),
    "half a character": _with("destination", r'"M\ud800L"'),
    "limit below 0": _with("limitPrice", "-1.00000000"),
    "limit too large": _with("limitPrice", "10000000000"),
    "limit too fine": _with("limitPrice", "1.123456789"),
    "quantity 0": _with("quantity", "0.00000000"),
    "quantity below 0": _with("quantity", "-5"),
    "quantity too large": _with("quantity", "10000000000.00000000"),
    "quantity too fine": _with("quantity", "1.123456789"),
    "quantity huge": _with("quantity", "1E+400"),
    "quantity tiny": _with("quantity", "1E-400"),
    "quantity with a huge exponent": _with("quantity", "1E+999999999999"),
    "quantity a word": _with("quantity", '"many"'),
    "id 0": _with("id", "0"),
    "id below 0": _with("id", "-3"),
    "id too large": _with("id", "2147483648"),
    "id a fraction": _with("id", "1.5"),
    "version too large": _with("version", "2147483648"),
    "received some time": _with("receivedTimestamp", '"yesterday"'),
    "received nowhere": _with("receivedTimestamp", '"2024-01-02T09:30:00"'),
    "received in the far future": _with("receivedTimestamp", "1E+30"),
    "expires tonight": _and("expiresTimestamp", '"tonight"'),
    "expires nowhere": _and("expiresTimestamp", '"2124-01-02T09:30:00"'),
    "expires before all time": _and("expiresTimestamp", "-1"),
    "expires in the far future": _and("expiresTimestamp", "1E+30"),
    "expires yes": _and("expiresTimestamp", "true"),
}
