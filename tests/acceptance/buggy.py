"""The engine's own command line, with a bug in what the repository is asked at every start."""

from typing import NoReturn

from fixengine.cli import main
from fixengine.infra.postgres.outbox import PostgresOutbox


def _is_wrong(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("a bug")


if __name__ == "__main__":
    PostgresOutbox.take_over = _is_wrong  # type: ignore[method-assign]  # that is the bug
    main()
