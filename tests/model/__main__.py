"""Tell what goes wrong without each guard; `--faults 3` searches the whole protocol deeper.

The exit code is 1 when something goes wrong with all guards.
"""

import argparse
import sys
from collections.abc import Iterable

from tests.model import intake, test_changing, test_intake, test_publication, test_sessions
from tests.model.changing import Kind
from tests.model.checker import Found
from tests.model.publication.world import FILLS


def main() -> None:
    """Run the searches and print their traces."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--faults", type=int, default=2, help="in the search with all guards")
    faults = parser.parse_args().faults
    whole: list[tuple[str, Found]] = [  # type: ignore[type-arg] # each model has states of its own
        ("intake", test_intake.searched(faults_to_come=faults)),
        (
            "publication",
            test_publication.searched(frozenset(), faults_to_come=faults, fills=FILLS),
        ),
        *(
            (
                f"changing, a {kind.value},",
                test_changing.searched(frozenset(), kind, faults_to_come=faults),
            )
            for kind in Kind
        ),
        ("sessions", test_sessions.searched(frozenset(), faults_to_come=faults, orders=2)),
    ]
    for model, found in whole:
        tell(model, [], found)
    for guard in intake.Guard:
        tell("intake", [guard.name], test_intake.searched(guard))
    for without in (test_publication.EITHER, *({guard} for guard in test_publication.WITHOUT)):
        found = test_publication.nearest(frozenset(without))
        tell("publication", sorted(guard.name for guard in without), found)
    for removed in (*test_changing.WITHOUT, test_changing.NO_KEYS):
        kinds = [Kind.REPLACE] if removed == test_changing.NO_KEYS else Kind
        told = test_changing.nearest(removed, kinds)
        tell("changing", sorted(guard.name for guard in removed), told)
    for lacking in (*({guard} for guard in test_sessions.WITHOUT), *test_sessions.PAIRS):
        missed = test_sessions.nearest(frozenset(lacking))
        tell("sessions", sorted(guard.name for guard in lacking), missed)
    sys.exit(any(found.flaw for _, found in whole))


def tell(model: str, without: Iterable[str], found: Found) -> None:  # type: ignore[type-arg]
    """Print one search's outcome."""
    guards = " and ".join(name.lower() for name in without)
    title = f"{model} without {guards}" if guards else f"{model}, all guards"
    print(f"{title}: {found.states} states", *str(found).splitlines(), "", sep="\n  ")  # noqa: T201


if __name__ == "__main__":
    main()
