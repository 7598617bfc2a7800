"""Coverage-guided fuzzing of what reads an order's bytes: it takes or refuses, and never raises.

What is found on the way is left in a folder, for the intake to be tried with.
"""

import argparse
import re
import sys
from itertools import islice
from pathlib import Path
from random import Random, randrange

import atheris

with atheris.instrument_imports(include=["fixengine"]):
    from fixengine.dlq import view
    from fixengine.errors import MalformedError
    from fixengine.wire import creation as created
    from fixengine.wire import orders

from tests.fuzz.hostile import hostile_records, spoil_bytes
from tests.fuzz.promises import assert_reason, assert_sound
from tests.fuzz.values import TEXTS, huge

_LONGEST = 8_192
_SEEDS = 500
_SLOWEST_SECONDS = 2  # for one input
_VALUE = re.compile(rb":([^,}]*)")


def main() -> None:
    """Fuzz; the process ends with an error, and a file with the culprit, when something breaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.decoder", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=randrange(10**6))
    parser.add_argument(
        "--corpus", type=Path, required=True, help="a folder to begin with and fill"
    )
    arguments = parser.parse_args()
    arguments.corpus.mkdir(parents=True, exist_ok=True)
    for number, record in enumerate(islice(hostile_records(arguments.seed), _SEEDS)):
        if record.value and len(record.value) <= _LONGEST:
            (arguments.corpus / f"seed{number:03}").write_bytes(record.value)
    options = [
        *(f"-runs={arguments.runs}", f"-seed={arguments.seed}", f"-max_len={_LONGEST}"),
        *(
            f"-timeout={_SLOWEST_SECONDS}",
            f"-artifact_prefix={arguments.corpus}/",
            "-reduce_inputs=0",
        ),
    ]
    atheris.Setup([sys.argv[0], *options, str(arguments.corpus)], read, custom_mutator=spoil)
    atheris.Fuzz()


def read(body: bytes) -> None:
    """Read a body in each way in which the engine and its commands do."""
    try:
        assert_sound(orders.decode_order(body))
    except MalformedError as error:
        assert_reason(str(error))
    created.creation_time((), body, None)
    created.creation_time((("created_at", body),), None, None)
    list(view.body(body))


def spoil(body: bytes, longest: int, seed: int) -> bytes:
    """Change a value, or bytes, or what the fuzzer itself proposes."""
    rng = Random(seed)
    match rng.randrange(3):
        case 0:
            return bytes(atheris.Mutate(body, longest))
        case 1 if values := list(_VALUE.finditer(body)):
            first, last = rng.choice(values).span(1)
            text = rng.choice(TEXTS) if rng.random() < 0.8 else huge(rng, rng.randrange(2_000))
            return (body[:first] + text + body[last:])[:longest]
        case _:
            return (spoil_bytes(rng, body) or b"")[:longest]


if __name__ == "__main__":
    main()
