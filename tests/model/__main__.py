"""Tell what goes wrong without each guard; `--faults 3` searches the whole protocol deeper."""

import argparse
from collections.abc import Iterable

from tests.model import intake, test_changing, test_intake, test_publication
from tests.model.changing import Kind
from tests.model.checker import Found
from tests.model.publication.world import FILLS


def main() -> None:
    """Run the searches and print their traces."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--faults", type=int, default=2, help="in the search with all guards")
    faults = parser.parse_args().faults
    tell("intake", [], test_intake.searched(faults_to_come=faults))
    whole = test_publication.searched(frozenset(), faults_to_come=faults, fills=FILLS)
    tell("publication", [], whole)
    for kind in Kind:
        found_all = test_changing.searched(frozenset(), kind, faults_to_come=faults)
        tell(f"changing, a {kind.value},", [], found_all)
    for guard in intake.Guard:
        tell("intake", [guard.name], test_intake.searched(guard))
    for without in (test_publication.EITHER, *({guard} for guard in test_publication.WITHOUT)):
        found = test_publication.nearest(frozenset(without))
        tell("publication", sorted(guard.name for guard in without), found)
    for removed in (*test_changing.WITHOUT, test_changing.NO_KEYS):
        kinds = [Kind.REPLACE] if removed == test_changing.NO_KEYS else Kind
        told = test_changing.nearest(removed, kinds)
        tell("changing", sorted(guard.name for guard in removed), told)


def tell(model: str, without: Iterable[str], found: Found) -> None:  # type: ignore[type-arg]
    """Print one search's outcome."""
    guards = " and ".join(name.lower() for name in without)
    title = f"{model} without {guards}" if guards else f"{model}, all guards"
    print(f"{title}: {found.states} states", *str(found).splitlines(), "", sep="\n  ")  # noqa: T201


if __name__ == "__main__":
    main()
