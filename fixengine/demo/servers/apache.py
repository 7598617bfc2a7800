"""Apache Kafka, one node in KRaft mode, its jars fetched once by Maven and run by Java."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from fixengine.demo.servers.broker import BrokerProcess, wait_until_accepting
from fixengine.demo.servers.jars import jars_of, run_once
from fixengine.demo.workspace import Workspace, program

_HOST = "127.0.0.1"
_FORMAT_SECONDS = 180.0
_START_SECONDS = 180.0
_HEAP = "-Xmx512m"
_LOGGING = """
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An address that the broker listens at, and the one that it tells whoever comes there."""

    address: str
    advertised: str
    protocol: str = "PLAINTEXT"


class ApacheKafka(BrokerProcess):
    """A broker and controller in one process. Its data stay through stops, kills and starts.

    Who comes by `proxied`, an address that something passes on to `behind_proxy`, is told to use
    it for everything. `listeners`, by name, and `properties` are added to its own. `name` tells it
    from others in its workspace.
    """

    client_config: Mapping[str, str | int] = {
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 500,
    }

    def __init__(
        self,
        *,
        workspace: Workspace,
        name: str = "kafka",
        proxied: str | None = None,
        listeners: Mapping[str, Listener] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        self.bootstrap = f"{_HOST}:{workspace.reserve_port()}"
        self.behind_proxy = f"{_HOST}:{workspace.reserve_port()}"
        self._listeners = {
            "PLAINTEXT": Listener(address=self.bootstrap, advertised=self.bootstrap),
            "PROXIED": Listener(address=self.behind_proxy, advertised=proxied or self.behind_proxy),
            **(listeners or {}),
        }
        self._more = properties or {}
        self._controller = f"{_HOST}:{workspace.reserve_port()}"
        self._folder = workspace.subfolder(name)
        self._data = self._folder / "data"
        self._settings = self._folder / "server.properties"
        self._java = (program("java", what="Apache Kafka"), _HEAP, "-cp", f"{fetched_jars()}/*")
        logging = self._folder / "log4j2.properties"
        process = workspace.child(
            name,
            [
                *self._java,
                f"-Dlog4j2.configurationFile={logging}",
                "kafka.Kafka",
                str(self._settings),
            ],
        )
        super().__init__(process)
        logging.write_text(_LOGGING, encoding="utf-8")
        self._settings.write_text(self._properties(), encoding="utf-8")

    def start(self) -> None:
        """Start it, its data made the first time, and return when it accepts connections.

        Raises DemoError.
        """
        if not self._data.exists():
            self._format()
        self._process.start()
        wait_until_accepting(self._process, self.bootstrap, _START_SECONDS)

    def stop(self) -> None:
        """Stop it cleanly."""
        self._process.stop(deadline_seconds=30.0)

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # in one word with its option, for it may begin with a dash
        identity = f"--cluster-id={cluster}"
        command = (*self._java, "kafka.tools.StorageTool", "format", identity)
        run_once("Apache Kafka's data", (*command, "-c", str(self._settings)), _FORMAT_SECONDS)

    def _properties(self) -> str:
        listeners = self._listeners.items()
        own = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{self._controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": ",".join(f"{name}://{each.address}" for name, each in listeners)
            + f",CONTROLLER://{self._controller}",
            "advertised.listeners": ",".join(
                f"{name}://{each.advertised}" for name, each in listeners
            ),
            "listener.security.protocol.map": ",".join(
                f"{name}:{each.protocol}" for name, each in listeners
            )
            + ",CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self._data),
            "auto.create.topics.enable": "false",
            # so that tests can take away rights
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "true",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",  # so that tests notice a dead member soon
            "offsets.topic.num.partitions": "3",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "3",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "broker.heartbeat.interval.ms": "500",  # so that a killed one may soon come back
            "broker.session.timeout.ms": "2000",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "log.cleaner.dedupe.buffer.size": "10485760",
        }
        return "".join(f"{name}={value}\n" for name, value in {**own, **self._more}.items())


def fetched_jars() -> Path:
    """Return the folder of the broker's jars, fetched if need be. Raises DemoError."""
    with as_file(files(__package__).joinpath("apache-kafka.pom.xml")) as pom:
        return jars_of(pom, name="apache-kafka", what="Apache Kafka")
