"""The `migrate` subcommand: brings the database to this program's schema."""

import argparse

from fixengine.commands.database import open_database
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import OK
from fixengine.infra.postgres.schema.schema import bring_up_to_date


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(_arguments: argparse.Namespace, environment: Environment) -> int:
    """Apply the migrations that are missing, and print which.

    Raises SchemaError, and UnavailableError when the database does not answer.
    """
    settings = environment.settings()
    with open_database(settings, pod=environment.pod) as connection:
        applied, _ = bring_up_to_date(connection, shard=settings.order_shard)
    print(f"{len(applied)} migrations applied" if applied else "the schema is up to date")
    for migration in applied:
        print(f"  {migration.version:04} {migration.name}")
    return OK
