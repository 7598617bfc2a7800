"""What metrics and spans have in common in OTLP's words."""

from collections.abc import Mapping

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from fixengine.recurring import Recurring


def attributes(values: Mapping[str, str | int]) -> list[KeyValue]:
    """Return attributes as OTLP has them."""
    return [
        KeyValue(
            key=name,
            value=AnyValue(int_value=value)
            if isinstance(value, int)
            else AnyValue(string_value=value),
        )
        for name, value in values.items()
    ]


class Refusals:
    """What a collector has not taken of exports that it has taken otherwise."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._refused = Recurring("WARNING", "the collector refuses a part of an export")

    def tell(self, number: int, reason: str) -> None:
        """Write a line, unless it has taken all and has nothing to say."""
        if number or reason:
            self._refused.happened(of=self._of, refused=number, reason=reason)
