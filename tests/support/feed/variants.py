"""The deviations from the normal message that the engine must accept, each as a small change."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal

from fixengine.demo.feed.sketch import Sketch

Change = Callable[[Sketch], Sketch]


def _as_it_is(order: Sketch) -> Sketch:
    return order


def _flat_security_id(order: Sketch) -> Sketch:
    return replace(order, fields=order.without("security"))


def _nested_security_id(order: Sketch) -> Sketch:
    return replace(order, fields=order.without("securityId", "ticker"))


def _security_id_in_capitals(order: Sketch) -> Sketch:
    loud = json.dumps(order.expected.security_id.upper())
    return replace(order, fields=order.changed(securityId=loud))


def _required_fields_only(order: Sketch) -> Sketch:
    optional = ("limitPrice", "sentTimestamp", "tradeServiceExecutionId", "version", "security")
    ignored = ("executionStatus", "quantityFilled", "averagePrice", "ticker")
    return replace(
        order,
        fields=order.without(*optional, *ignored),
        expected=replace(
            order.expected, limit_price=None, trade_service_execution_id=None, version=1
        ),
    )


def _iso_timestamps(order: Sketch) -> Sketch:
    received = order.expected.received_timestamp
    abroad = received.astimezone(timezone(timedelta(hours=5, minutes=30)))
    return replace(
        order,
        fields=order.changed(
            receivedTimestamp=json.dumps(abroad.isoformat(timespec="microseconds")),
            sentTimestamp=json.dumps(received.isoformat().replace("+00:00", "Z")),
        ),
    )


def _whole_second(order: Sketch) -> Sketch:
    received = order.expected.received_timestamp.replace(microsecond=0)
    return replace(
        order,
        fields=order.changed(receivedTimestamp=str(int(received.timestamp()))),
        expected=replace(order.expected, received_timestamp=received),
    )


def _integers(order: Sketch) -> Sketch:
    return replace(order, fields=order.changed(quantity=f"{order.expected.quantity_ordered:f}"))


def _exponents(order: Sketch) -> Sketch:
    return replace(
        order,
        fields=order.changed(quantity=f"{order.expected.quantity_ordered:E}", averagePrice="0E-8"),
    )


def _thousands(order: Sketch) -> Sketch:
    return _quantity(order, "1E+3")


def _fraction(order: Sketch) -> Sketch:
    return _quantity(order, "250.12500000")


def _quantity(order: Sketch, text: str) -> Sketch:
    expected = replace(order.expected, quantity_ordered=Decimal(text))
    return replace(order, fields=order.changed(quantity=text), expected=expected)


def _no_limit(text: str) -> Change:
    def change(order: Sketch) -> Sketch:
        expected = replace(order.expected, limit_price=None)
        return replace(order, fields=order.changed(limitPrice=text), expected=expected)

    return change


def _no_key(order: Sketch) -> Sketch:
    return replace(order, key=None)


def _no_headers(order: Sketch) -> Sketch:
    return replace(order, headers=())


def _other_headers(order: Sketch) -> Sketch:
    return replace(order, headers=(*order.headers, ("trace", b"\x00\xff"), ("empty", b"")))


def _unknown_fields(order: Sketch) -> Sketch:
    unknown = (("orderId", '"x"'), ("tags", '[{"deep":[1.5e3,null,true]}]'))
    return replace(order, fields=(*unknown, *order.fields))


def _expires_some_day(order: Sketch) -> Sketch:
    ends = order.expected.received_timestamp + timedelta(days=36_500)
    return replace(
        order,
        fields=(*order.fields, ("expiresTimestamp", json.dumps(ends.isoformat()))),
        expected=replace(order.expected, expires_at=ends),
    )


def _never_expires(order: Sketch) -> Sketch:
    return replace(order, fields=(*order.fields, ("expiresTimestamp", "null")))


VARIANTS: Mapping[str, Change] = {
    "normal": _as_it_is,
    "flat security id": _flat_security_id,
    "nested security id": _nested_security_id,
    "security id in capitals": _security_id_in_capitals,
    "required fields only": _required_fields_only,
    "iso timestamps": _iso_timestamps,
    "whole second": _whole_second,
    "integers": _integers,
    "exponents": _exponents,
    "thousands": _thousands,
    "fraction": _fraction,
    "limit 0": _no_limit("0"),
    "limit 0E-8": _no_limit("0E-8"),
    "limit next to 0": _no_limit("0.00009999"),
    "limit just below 0": _no_limit("-0.00009999"),
    "no key": _no_key,
    "no headers": _no_headers,
    "other headers": _other_headers,
    "unknown fields": _unknown_fields,
    "expires some day": _expires_some_day,
    "never expires": _never_expires,
}
