"""The desk forgets the keys of requests: one that is repeated is taken for a new one."""

from fixengine.cli import main
from fixengine.infra.postgres import changes
from tests.chaos.broken import broken

KNOWN = broken("known_changes", {b"k.request_key = a.key": b"k.request_key is null"})

if __name__ == "__main__":
    changes.query = KNOWN  # type: ignore[assignment, attr-defined]  # a cached function
    main()
