"""Fills are published after their transaction, and nothing remembers those that were not."""

from fixengine.cli import main
from fixengine.infra.postgres import claimed_rows
from tests.chaos.broken import broken

STORE = broken("store_fills", {b"where announced\n": b"where false\n"})

if __name__ == "__main__":
    claimed_rows.query = STORE  # type: ignore[assignment, attr-defined]  # a cached function
    main()
