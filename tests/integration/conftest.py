"""What integration tests share beside the servers."""

from collections.abc import Iterator

import pytest
from loguru import logger


@pytest.fixture
def events() -> Iterator[list[str]]:
    """What is logged from INFO on, as it comes."""
    seen: list[str] = []
    sink = logger.add(lambda message: seen.append(message.record["message"]), level="INFO")
    yield seen
    logger.remove(sink)
