"""The floors: one bare loop for each half of the work, without actors, retries or any care.

`python -m benchmarks.floors intake|fills` with an engine's settings in the environment. They use
the engine's SQL, so that both ask the same of the database, and nothing else of it. With `rest` it
is what REST stands on, with nothing behind it. `fix` acknowledges the orders of one FIX session.
`engine` has the first two in threads of one process, and answers as REST does: a peer for
`make bench` that benchmarks/bare_engine.sh starts. One file, as each loop is short and is started
by its name.
"""

import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import uniform
from threading import Thread, local
from typing import Any

import falcon
import psycopg
import urllib3
from confluent_kafka import Consumer, Producer
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from waitress import serve

from fixengine.fix.formats import write_timestamp
from fixengine.fix.framing import Frame, Framer, encode
from fixengine.infra.postgres.schema.migrate import migrate
from fixengine.infra.postgres.statements import query
from fixengine.rules.claim_window import EARLIEST

_BATCH = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_http = urllib3.PoolManager()


def intake() -> None:
    """Consume, insert, commit the offsets, for ever."""
    tickers = {
        security["securityId"]: security["ticker"]
        for security in _get("SECURITY_SVC_URL", "securities")
    }
    consumer = Consumer(
        {
            **json.loads(os.environ["KAFKA_CLIENT_CONFIG"]),
            "bootstrap.servers": os.environ["KAFKA_BROKERS"],
            "group.id": os.environ["KAFKA_CONSUMER_GROUP"],
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
        }
    )
    consumer.subscribe([os.environ["KAFKA_ORDERS_TOPIC"]])
    with psycopg.connect(_dsn(), autocommit=True) as connection:
        while True:
            messages = consumer.consume(_BATCH, 0.1)
            orders = [json.loads(m.value() or b"", parse_float=Decimal) for m in messages]
            if orders:
                connection.execute(query("insert_orders"), _rows(orders, tickers))
                consumer.commit(asynchronous=True)


def _rows(orders: list[dict[str, Any]], tickers: Mapping[str, str]) -> dict[str, object]:
    rows = [
        {
            "id": order["id"],
            "trade_type": order["tradeType"],
            "destination": order["destination"],
            "security_id": order["securityId"],
            "ticker": tickers[order["securityId"]],
            "quantity": order["quantity"],
            "limit_price": order["limitPrice"],
            "received_timestamp": _EPOCH
            + timedelta(microseconds=int(order["receivedTimestamp"] * 10**6)),
            "trade_service_execution_id": order["tradeServiceExecutionId"],
            "version": order["version"],
        }
        for order in orders
    ]
    return {
        "first_fill_delay": _seconds("FIRST", 1),
        "orders": json.dumps(rows, default=str),
    }


def fills() -> None:
    """Claim, price, update with ledger and outbox, commit, produce, flush, mark, for ever."""
    producer = Producer({"bootstrap.servers": os.environ["KAFKA_BROKERS"], "linger.ms": 1})
    with psycopg.connect(_dsn(), autocommit=True, row_factory=dict_row) as connection:
        row = connection.execute("select nextval('engine_number') as owner").fetchone()
        assert row is not None
        while True:
            connection.execute("begin")
            claimed = connection.execute(
                query("claim"),
                {"limit": _BATCH, "since": EARLIEST, "until": None, "passed_over": []},
            ).fetchall()
            if not claimed:
                connection.execute("rollback")
                time.sleep(0.02)
                continue
            prices = {
                price["ticker"]: price["close"] for price in _get("PRICING_SVC_URL", "prices")
            }
            filled = [_filled(execution, prices) for execution in claimed]
            fills = json.dumps([*map(_fill, filled)], default=str)
            connection.execute(query("store_fills"), {**row, "fills": fills})
            connection.execute("commit")
            for execution in filled:
                producer.produce(
                    os.environ["KAFKA_FILLS_TOPIC"],
                    key=str(execution["execution_service_id"]).encode(),
                    value=json.dumps(execution, default=_plain).encode(),
                )
                producer.poll(0)
            producer.flush()
            marked = json.dumps([*map(_key, filled)])
            connection.execute(query("mark_published"), {**row, "fills": marked})


def _filled(execution: dict[str, Any], prices: Mapping[str, float]) -> dict[str, Any]:
    now = datetime.now(UTC)
    price = Decimal(str(prices[execution["ticker"]]))
    limit = execution["limit_price"]
    reached = limit is None or price <= limit  # as for who buys
    quantity = execution["quantity_ordered"] - execution["quantity_filled"] if reached else 0
    delay = uniform(_seconds("MIN", 5), _seconds("MAX", 120))
    return {
        **execution,
        "price": price,
        "quantity": quantity,
        "is_open": not reached,
        "execution_status": "FULL" if reached else "WORK",
        "last_fill_timestamp": now,
        "next_fill_timestamp": now + timedelta(seconds=delay),
        "quantity_filled": execution["quantity_filled"] + quantity,
        "total_amount": execution["total_amount"] + quantity * price,
        "number_of_fills": execution["number_of_fills"] + 1,
        "version": execution["version"] + 1,
    }


def _fill(execution: dict[str, Any]) -> dict[str, Any]:
    fields = (
        "place",
        "quantity",
        "price",
        "quantity_filled",
        "total_amount",
        "version",
        "is_open",
        "execution_status",
        "next_fill_timestamp",
    )
    return {
        **_key(execution),
        **{field: execution[field] for field in fields},
        "filled_at": execution["last_fill_timestamp"],
        "announced": True,
    }


