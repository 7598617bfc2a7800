"""The Go service as its database and its consumer group know it: tables, rows, and a pod."""

import json
from collections.abc import Mapping

import psycopg
from confluent_kafka import Consumer
from psycopg import errors as sqlstate

from fixengine.audit.evidence import Expected
from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames
from tests.support.background import Background
from tests.support.rows import change

_TABLE = """
create table public.execution (
    id serial primary key,
    execution_service_id integer not null,
    is_open boolean not null default true,
    execution_status varchar(20) not null,
    trade_type varchar(10) not null,
    destination varchar(20) not null,
    security_id char(24) not null,
    ticker varchar(20) not null,
    quantity_ordered decimal(18,8) not null,
    limit_price decimal(18,8),
    received_timestamp timestamptz not null,
    sent_timestamp timestamptz not null,
    last_fill_timestamp timestamptz,
    quantity_filled decimal(18,8) not null default 0,
    next_fill_timestamp timestamptz,
    number_of_fills smallint not null default 0,
    total_amount decimal(18,8) not null default 0,
    trade_service_execution_id integer,
    version integer not null default 1
);
create unique index execution_service_id_ndx on public.execution (execution_service_id);
create index execution_next_fill_ndx on public.execution (next_fill_timestamp desc nulls last);
"""
SCHEMA = f"""
create table schema_migrations (version bigint not null primary key, dirty boolean not null);
insert into schema_migrations values (1, false);
{_TABLE}
"""

# Sent at the beginning of time, since execution-service says null; the next fill is kept when full;
# versions stay as they were; 400 % of a quantity may be filled, and floats end in 9s.
ROWS = """
insert into public.execution (
    execution_service_id, is_open, execution_status, trade_type, security_id, ticker,
    quantity_ordered, limit_price, quantity_filled, number_of_fills, total_amount,
    destination, received_timestamp, sent_timestamp, last_fill_timestamp, next_fill_timestamp
)
select
    r.*, 'ML', now() - interval '3 days', 'epoch',
    case when r.number_of_fills > 0 then now() - interval '2 days' end,
    case when r.order_id <> 8 then now() - interval '1 day' end
from (values
    (1, true, 'WORK', 'BUY', '68bda020e3644b42ebcb2bd3', 'A', 50, null, 0, 0::smallint, 0),
    (2, true, 'PART', 'SELL', '68bda020e3644b42ebcb2bd3', 'AAPL', 100, null, 40.00000001, 3, 7e3),
    (3, true, 'PART', 'COVER', '68bda020e3644b42ebcb2bd3', 'A', 33.33000000, 999, 33, 2, 1400.25),
    (4, true, 'PART', 'BUY', '68bda020e3644b42ebcb2bd3', 'A', 33.33, null, 33.32999999, 5, 1e3),
    (5, true, 'PART', 'BUY', '68bda020e3644b42ebcb2bd3', 'A', 100, null, 100, 4, 4387.12345678),
    (6, true, 'PART', 'SHORT', '68bda020e3644b42ebcb2bd3', 'A', 100, 0.01, 99.99999999, 4, 4387),
    (7, true, 'WORK', 'EXRC', 'short', 'A', 5, null, 0, 0, 0),
    (8, true, 'WORK', 'BUY', '68bda020e3644b42ebcb2bd3', 'A', 5, null, 0, 0, 0),
    (9, true, 'WORK', 'SELL', '68bda020e3644b42ebcb2bd3', 'A', 12345.67890123, null, 0, 4, 0),
    (10, true, 'WORK', 'BUY', '68bda020e3644b42ebcb2bd3', 'A', 300, 0, 0, 0, 0),
    (11, true, 'PART', 'BUY', '68bda020e3644b42ebcb2bd3', 'A', 20000, null, 10000, 32767,
        9999999999.99999999),
    (12, false, 'FULL', 'BUY', '68bda020e3644b42ebcb2bd3', 'A', 134, 44.1, 134, 1, 5795.5),
    (13, false, 'FULL', 'SELL', '68bda020e3644b42ebcb2bd3', 'A', 200, null, 800, 1, 35096)
) as r (
    order_id, is_open, execution_status, trade_type, security_id, ticker, quantity_ordered,
    limit_price, quantity_filled, number_of_fills, total_amount
);
"""

BLIND_UPDATE = """
update execution set
    execution_service_id = execution_service_id, is_open = true, execution_status = 'PART',
    quantity_filled = 1, next_fill_timestamp = now(), number_of_fills = 1, total_amount = 1,
    version = version
where id = (
    select id from execution where next_fill_timestamp <= now() and is_open
    for update skip locked limit 1
)
"""

_INSERT = """
insert into execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, limit_price, received_timestamp, sent_timestamp, quantity_filled,
    next_fill_timestamp, number_of_fills, total_amount, version
)
values (%s, true, 'WORK', %s, %s, %s, %s, %s, %s, %s, 'epoch', 0, now(), 0, 0, %s)
"""


def recreate(dsn: str) -> None:
    """Do what the Go service's script does to its table."""
    change(dsn, "drop table execution cascade", _TABLE)


class GoPod(Background):
    """A member of the group that speaks the classic protocol and knows nothing but `range`.

    It stores orders one by one; with `fills` it also tries to fill one after each look for them,
    and `refused` counts how often it may not. Without `commits` its place in the topic stays as
    if it had been killed before it could say so.
    """

    def __init__(
        self,
        *,
        dsn: str,
        broker: Broker,
        topics: TopicNames,
        orders: Mapping[int, FedOrder],
        commits: bool = True,
    ) -> None:
        super().__init__("go-pod")
        self.stored: set[int] = set()
        self.fills = False
        self.refused = 0
        self.assigned = 0
        self._dsn = dsn
        self._orders = orders
        self._topic = topics.orders
        self._commits = commits
        self._consumer = Consumer(
            {
                **broker.client_config,
                "bootstrap.servers": broker.bootstrap,
                "group.id": topics.group,
                "group.protocol": "classic",
                "partition.assignment.strategy": "range",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )

    def work(self) -> None:
        self._consumer.subscribe([self._topic])
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            while not self.stopping.is_set():
                message = self._consumer.poll(0.05)
                self.assigned = len(self._consumer.assignment())
                if message is not None and message.error() is None:
                    self._store(connection, message.value() or b"")
                    if self._commits:
                        self._consumer.commit(message=message, asynchronous=False)
                if self.fills:
                    self._fill(connection)
        self._consumer.close()

    def _store(self, connection: psycopg.Connection, value: bytes) -> None:
        order_id = json.loads(value)["id"]
        order = self._orders[order_id].expected
        assert order is not None
        try:
            connection.execute(_INSERT, _parameters(order))
        except sqlstate.UniqueViolation:
            return
        self.stored.add(order_id)

    def _fill(self, connection: psycopg.Connection) -> None:
        try:
            connection.execute(BLIND_UPDATE)
        except sqlstate.RaiseException:
            self.refused += 1


def _parameters(order: Expected) -> tuple[object, ...]:
    return (
        order.execution_service_id,
        order.trade_type,
        order.destination,
        order.security_id,
        order.ticker,
        float(order.quantity_ordered),
        None if order.limit_price is None else float(order.limit_price),
        order.received_timestamp,
        order.version,
    )
