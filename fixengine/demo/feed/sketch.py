"""One order in the making: its JSON fields as raw text, and what the engine must store of it."""

import json
import random
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fixengine.audit.evidence import Expected
from fixengine.demo.feed.universe import Listing
from fixengine.ports.kafka import Headers
from fixengine.rules.values import TradeType

_DESTINATIONS = ("ML", "RBC", "INST", "INET", "IEX")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPE_HEADER = ("__TypeId__", b"org.kasbench.globeco_execution_service.ExecutionDTO")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A record to be: `fields` are (name, JSON text). With `is_raw` its value is `raw` instead."""

    key: bytes | None
    headers: Headers
    fields: tuple[tuple[str, str], ...]
    expected: Expected
    is_raw: bool = False
    raw: bytes | None = None

    def text(self, name: str) -> str:
        """Return a field's JSON text."""
        return dict(self.fields)[name]

    def changed(self, **texts: str) -> tuple[tuple[str, str], ...]:
        """Return the fields with some given another JSON text."""
        return tuple((name, texts.get(name, text)) for name, text in self.fields)

    def without(self, *names: str) -> tuple[tuple[str, str], ...]:
        """Return the fields but for some."""
        return tuple((name, text) for name, text in self.fields if name not in names)


def sketch(
    rng: random.Random, *, listing: Listing, order_id: int, received_ns: int, quantity: Decimal
) -> Sketch:
    """Sketch the normal message of execution-service, field by field.

    A limit is near the mean price on the easy side, so that it holds for most samples.
    """
    trade_type = rng.choice(tuple(TradeType))
    limit = _limit(rng, trade_type, listing) if rng.random() < 0.5 else None
    expected = Expected(
        execution_service_id=order_id,
        trade_type=trade_type.value,
        destination=rng.choice(_DESTINATIONS),
        security_id=listing.security_id,
        ticker=listing.ticker,
        quantity_ordered=quantity,
        limit_price=limit,
        received_timestamp=_EPOCH + timedelta(microseconds=received_ns // 1000),
        trade_service_execution_id=order_id + 7 if rng.random() < 0.8 else None,
        version=rng.choice((1, 1, 1, 2)),
        fillable=listing.price is not None,
    )
    ticker = json.dumps("".join(rng.choices(string.ascii_lowercase, k=5)))
    security_id = json.dumps(expected.security_id)
    fields = {
        "id": str(order_id),
        "executionStatus": '"NEW"',
        "tradeType": json.dumps(expected.trade_type),
        "destination": json.dumps(expected.destination),
        "security": f'{{"securityId":{security_id},"ticker":{ticker}}}',
        "quantity": f"{quantity:.8f}",
        "limitPrice": "null" if limit is None else f"{limit:.8f}",
        "receivedTimestamp": f"{received_ns // 10**9}.{received_ns % 10**9:09d}",
        "sentTimestamp": "null",
        "tradeServiceExecutionId": json.dumps(expected.trade_service_execution_id),
        "quantityFilled": "0",
        "averagePrice": "0",
        "version": str(expected.version),
        "securityId": security_id,
        "ticker": ticker,
    }
    return Sketch(
        key=str(order_id).encode(),
        headers=(_TYPE_HEADER,),
        fields=tuple(fields.items()),
        expected=expected,
    )


def render(sketched: Sketch) -> bytes:
    """Return the JSON object, compact and in order."""
    members = ",".join(f"{json.dumps(name)}:{text}" for name, text in sketched.fields)
    return f"{{{members}}}".encode()


def _limit(rng: random.Random, trade_type: TradeType, listing: Listing) -> Decimal:
    mean = listing.price or 10.0
    distance = rng.uniform(0.5, 3.0) * listing.price_std
    easy = mean + distance if trade_type in {TradeType.BUY, TradeType.COVER} else mean - distance
    return Decimal(str(max(round(easy, 2), 0.01)))
