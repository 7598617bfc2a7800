"""FIX sessions have neither lock nor epoch: gateways write whatever they believe to have."""

from fixengine.cli import main
from fixengine.infra.postgres.fix import sessions
from tests.chaos.broken import broken

_EVALUATIONS = b"    on conflict do nothing\n),\nasked as ("

COMMIT = broken(
    "fix_commit",
    {
        b" and s.epoch = w.epoch": b"",
        b"),\nasked as (": _EVALUATIONS,
    },
)

if __name__ == "__main__":
    sessions._lock = lambda connection, session_id: True
    sessions.query = COMMIT  # type: ignore[assignment, attr-defined]  # a cached function
    main()
