"""Coverage-guided fuzzing of what reads an order's bytes: it takes or refuses, and never raises.

What is found on the way is left in a folder, for the intake to be tried with.
"""

import re
from collections.abc import Iterator
from itertools import islice
from random import Random

import atheris

with atheris.instrument_imports(include=["fixengine"]):
    from fixengine.dlq import view
    from fixengine.errors import MalformedError
    from fixengine.wire import creation as created
    from fixengine.wire import orders

from tests.fuzz.guided import fuzz
from tests.fuzz.hostile import hostile_records, spoil_bytes
from tests.fuzz.promises import assert_reason, assert_sound
from tests.fuzz.values import TEXTS, huge

_LONGEST = 8_192
_SEEDS = 500
_VALUE = re.compile(rb":([^,}]*)")


def main() -> None:
    """Fuzz until the runs are over or something breaks."""
    fuzz("tests.fuzz.decoder", __doc__, read, spoil, _seeds, longest=_LONGEST)


def _seeds(seed: int) -> Iterator[bytes]:
    for record in islice(hostile_records(seed), _SEEDS):
        if record.value and len(record.value) <= _LONGEST:
            yield record.value


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
