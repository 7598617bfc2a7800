"""Numbers of FIX sessions move in a transaction of their own, before what they stand for."""

import time
from collections.abc import Sequence

from msgspec.structs import replace

from fixengine.cli import main
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.ports.fix import Work

BETWEEN_SECONDS = 0.3
"""As on a busy disk: a kill meets it."""

_commit = PostgresFixSessions.commit


def _commit_in_two(self: PostgresFixSessions, works: Sequence[Work]) -> frozenset[int]:
    nothing: tuple[()] = ()
    alone = [
        replace(
            work,
            sent=nothing,
            new_orders=nothing,
            requests=nothing,
            orders=nothing,
            done=nothing,
            told=nothing,
        )
        for work in works
    ]
    _commit(self, alone)
    if any(work.requests for work in works):
        time.sleep(BETWEEN_SECONDS)
    return _commit(self, works)


if __name__ == "__main__":
    PostgresFixSessions.commit = _commit_in_two  # type: ignore[method-assign]  # that is the bug
    main()
