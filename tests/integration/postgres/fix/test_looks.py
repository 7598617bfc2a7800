"""Looks that come at the same time are one statement, and each gets its own answer."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from math import inf

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.infra.postgres.driver.connections import Connection, Database
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.looks import Looked, Looks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.supervision.patience import wait_until as wait_no_longer_than
from tests.support.fix.works import IDENTITY, enter, taken

MANY = 10


class Counted(Database):
    """Counts how often somebody asks for a connection, and lends none while it is away."""

    asked = 0
    is_away = False

    @contextmanager
    def connection(self, timeout: float = 2.0) -> Iterator[Connection]:
        self.asked += 1
        with super().connection(timeout) as connection:
            yield connection
            if self.is_away:
                raise UnavailableError("it went away")


@pytest.fixture
def counted(database: str) -> Iterator[Counted]:
    pool = Counted(dsn=database, application_name="test", max_connections=3, statement_limit=200)
    pool.open()
    yield pool
    pool.close()


def looks_together(counted: Counted, threads: ThreadPoolExecutor) -> list[Future[Looked]]:
    """Return looks of many sessions, which came while another one was under way."""
    looks = Looks(counted)
    with looks._turn:
        asked = [
            threads.submit(looks.look, number, [b"1", b"2"], new_orders=number)
            for number in range(MANY)
        ]
        wait_until(lambda: len(looks._waiting) == MANY, 60, "all of them to wait")
    return asked


def test_looks_that_wait_are_one_statement(counted: Counted) -> None:
    with ThreadPoolExecutor(MANY) as threads:
        found = [each.result(60) for each in looks_together(counted, threads)]
    assert counted.asked == 1
    assert [len(each.numbers) for each in found] == [*range(MANY)]
    numbers = [number for each in found for number in each.numbers]
    assert len({*numbers}) == len(numbers)
    assert not any(each.any_known for each in found)


def test_each_look_knows_the_names_of_its_own_session(
    counted: Counted, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours = [taken(sessions, IDENTITY._replace(peer=b"%d" % n)) for n in range(1, MANY)]
    assert [each.id for each in ours] == [*range(1, MANY)]
    for each in ours[::3]:
        enter(sessions, books, each, b"2")
    with ThreadPoolExecutor(MANY) as threads:
        found = [each.result(60).any_known for each in looks_together(counted, threads)]
    assert found == [False, *(each in ours[::3] for each in ours)]


def test_an_outage_is_told_to_all_who_wait(counted: Counted) -> None:
    counted.is_away = True
    with ThreadPoolExecutor(MANY) as threads:
        for each in looks_together(counted, threads):
            with pytest.raises(UnavailableError, match="it went away"):
                each.result(60)
    assert counted.asked == 1, "nobody asks again for what just failed"


def test_after_an_outage_all_is_as_before(counted: Counted) -> None:
    looks = Looks(counted)
    counted.is_away = True
    with pytest.raises(UnavailableError):
        looks.look(1, [b"1"], new_orders=1)
    counted.is_away = False
    assert len(looks.look(1, [b"1"], new_orders=1).numbers) == 1


def test_who_stops_waits_for_no_turn(counted: Counted) -> None:
    looks = Looks(counted)
    stop_by = [inf]

    def look() -> Looked:
        wait_no_longer_than(lambda: stop_by[0])
        return looks.look(1, [b"1"], new_orders=1)

    with ThreadPoolExecutor() as threads, looks._turn:
        looking = threads.submit(look)
        wait_until(lambda: looks._waiting, 60, "the look to wait")
        assert not looking.done()
        stop_by[0] = -inf
        with pytest.raises(UnavailableError, match="others look"):
            looking.result(60)
