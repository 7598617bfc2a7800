"""Which name in the consumer group an engine takes: by locks, whose holders live."""

from collections.abc import Iterator

import pytest

from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.driver.connections import Database
from tests.conftest import new_database
from tests.support.rows import new_claims, opened, session

pytestmark = pytest.mark.any_broker


@pytest.fixture
def pool(database: str) -> Iterator[Database]:
    with opened(database) as pool:
        yield pool


@pytest.fixture
def another_pool(postgres: Postgres, migrated_template: str) -> Iterator[Database]:
    """A copy of the same database."""
    for dsn in new_database(postgres, migrated_template):
        with opened(dsn) as pool:
            yield pool


def takes(engine: PostgresClaims, members: tuple[str, ...], name: str) -> None:
    """See that an engine takes a dead one's name, once the server has noticed the death."""
    wait_until(lambda: engine.take_place(members) == name, 60, "the name of the dead engine")


def test_an_engine_has_a_name_that_no_other_ever_had(pool: Database) -> None:
    with session(pool) as one, session(pool) as other:
        names = {one.take_place(()), other.take_place(())}
        assert len(names) == 2
        with session(pool) as third:
            assert third.take_place(()) not in names


def test_the_name_of_a_dead_engine_is_taken_and_that_of_a_living_one_is_not(
    pool: Database,
) -> None:
    with session(pool) as living, session(pool) as new:
        with session(pool) as dead:
            members = (living.take_place(()), dead.take_place(()))
            assert new.take_place(members) not in members
        takes(new, members, members[1])
        with session(pool) as another:
            assert another.take_place(members) not in members


def test_an_engine_that_looks_again_gives_its_name_up(pool: Database) -> None:
    """Its member could not go on; whoever comes next may have the place."""
    with session(pool) as one, session(pool) as other:
        with session(pool) as dead:
            earlier = dead.take_place(())
        own = one.take_place(())
        takes(one, (earlier,), earlier)
        assert other.take_place((own,)) == own


def test_members_of_other_programs_and_databases_keep_their_places(
    pool: Database, another_pool: Database
) -> None:
    with session(another_pool) as stranger:
        strange = stranger.take_place(())
    with session(pool) as one:
        prefix = one.take_place(()).rpartition("-")[0]
        members = (strange, "7", "fixengine", f"{prefix}-", f"{prefix}-x", f"{prefix}7")
        assert one.take_place(members) not in members
        assert not strange.startswith(prefix)


def test_a_session_that_is_opened_again_keeps_the_name(pool: Database) -> None:
    with session(pool) as one, session(pool) as other:
        name = one.take_place(())
        one.close()
        locked_again(one)
        assert other.take_place((name,)) != name


def test_a_name_that_an_old_session_still_holds_is_locked_once_that_is_gone(
    pool: Database,
) -> None:
    with session(pool) as one, session(pool) as other:
        name = one.take_place(())
        ghost = one.session._connection
        assert ghost is not None
        one.session._connection = None  # it broke, and the server has not noticed
        one.session._earlier.clear()  # nor does anybody tell the server
        one.check()
        assert one.session._place._locked_in is ghost
        ghost.close()
        locked_again(one)
        assert other.take_place((name,)) != name


def test_a_number_that_a_failover_gave_twice_is_in_one_name_only(pool: Database) -> None:
    with session(pool) as one:
        name = one.take_place(())
        owner = one.session.owner
        one.close()
        locked_again(one)
        with pool.connection() as connection:
            connection.execute("select setval('engine_number', %s, false)", [owner])
        with session(pool) as other:
            assert other.session.owner == owner
            assert other.take_place(()) != name


def test_without_a_session_there_is_no_name(database: str, pool: Database) -> None:
    claims = new_claims(pool)
    with pytest.raises(UnavailableError):
        claims.session.take_place(())
    claims.close()


def locked_again(one: PostgresClaims) -> None:
    """Wait until the name is locked in a new session: the server may yet have the earlier one."""

    def locked() -> bool:
        one.check()
        return one.session._place._locked_in is one.session._connection

    wait_until(locked, 60, "the lock")
