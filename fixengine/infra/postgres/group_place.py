"""The engine's place in the consumer group: a name, and a lock by which others see that it is used.

The broker keeps the place of a dead member until its session is over. Whoever joins under the same
name has that place at once. So an engine that starts looks for a name in the group that no living
engine uses. The database tells which these are: it frees a dead engine's locks at once.
"""

from collections.abc import Sequence

from fixengine.infra.postgres.driver.connections import Connection
from fixengine.infra.postgres.statements import query

PLACE_CLASS = 0x66697866  # "fixf"; the second key of these locks is the number in the name


class GroupPlace:
    """A name is this database's prefix and the number of the engine that joined under it first."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._locked_in: Connection | None = None

    def take(self, connection: Connection, owner: int, members: Sequence[str]) -> str:
        """Return the first name among `members` that no living engine uses, else the engine's own.

        The engine's earlier name is given up.
        """
        self._give_up(connection)
        row = connection.execute(query("places"), {"place_class": PLACE_CLASS}).fetchone()
        assert row is not None
        prefix, used = row
        numbers = iter((*_numbers(prefix, members, used), owner))
        number = next(numbers)
        while not _lock(connection, number):
            # after a failover that lost numbers, even the engine's own may be in another's name
            number = next(numbers, None) or new_number(connection)
        self._number, self._locked_in = number, connection
        return f"{prefix}{number}"

    def keep(self, connection: Connection) -> None:
        """Lock the name in this session too, unless it is locked: perhaps by another's engine."""
        if (
            self._number is not None
            and self._locked_in is not connection
            and _lock(connection, self._number)
        ):
            self._locked_in = connection

    def _give_up(self, connection: Connection) -> None:
        if self._locked_in is connection:
            connection.execute("select pg_advisory_unlock(%s, %s)", [PLACE_CLASS, self._number])
        self._number = self._locked_in = None


def new_number(connection: Connection) -> int:
    """Return a number that no engine has had, unless a failover has lost those that were given."""
    row = connection.execute("select nextval('public.engine_number')").fetchone()
    assert row is not None
    return int(row[0])


def _numbers(prefix: str, members: Sequence[str], used: Sequence[int]) -> list[int]:
    endings = (name.removeprefix(prefix) for name in members if name.startswith(prefix))
    numbers = (int(ending) for ending in endings if ending.isdecimal())
    return [number for number in numbers if number not in used]


def _lock(connection: Connection, number: int) -> bool:
    row = connection.execute(
        "select pg_try_advisory_lock(%s, %s)", [PLACE_CLASS, number]
    ).fetchone()
    assert row is not None
    return bool(row[0])
