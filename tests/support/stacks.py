"""The servers that tests run on: those of the demo, or containers of the official images."""

from dataclasses import replace
from enum import StrEnum
from importlib.util import find_spec

from fixengine.demo.errors import DemoError
from fixengine.demo.options import BrokerName
from fixengine.demo.servers.kinds import SERVERS, Servers
from tests.support.postgres.copied import CopiedPostgres

# the module of the images is imported where it is used, for it needs packages of `dev`


class BrokerKind(StrEnum):
    """Which broker: from a wheel, Apache Kafka by Maven and Java, or Apache Kafka's image."""

    EMBEDDED = "embedded"
    APACHE = "apache"
    CONTAINERS = "containers"

    @property
    def servers(self) -> Servers:
        """What makes the database and the broker, for `Stack(servers=...)`."""
        if self is not BrokerKind.CONTAINERS:
            return replace(SERVERS[BrokerName(self.value)], postgres=CopiedPostgres)
        from tests.support.containers.images import SERVERS_OF_IMAGES  # noqa: PLC0415 - see above

        return SERVERS_OF_IMAGES


def check(kind: BrokerKind) -> None:
    """Pull the images that are missing; raise DemoError when containers can't be had."""
    if kind is BrokerKind.CONTAINERS:
        if find_spec("testcontainers") is None:
            raise DemoError("containers need testcontainers: pip install 'fixengine[dev]'")
        from tests.support.containers.images import fetch_images  # noqa: PLC0415 - see above

        fetch_images()
