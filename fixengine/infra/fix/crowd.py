"""Lines that no session has taken yet: which goes when there are too many."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class _Caller(Protocol):
    @property
    def address(self) -> str: ...


T = TypeVar("T", bound=_Caller)


class Crowd(Generic[T]):
    """Strangers by their address, each address's in the order in which they came."""

    def __init__(self) -> None:
        self._of: dict[str, dict[T, None]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[T]:
        return (each for group in tuple(self._of.values()) for each in tuple(group))

    def add(self, stranger: T) -> None:
        """Let one more wait."""
        self._of.setdefault(stranger.address, {})[stranger] = None
        self._size += 1

    def discard(self, stranger: T) -> None:
        """Forget one, if it is there: it is no stranger any more, or gone."""
        group = self._of.get(stranger.address, {})
        if stranger in group:
            del group[stranger]
            self._size -= 1
            if not group:
                del self._of[stranger.address]

    def first_to_go(self) -> T | None:
        """Return the oldest of the address that has most of them; None when nobody waits."""
        if not self._of:
            return None
        largest = max(self._of.values(), key=len)
        return next(iter(largest))
