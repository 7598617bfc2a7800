"""Counts what a server is asked to do, by its log."""

import re
import time

import psycopg

from fixengine.demo.stack import Stack


def statements_of(stack: Stack, seconds: float) -> int:
    """Count the statements of so many seconds, a `begin` and a `commit` each as one."""
    log = stack.workspace.folder / "postgres.log"
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        connection.execute("alter system set log_statement = 'all'")
        connection.execute("alter system set log_parameter_max_length = 0")
        connection.execute("select pg_reload_conf()")
        time.sleep(1)
        before = log.stat().st_size
        time.sleep(seconds)
    with log.open("rb") as file:
        file.seek(before)
        return len(re.findall(rb"LOG:  (?:statement|execute)", file.read()))