def _key(execution: dict[str, Any]) -> dict[str, int]:
    return {"execution_id": execution["id"], "number": execution["number_of_fills"]}


def _plain(value: object) -> float:
    assert isinstance(value, datetime | Decimal)
    return value.timestamp() if isinstance(value, datetime) else float(value)


class _Constant:
    """Answers each request with the same."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response, **_parts: int) -> None:
        resp.data = b'{"id":1}'


class _Asked:
    """Answers with what a statement returns as text, on a connection of each thread."""

    def __init__(self, statement: bytes) -> None:
        self._statement = statement
        self._of_thread = local()

    def on_get(self, req: falcon.Request, resp: falcon.Response, **parts: int) -> None:
        if not hasattr(self._of_thread, "connection"):
            self._of_thread.connection = psycopg.connect(_dsn(), autocommit=True)
        values = {"limit": req.get_param_as_int("limit", default=100), **parts}
        row = self._of_thread.connection.execute(self._statement, values).fetchone()
        if row is None:
            raise falcon.HTTPNotFound
        resp.text = row[0]


_EXECUTION = b"select row_to_json(e)::text from execution as e where e.id = %(id)s"
_PAGE = b"""
select coalesce(json_agg(e), '[]')::text
from (select * from execution order by id desc limit %(limit)s) as e
"""


def rest() -> None:
    """Answer each request with the same, for ever."""
    _serve({"/": _Constant()})


def _serve(resources: Mapping[str, object]) -> None:
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App()
    for path, resource in {"/readyz": _Constant(), **resources}.items():
        app.add_route(path, resource)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    serve(app, port=int(os.environ["HTTP_PORT"]), threads=16)


def fix() -> None:
    """Accept a session; parse what is read, insert, commit, acknowledge, for ever."""
    with (
        socket.create_server(("127.0.0.1", int(os.environ["FIX_PORT"]))) as server,
        psycopg.connect(_dsn(), autocommit=True) as connection,
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        line, _ = server.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        framer, number = Framer(), 1
        while data := line.recv(65_536):
            framer.feed(data)
            orders = []
            while isinstance(frame := framer.next(), Frame):
                message = dict(field.split(b"=", 1) for field in frame.body.split(b"\x01")[:-1])
                if message[b"35"] == b"A":
                    line.sendall(_fix_message(b"A", number, b"98=0\x01108=60\x01141=Y\x01"))
                    number += 1
                else:
                    orders.append(message)
            if orders:
                rows = [
                    {"ticker": each[b"55"].decode(), "quantity": each[b"38"].decode()}
                    for each in orders
                ]
                ids = connection.execute(_FIX_ORDERS, [json.dumps(rows)]).fetchall()
                out = b""
                for (id_,), each in zip(ids, orders, strict=True):
                    out += _fix_message(b"8", number, _fix_report(id_, each))
                    number += 1
                line.sendall(out)


_FIX_ORDERS = b"""
insert into public.execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, received_timestamp, sent_timestamp, next_fill_timestamp, version
)
select
    -nextval('engine_number'), true, 'WORK', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3', ticker,
    quantity, now(), now(), now() + interval '1 hour', 1
from json_to_recordset(%s) as o (ticker text, quantity numeric)
returning id
"""


def _fix_report(id_: int, order: dict[bytes, bytes]) -> bytes:
    return (
        b"37=%d\x0111=%b\x0117=%d-0\x01150=0\x0139=0\x0155=%b\x0154=%b\x0138=%b\x0140=1\x01"
        b"151=%b\x0114=0\x016=0\x0160=%b\x01"
        % (
            *(id_, order[b"11"], id_, order[b"55"], order[b"54"], order[b"38"], order[b"38"]),
            write_timestamp(datetime.now(UTC)),
        )
    )


def _fix_message(kind: bytes, number: int, body: bytes) -> bytes:
    header = b"35=%b\x0134=%d\x0149=FIXENGINE\x0152=%b\x0156=FLOOR\x01"
    return encode(b"FIX.4.4", header % (kind, number, write_timestamp(datetime.now(UTC))) + body)


def engine() -> None:
    """Make the tables; then take orders in, fill, and answer, for ever."""
    with closing(psycopg.connect(_dsn(), autocommit=True)) as connection:
        migrate(connection)
    for loop in (intake, fills):
        Thread(target=loop, daemon=True).start()
    _serve(
        {
            "/api/v1/execution/{id:int}": _Asked(_EXECUTION),
            "/api/v1/executions": _Asked(_PAGE),
        }
    )


def _dsn() -> str:
    """Return where the database is, given as a whole or in parts."""
    return os.environ.get("POSTGRES_DSN") or make_conninfo(
        host=os.environ["POSTGRES_HOST"],
        port=os.environ["POSTGRES_PORT"],
        user=os.environ["POSTGRES_USER"],
        password=os.environ["POSTGRES_PASSWORD"],
        dbname=os.environ["POSTGRES_DBNAME"],
    )


def _seconds(delay: str, default: float) -> float:
    return float(os.environ.get(f"FILL_DELAY_{delay}", default))


def _get(variable: str, what: str) -> Iterator[dict[str, Any]]:
    answer: Iterator[dict[str, Any]] = _http.request(
        "GET", f"{os.environ[variable]}/api/v1/{what}"
    ).json()
    return answer


if __name__ == "__main__":
    {"intake": intake, "fills": fills, "rest": rest, "fix": fix, "engine": engine}[sys.argv[1]]()
