"""What several files of unit tests look at."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.clocks import Clock
from tests.support.log import heard

if TYPE_CHECKING:
    from loguru import Message


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Return the lines of the log, each with its event, level and fields, as they come."""
    with heard("DEBUG", _line) as seen:
        yield seen


def _line(message: "Message") -> dict[str, Any]:
    record = message.record
    return {"event": record["message"], "level": record["level"].name, **record["extra"]}


@pytest.fixture
def clock() -> Clock:
    """Return a clock that the test moves."""
    return Clock()
