"""A run of coverage-guided fuzzing, as its command line says."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from random import randrange

import atheris

_SLOWEST_SECONDS = 2  # for one input

Seeds = Callable[[int], Iterable[bytes]]
"""Returns inputs to begin with, for the seed of a run."""

Spoil = Callable[[bytes, int, int], bytes]
"""Changes an input, which may then be so long, by a seed."""


def fuzz(
    name: str,
    about: str | None,
    target: Callable[[bytes], None],
    spoil: Spoil,
    seeds: Seeds,
    *,
    longest: int,
) -> None:
    """Fuzz; the process ends with an error, and a file with the culprit, when something breaks."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=randrange(10**6))
    parser.add_argument(
        "--corpus", type=Path, required=True, help="a folder to begin with and fill"
    )
    arguments = parser.parse_args()
    arguments.corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(arguments.seed)):
        (arguments.corpus / f"seed{number:03}").write_bytes(seed)
    options = [
        *(f"-runs={arguments.runs}", f"-seed={arguments.seed}", f"-max_len={longest}"),
        *(f"-timeout={_SLOWEST_SECONDS}", f"-artifact_prefix={arguments.corpus}/"),
        "-reduce_inputs=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(arguments.corpus)], target, custom_mutator=spoil)
    atheris.Fuzz()
