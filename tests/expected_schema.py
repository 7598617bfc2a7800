"""Writes schema/expected.json anew, after a migration: `python -m tests.expected_schema`."""

from contextlib import closing
from pathlib import Path

import msgspec
import psycopg

from fixengine.demo.workspace import Workspace
from fixengine.infra.postgres.schema.catalog import read_catalog
from fixengine.infra.postgres.schema.migrate import migrate
from tests.support.stacks import BrokerKind

FILE = Path(__file__).parents[1] / "schema" / "expected.json"


def main() -> None:
    """Migrate an empty database, and write down what it has."""
    with Workspace() as workspace:
        server = BrokerKind.EMBEDDED.servers.postgres(workspace=workspace, durable=False)
        server.start()
        with closing(psycopg.connect(server.dsn, autocommit=True)) as connection:
            migrate(connection)
            found = read_catalog(connection, wanted=None)
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


if __name__ == "__main__":
    main()
