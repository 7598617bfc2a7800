"""The autoscalers: what they scale, how far, and that no open execution is left without a pod."""

from collections.abc import Iterator
from math import ceil
from typing import Any

import psycopg
import pytest

from fixengine.config import load
from fixengine.engine.parts import FILLS_PARTITIONS
from fixengine.infra.postgres.driver.connections import Database
from tests.manifests.built import NAMESPACE, built, only, password, settings
from tests.support.rows import fill_with_orders, opened

POLLING_INTERVAL = 15


def trigger(kind: str) -> dict[str, str]:
    (found,) = (
        each["metadata"]
        for each in only("keda", "ScaledObject")["spec"]["triggers"]
        if each["type"] == kind
    )
    assert isinstance(found, dict)
    return found


def targets() -> dict[str, int]:
    """Return the utilization that the HPA aims at, by resource."""
    return {
        metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"]
        for metric in only("hpa", "HorizontalPodAutoscaler")["spec"]["metrics"]
    }


def asked(dsn: str) -> int:
    """Return what the scaler reads; it takes the first column of the first row as a number."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(trigger("postgresql")["query"].encode()).fetchone()
    assert row is not None
    return int(row[0])


def changed(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def rows(database: str) -> Iterator[Database]:
    with opened(database) as connected:
        yield connected


@pytest.mark.parametrize(
    ("variant", "kind"), [("hpa", "HorizontalPodAutoscaler"), ("keda", "ScaledObject")]
)
def test_an_autoscaler_is_the_only_one_and_scales_the_engine(variant: str, kind: str) -> None:
    target = only(variant, kind)["spec"]["scaleTargetRef"]
    deployment = only(variant, "Deployment")
    assert target == {
        "apiVersion": deployment["apiVersion"],
        "kind": "Deployment",
        "name": deployment["metadata"]["name"],
    }
    kinds = {manifest["kind"] for manifest in built(variant)}
    assert len(kinds & {"HorizontalPodAutoscaler", "ScaledObject"}) == 1


def test_the_hpa_goes_from_1_to_20_pods_at_70_percent_of_cpu() -> None:
    spec = only("hpa", "HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 20)
    assert targets() == {"cpu": 70}


def test_the_hpa_comes_back_to_one_pod_when_all_are_idle() -> None:
    """Kubernetes' own rule: so many pods as bring the mean to the target, rounded up."""
    at_rest = {"cpu": 10 / 110, "memory": 60 / 100}  # of what the pod requests
    pods = only("hpa", "HorizontalPodAutoscaler")["spec"]["maxReplicas"]
    while (
        fewer := max(
            ceil(pods * at_rest[resource] * 100 / target) for resource, target in targets().items()
        )
    ) < pods:
        pods = fewer
    assert pods == 1


