"""What is logged, as it comes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from loguru import logger

from fixengine.recurring import end_counts

if TYPE_CHECKING:
    from loguru import Message

T = TypeVar("T")


@contextmanager
def heard(
    level: str, what: Callable[["Message"], T], *, serialize: bool = False
) -> Iterator[list[T]]:
    """Lend a list of what is made of each line from a level on; none is counted for later."""
    end_counts()  # those of tests before this one
    seen: list[T] = []
    sink = logger.add(lambda message: seen.append(what(message)), level=level, serialize=serialize)
    try:
        yield seen
    finally:
        end_counts()
        logger.remove(sink)
