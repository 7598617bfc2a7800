"""One value says how every client of a cluster connects."""

from fixengine.config import load
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.log import ClientLog
from tests.support.kafka.clusters import NOWHERE


def test_a_client_connects_as_the_settings_say_under_the_name_of_its_process() -> None:
    settings = load(
        {"KAFKA_BROKERS": "one:1,two:2", "KAFKA_CLIENT_CONFIG": '{"security.protocol": "SSL"}'}
    )
    connection = Cluster.of(settings, client_id="pod-1").connection()
    assert connection["bootstrap.servers"] == "one:1,two:2"
    assert connection["client.id"] == "pod-1"
    assert connection["security.protocol"] == "SSL"


def test_a_clients_lines_of_log_go_to_whoever_is_to_hear_them() -> None:
    heard = ClientLog(lambda _facility, _line: None)
    assert NOWHERE.connection(heard)["logger"] is heard
    assert NOWHERE.connection()["logger"].name == "librdkafka"


def test_a_cluster_that_is_shown_shows_no_password() -> None:
    settings = load({"KAFKA_CLIENT_CONFIG": '{"sasl.password": "hunter2"}'})
    assert "hunter2" not in repr(Cluster.of(settings, client_id="pod-1"))
