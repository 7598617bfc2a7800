"""The floors: one bare loop for each half of the work, without actors, retries or any care.

`python -m benchmarks.floors intake|fills` with an engine's settings in the environment. They use
the engine's SQL, so that both ask the same of the database, and nothing else of it. With `rest` it
is what REST stands on, with nothing behind it.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import falcon
import psycopg
import urllib3
from confluent_kafka import Consumer, Producer
from psycopg.rows import dict_row
from waitress import serve

from fixengine.infra.postgres.statements import query
from fixengine.rules.claim_window import EARLIEST

_BATCH = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONG = timedelta(hours=1)
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
    with psycopg.connect(os.environ["POSTGRES_DSN"], autocommit=True) as connection:
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
    return {"first_fill_delay": 3600, "orders": json.dumps(rows, default=str)}


def fills() -> None:
    """Claim, price, update with ledger and outbox, commit, produce, flush, mark, for ever."""
    producer = Producer({"bootstrap.servers": os.environ["KAFKA_BROKERS"], "linger.ms": 1})
    with psycopg.connect(
        os.environ["POSTGRES_DSN"], autocommit=True, row_factory=dict_row
    ) as connection:
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
    quantity = execution["quantity_ordered"] - execution["quantity_filled"]
    return {
        **execution,
        "price": price,
        "quantity": quantity,
        "is_open": False,
        "execution_status": "FULL",
        "last_fill_timestamp": now,
        "next_fill_timestamp": now + _LONG,
        "quantity_filled": execution["quantity_ordered"],
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


def rest() -> None:
    """Answer each request with the same, for ever."""

    class Constant:
        def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
            resp.data = b'{"id":1}'

    app: falcon.App[falcon.Request, falcon.Response] = falcon.App()
    app.add_route("/", Constant())
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    serve(app, port=int(os.environ["HTTP_PORT"]), threads=16)


def _get(variable: str, what: str) -> Iterator[dict[str, Any]]:
    answer: Iterator[dict[str, Any]] = _http.request(
        "GET", f"{os.environ[variable]}/api/v1/{what}"
    ).json()
    return answer


if __name__ == "__main__":
    {"intake": intake, "fills": fills, "rest": rest}[sys.argv[1]]()
