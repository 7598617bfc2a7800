"""PostgreSQL and Apache Kafka from their official images, in containers."""

import secrets
from collections.abc import Mapping
from signal import Signals

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from fixengine.demo.servers.kinds import Servers
from fixengine.demo.servers.postgres import accepts_logins
from fixengine.demo.workspace import Workspace
from tests.support.containers.container import HOST, Container, fetch

_POSTGRES = "postgres:18"
_KAFKA = "apache/kafka:4.0.0"
_START_SECONDS = 90.0


def fetch_images() -> None:
    """Pull what is not here; raise DemoError when Docker or an image is missing."""
    fetch(_POSTGRES, _KAFKA)


class _Contained:
    """What servers in containers have in common."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @property
    def running(self) -> bool:
        """Whether the server process is there."""
        return self._container.running

    def stop(self) -> None:
        """Stop it cleanly."""
        self._container.stop()

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing is answered."""
        self._container.pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._container.resume()


class ContainedPostgres(_Contained):
    """A PostgreSQL in a container. With `durable` False nothing is forced to disk."""

    def __init__(self, *, workspace: Workspace, durable: bool = True) -> None:
        self.port = workspace.reserve_port()
        self._password = secrets.token_hex(8)
        settings = () if durable else ("fsync=off", "full_page_writes=off")
        container = Container(
            workspace=workspace,
            name="postgres",
            image=_POSTGRES,
            port=self.port,
            inner_port=5432,
            environment={"POSTGRES_PASSWORD": self._password},
            command=("postgres", *(word for one in settings for word in ("-c", one))),
        )
        super().__init__(container)

    @property
    def dsn(self) -> str:
        """The superuser's connection string to the database `postgres`."""
        return self.dsn_of("postgres")

    def dsn_of(self, database: str) -> str:
        """Return the superuser's connection string to a database."""
        return f"postgresql://postgres:{self._password}@{HOST}:{self.port}/{database}"

    def start(self) -> None:
        """Start it, its data made the first time, and return when it answers; raises DemoError."""
        self._container.start(lambda: accepts_logins(self.dsn), _START_SECONDS)

    def crash(self) -> None:
        """End it at once: no clean-up, the next start recovers from its log."""
        self._container.kill()

    def signal(self, backend: int, number: Signals) -> None:
        """Send a signal to the process of one session, as `pg_backend_pid()` names it."""
        self._container.execute(f"kill -{number.value} {backend}")


class ContainedKafka(_Contained):
    """Apache Kafka, a broker and controller in one container. Its data stay while that lasts."""

    client_config: Mapping[str, str | int] = {
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 500,
    }

    def __init__(self, *, workspace: Workspace) -> None:
        port = workspace.reserve_port()
        self.bootstrap = f"{HOST}:{port}"
        container = Container(
            workspace=workspace,
            name="kafka",
            image=_KAFKA,
            port=port,
            inner_port=port,  # so that the advertised address is right within it, too
            environment=_kafka_environment(port),
        )
        super().__init__(container)

    def start(self) -> None:
        """Start it, its data made the first time, and return when it answers; raises DemoError."""
        admin = AdminClient(
            {
                "bootstrap.servers": self.bootstrap,
                "reconnect.backoff.max.ms": 200,
                "log_level": 0,
            }
        )

        def answers() -> bool:
            try:
                return bool(admin.list_topics(timeout=1).brokers)
            except KafkaException:
                return False

        self._container.start(answers, _START_SECONDS)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._container.kill()


SERVERS_OF_IMAGES = Servers(postgres=ContainedPostgres, broker=ContainedKafka)


def _kafka_environment(port: int) -> dict[str, str]:
    return {
        "KAFKA_HEAP_OPTS": "-Xmx512m",
        "KAFKA_LOG4J_ROOT_LOGLEVEL": "WARN",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_NODE_ID": "1",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "3",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "3",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_NUM_PARTITIONS": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS": "500",  # so that a killed one may soon come back
        "KAFKA_BROKER_SESSION_TIMEOUT_MS": "2000",
    }
