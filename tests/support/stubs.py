"""The neighbours' stand-ins, run by a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from fixengine.demo.neighbours.stub import Stub

_StubT = TypeVar("_StubT", bound=Stub)


@contextmanager
def running(stub: _StubT) -> Iterator[_StubT]:
    """Start a stub, lend it and stop it."""
    stub.start()
    try:
        yield stub
    finally:
        stub.stop()
