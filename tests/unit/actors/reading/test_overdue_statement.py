"""The watch for a statement that the database does not end: its times fit those of the database."""

from fixengine.actors.reading.overdue_statement import (
    FOUND_OUT_WITHIN,
    LONGEST_STATEMENT,
    LOOK_EVERY,
)
from fixengine.infra.postgres.driver.connections import STATEMENT_LIMIT


def test_a_statement_that_the_server_ends_in_time_is_not_looked_for() -> None:
    assert LONGEST_STATEMENT > STATEMENT_LIMIT


def test_a_reader_knows_what_a_statement_waits_for_before_the_repository_gives_it_up() -> None:
    known_after = LONGEST_STATEMENT + 2 * LOOK_EVERY
    assert known_after <= STATEMENT_LIMIT + FOUND_OUT_WITHIN
