"""Lines that no session has taken yet: which goes when there are too many."""

from typing import Generic, Protocol, TypeVar

from fixengine.attempts import owner_of


class _Caller(Protocol):
    @property
    def address(self) -> str: ...


T = TypeVar("T", bound=_Caller)


class Crowd(Generic[T]):
    """Strangers by who owns their address, each owner's in the order in which they came."""

    def __init__(self) -> None:
        self._of: dict[str, dict[T, None]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, stranger: T) -> None:
        """Let one more wait."""
        self._of.setdefault(owner_of(stranger.address), {})[stranger] = None
        self._size += 1

    def discard(self, stranger: T) -> None:
        """Forget one, if it is there: it is no stranger any more, or gone."""
        owner = owner_of(stranger.address)
        group = self._of.get(owner, {})
        if stranger in group:
            del group[stranger]
            self._size -= 1
            if not group:
                del self._of[owner]

    def first_to_go(self) -> T | None:
        """Return the oldest of the owner who has most of them; None when nobody waits."""
        if not self._of:
            return None
        largest = max(self._of.values(), key=len)
        return next(iter(largest))
