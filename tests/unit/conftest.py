"""What several files of unit tests look at."""

from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from fixengine.recurring import end_counts


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Return the lines of the log, each with its event, level and fields, as they come."""
    end_counts()  # those of tests before this one
    seen: list[dict[str, Any]] = []

    def take(message: Any) -> None:
        record = message.record
        seen.append({"event": record["message"], "level": record["level"].name, **record["extra"]})

    sink = logger.add(take)
    yield seen
    end_counts()
    logger.remove(sink)
