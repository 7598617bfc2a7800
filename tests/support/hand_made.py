"""A small ledger made by hand that holds, for tests to corrupt."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from msgspec.structs import replace

from fixengine.audit.evidence import Expected
from fixengine.demo.audit.remains import Remains
from fixengine.demo.audit.report import Expectations, Report, judge
from fixengine.demo.feed.feed import FedOrder
from fixengine.ports.kafka import Record
from fixengine.rules.values import Execution, LedgerEntry

RECEIVED = datetime(2026, 7, 28, 12, 16, 10, 233793, UTC)
SENT = datetime(2026, 7, 28, 12, 16, 10, 310000, UTC)
FIRST = datetime(2026, 7, 28, 12, 16, 11, 20000, UTC)
SECOND = datetime(2026, 7, 28, 12, 16, 41, tzinfo=UTC)

ORDER = Expected(
    execution_service_id=37,
    trade_type="BUY",
    destination="ML",
    security_id="68bda020e3644b42ebcb2bd3",
    ticker="A",
    quantity_ordered=Decimal("134.00000000"),
    limit_price=Decimal("44.10000000"),
    received_timestamp=RECEIVED,
    trade_service_execution_id=12,
    version=1,
    fillable=True,
)
GOOD = FedOrder(key=b"37", value=b"{...}", headers=(), kind="normal", expected=ORDER)
BAD = FedOrder(
    key=None, value=b"\xff", headers=(("__TypeId__", b"x"),), kind="not JSON", expected=None
)

EXECUTION = Execution(
    id=5,
    execution_service_id=37,
    is_open=False,
    execution_status="FULL",
    trade_type="BUY",
    destination="ML",
    security_id="68bda020e3644b42ebcb2bd3",
    ticker="A",
    quantity_ordered=Decimal("134.00000000"),
    limit_price=Decimal("44.10000000"),
    received_timestamp=RECEIVED,
    sent_timestamp=SENT,
    last_fill_timestamp=SECOND,
    quantity_filled=Decimal("134.00000000"),
    next_fill_timestamp=None,
    number_of_fills=3,
    total_amount=Decimal("5795.50000000"),
    trade_service_execution_id=12,
    version=4,
)


def fill(number: int, quantity: str, price: str, filled: str, total: str) -> LedgerEntry:
    return LedgerEntry(
        execution_id=5,
        number=number,
        quantity=Decimal(quantity),
        price=Decimal(price),
        filled_at=SECOND if number == 3 else FIRST,
        quantity_filled=Decimal(filled),
        total_amount=Decimal(total),
        version=1 + number,
        announced=filled != "0",
    )


# 107 is 80 % of 134, rounded; the rest follows; the price of the first is beyond the limit
FILLS = (
    fill(1, "0", "44.2", "0", "0"),
    fill(2, "107", "43.25", "107", "4627.75"),
    fill(3, "27", "43.25", "134", "5795.50"),
)
CONSTANT = (
    b'"tradeType":"BUY","destination":"ML","securityId":"68bda020e3644b42ebcb2bd3","ticker":"A",'
    b'"quantity":134,"limitPrice":44.1,"receivedTimestamp":1785240970.233793,'
    b'"sentTimestamp":1785240970.31,'
)
PART_MESSAGE = (
    b'{"id":5,"executionServiceId":37,"isOpen":true,"executionStatus":"PART",' + CONSTANT + b'"l'
    b'astFilledTimestamp":1785240971.02,"quantityFilled":107,"averagePrice":43.25,'
    b'"numberOfFills":2,"totalAmount":4627.75,"tradeServiceExecutionId":12,"version":3}'
)
FULL_MESSAGE = (
    b'{"id":5,"executionServiceId":37,"isOpen":false,"executionStatus":"FULL",' + CONSTANT + b'"l'
    b'astFilledTimestamp":1785241001,"quantityFilled":134,"averagePrice":43.25,'
    b'"numberOfFills":3,"totalAmount":5795.5,"tradeServiceExecutionId":12,"version":4}'
)
DEAD_HEADERS = (
    ("dlq.reason", b"not an order"),
    ("dlq.topic", b"orders"),
    ("dlq.partition", b"3"),
    ("dlq.offset", b"1"),
    ("dlq.failed_at", b"2026-07-28T12:16:11+00:00"),
)


def record(topic: str, offset: int, key: bytes | None, value: bytes | None) -> Record:
    return Record(
        topic=topic,
        partition=3,
        offset=offset,
        key=key,
        value=value,
        headers=(),
        timestamp_ms=None,
    )


def message(offset: int, value: bytes | None) -> Record:
    return record("fills", offset, b"37", value)


EVIDENCE = Remains(
    executions=(EXECUTION,),
    fills=FILLS,
    outbox=(),
    changes=(),
    told={},
    orders=(
        record("orders", 0, GOOD.key, GOOD.value),
        replace(record("orders", 1, BAD.key, BAD.value), headers=BAD.headers),
    ),
    announcements=(message(0, PART_MESSAGE), message(1, FULL_MESSAGE)),
    dead_letters=(
        replace(record("orders.dlq", 0, BAD.key, BAD.value), headers=(*BAD.headers, *DEAD_HEADERS)),
    ),
)
DEFAULTS = Expectations()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run to judge; `replace` corrupts it."""

    fed: tuple[FedOrder, ...] = (GOOD, GOOD, BAD)
    evidence: Remains = EVIDENCE
    expectations: Expectations = DEFAULTS

    def judged(self) -> Report:
        return judge(self.fed, self.evidence, self.expectations)