@pytest.mark.parametrize("variant", ["hpa", "keda"])
def test_pods_go_as_soon_as_those_of_the_suite(variant: str) -> None:
    if variant == "hpa":
        behavior = only("hpa", "HorizontalPodAutoscaler")["spec"]["behavior"]
    else:
        advanced = only("keda", "ScaledObject")["spec"]["advanced"]
        behavior = advanced["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior == {"scaleDown": {"stabilizationWindowSeconds": 75}}


def test_keda_goes_from_none_to_as_many_pods_as_there_are_partitions() -> None:
    spec = only("keda", "ScaledObject")["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (0, FILLS_PARTITIONS)
    assert spec["pollingInterval"] == POLLING_INTERVAL


def test_keda_scales_at_the_suites_pace() -> None:
    spec = only("keda", "ScaledObject")["spec"]
    assert (spec["pollingInterval"], spec["cooldownPeriod"]) == (15, 75)
    assert trigger("kafka")["lagThreshold"] == "20"


def test_keda_asks_the_broker_topic_and_group_of_the_settings() -> None:
    loaded = load(settings("keda"))
    kafka = trigger("kafka")
    host, port = loaded.kafka_brokers.split(":")
    assert kafka["bootstrapServers"] == f"{host}.{NAMESPACE}.svc.cluster.local:{port}"
    assert kafka["topic"] == loaded.kafka_orders_topic
    assert kafka["consumerGroup"] == loaded.kafka_consumer_group


def test_one_order_wakes_an_engine_also_on_a_partition_that_nobody_has_read() -> None:
    kafka = trigger("kafka")
    assert kafka["activationLagThreshold"] == "0"
    assert kafka["offsetResetPolicy"] == "earliest"
    assert kafka["scaleToZeroOnInvalidOffset"] == "false"


def test_keda_asks_the_database_of_the_settings_with_the_password_of_the_pod() -> None:
    loaded = load(settings("keda"))
    postgres = trigger("postgresql")
    assert postgres["host"] == f"{loaded.postgres_host}.{NAMESPACE}.svc.cluster.local"
    assert postgres["port"] == str(loaded.postgres_port)
    assert postgres["userName"] == loaded.postgres_user
    assert postgres["dbName"] == loaded.postgres_dbname
    assert postgres["sslmode"] == loaded.postgres_sslmode
    reference: dict[str, Any] = only("keda", "ScaledObject")["spec"]["triggers"][1]
    authentication = only("keda", "TriggerAuthentication")
    assert reference["authenticationRef"]["name"] == authentication["metadata"]["name"]
    (target,) = authentication["spec"]["secretTargetRef"]
    assert target == {
        "parameter": "password",
        "name": password("keda")["name"],
        "key": password("keda")["key"],
    }


def test_an_empty_database_needs_no_pod(database: str) -> None:
    assert asked(database) == 0


def test_due_executions_are_counted_up_to_those_due_by_the_next_poll(
    database: str, rows: Database
) -> None:
    fill_with_orders(rows, range(1, 31))
    changed(
        database,
        f"update public.execution set next_fill_timestamp = now() + interval '"
        f"{POLLING_INTERVAL - 5} seconds' where execution_service_id > 10",
    )
    changed(
        database,
        f"update public.execution set next_fill_timestamp = now() + interval '"
        f"{POLLING_INTERVAL + 60} seconds' where execution_service_id > 20",
    )
    assert asked(database) == 20


def test_an_open_execution_that_is_not_due_keeps_one_pod(database: str, rows: Database) -> None:
    fill_with_orders(rows, range(1, 31))
    changed(database, "update public.execution set next_fill_timestamp = now() + interval '2 h'")
    assert asked(database) == 1


def test_closed_executions_keep_no_pod(database: str, rows: Database) -> None:
    fill_with_orders(rows, range(1, 31))
    changed(database, "update public.execution set is_open = false, next_fill_timestamp = null")
    assert asked(database) == 0


def test_a_fill_that_a_killed_engine_left_unpublished_keeps_one_pod(
    database: str, rows: Database
) -> None:
    fill_with_orders(rows, range(1, 2))
    changed(database, "update public.execution set is_open = false, next_fill_timestamp = null")
    changed(database, "insert into public.outbox (execution_id, fill_number, owner) values (1,1,1)")
    assert asked(database) == 1


def test_the_count_is_bounded_by_what_the_most_pods_are_for(database: str, rows: Database) -> None:
    most = only("keda", "ScaledObject")["spec"]["maxReplicaCount"]
    target = int(trigger("postgresql")["targetQueryValue"])
    fill_with_orders(rows, range(1, most * target + 500))
    assert asked(database) == most * target


@pytest.mark.parametrize("analyzed", [True, False])
def test_a_long_history_is_not_read(database: str, rows: Database, analyzed: bool) -> None:
    changed(database, "alter table public.execution set (autovacuum_enabled = off)")
    fill_with_orders(rows, range(1, 20_001))
    changed(
        database,
        "update public.execution set is_open = false, next_fill_timestamp = null where id > 3",
    )
    if analyzed:
        changed(database, "analyze public.execution")
    with psycopg.connect(database) as connection:
        plan = connection.execute(f"explain {trigger('postgresql')['query']}".encode()).fetchall()
    steps = "\n".join(str(step) for (step,) in plan)
    assert "Seq Scan on execution" not in steps, steps
    assert asked(database) == 3
