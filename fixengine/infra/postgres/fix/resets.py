"""An operator's reset: what the client and the gateway count begins at 1 again."""

from typing import NamedTuple

from fixengine.infra.postgres.driver.connections import Connection, statements_on
from fixengine.infra.postgres.fix.sessions import FIX_LOCK_CLASS
from fixengine.infra.postgres.statements import query
from fixengine.ports.fix import Identity


class Marked(NamedTuple):
    """A session whose numbers begin anew at its next logon; `is_held` while its client is here."""

    identity: Identity
    is_held: bool


def begin_anew(connection: Connection, peer: bytes | None) -> tuple[Marked, ...]:
    """Mark all sessions of a client, or of everybody, and return them; an outage forgets none.

    Raises UnavailableError when the database does not answer.
    """
    parameters = {"peer": peer, "lock_class": FIX_LOCK_CLASS}
    with statements_on(connection):
        rows = connection.execute(query("fix_begin_anew"), parameters).fetchall()
    return tuple(Marked(Identity(*names), is_held) for *names, is_held in sorted(rows))
