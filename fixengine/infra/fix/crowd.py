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
        self._owners: dict[T, str] = {}
        self._of: dict[str, dict[T, None]] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def __contains__(self, stranger: T) -> bool:
        return stranger in self._owners

    def add(self, stranger: T) -> None:
        """Let one more wait."""
        owner = self._owners[stranger] = owner_of(stranger.address)
        self._of.setdefault(owner, {})[stranger] = None

    def remove(self, stranger: T) -> None:
        """Forget one: it is no stranger any more, or gone."""
        owner = self._owners.pop(stranger)
        del self._of[owner][stranger]
        if not self._of[owner]:
            del self._of[owner]

    def first_to_go(self) -> T | None:
        """Return the oldest of the owner who has most of them; None when nobody waits."""
        if not self._of:
            return None
        largest = max(self._of.values(), key=len)
        return next(iter(largest))
