"""The neighbours as a program of their own: what measures has no part in how fast they answer."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from benchmarks.serving import serving
from fixengine.demo.stack import Stack, surroundings

PRICE_CALL_SECONDS = 0.001
"""For an answer, where nothing else is said."""

_numbers = count(1)


@contextmanager
def neighbours(
    stack: Stack,
    *,
    latency: float = PRICE_CALL_SECONDS,
    security_latency: float = PRICE_CALL_SECONDS,
) -> Iterator[Mapping[str, str]]:
    """Lend the settings of an engine that asks them; `latency` is seconds for a price."""
    security, pricing = stack.workspace.reserve_port(), stack.workspace.reserve_port()
    options = (
        f"--security-port={security}",
        f"--pricing-port={pricing}",
        f"--latency={latency}",
        f"--security-latency={security_latency}",
    )
    process = stack.workspace.child(
        f"neighbours-{next(_numbers)}",
        [sys.executable, "-m", "fixengine", "stubs", *options],
        environment=surroundings(),
    )
    urls = {
        "SECURITY_SVC_URL": f"http://127.0.0.1:{security}",
        "PRICING_SVC_URL": f"http://127.0.0.1:{pricing}",
    }

    with serving(process, f"{urls['PRICING_SVC_URL']}/api/v1/prices"):
        yield urls
