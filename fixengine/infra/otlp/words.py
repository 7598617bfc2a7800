"""What metrics and spans have in common in OTLP's words."""

from collections.abc import Mapping
from typing import Protocol

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from fixengine.recurring import Recurring


class _KeyValues(Protocol):
    """The list of attributes of any of OTLP's messages."""

    def add(self, *, key: str) -> KeyValue: ...


def add_attributes(to: _KeyValues, values: Mapping[str, str | int]) -> None:
    """Add attributes as OTLP has them.

    They are made in their places, as all of OTLP's messages that are many: a message that is given
    to another is copied, which takes four times as long.
    """
    for name, value in values.items():
        made = to.add(key=name).value
        if isinstance(value, int):
            made.int_value = value
        else:
            made.string_value = value


def resource_of(values: Mapping[str, str]) -> Resource:
    """Return what the exports are of."""
    resource = Resource()
    add_attributes(resource.attributes, values)
    return resource


class Refusals:
    """What a collector has not taken of exports that it has taken otherwise."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._refused = Recurring("WARNING", "the collector refuses a part of an export")

    def tell(self, number: int, reason: str) -> None:
        """Write a line, unless it has taken all and has nothing to say."""
        if number or reason:
            self._refused.happened(of=self._of, refused=number, reason=reason)
