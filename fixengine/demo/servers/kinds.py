"""The servers of a stack: which database and which broker a kind of stack stands on."""

from importlib.util import find_spec

from fixengine.demo.errors import DemoError
from fixengine.demo.options import BrokerKind
from fixengine.demo.servers.apache import ApacheKafka
from fixengine.demo.servers.broker import Broker, TansuBroker
from fixengine.demo.servers.postgres import Postgres, PostgresServer
from fixengine.demo.workspace import Workspace

# the images' module is imported where it is used: what it imports only tests have installed


def check(kind: BrokerKind) -> None:
    """Raise DemoError when servers of that kind can't be had; images are pulled on the way."""
    if kind is BrokerKind.CONTAINERS:
        if find_spec("testcontainers") is None:
            raise DemoError("containers need testcontainers: pip install 'fixengine[dev]'")
        from fixengine.demo.servers.images import fetch_images  # noqa: PLC0415 - see above

        fetch_images()


def make_postgres(kind: BrokerKind, workspace: Workspace, *, durable: bool) -> Postgres:
    """Return a database, not started."""
    match kind:
        case BrokerKind.EMBEDDED | BrokerKind.APACHE:
            return PostgresServer(workspace=workspace, durable=durable)
        case BrokerKind.CONTAINERS:
            from fixengine.demo.servers.images import ContainedPostgres  # noqa: PLC0415 - see above

            return ContainedPostgres(workspace=workspace, durable=durable)


def make_broker(kind: BrokerKind, workspace: Workspace) -> Broker:
    """Return a broker, not started; raises DemoError when it can't be had."""
    match kind:
        case BrokerKind.EMBEDDED:
            return TansuBroker(workspace=workspace)
        case BrokerKind.APACHE:
            return ApacheKafka(workspace=workspace)
        case BrokerKind.CONTAINERS:
            from fixengine.demo.servers.images import ContainedKafka  # noqa: PLC0415 - see above

            return ContainedKafka(workspace=workspace)
