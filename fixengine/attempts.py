"""Wrong secrets from an address: after some, the address is not heard for a while."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock
from time import monotonic

from cachetools import TTLCache

MOST_WRONG = 10
"""Wrong secrets that one address may show before it is not heard any more."""

NOT_HEARD_FOR = 10
"""Seconds without a wrong secret after which they are forgotten, and the address is heard again."""

_ADDRESSES = 4096
_NETWORK_BITS = 64  # what one owner of IPv6 addresses has at the least, and may choose from


class Attempts:
    """Counts them. Safe to use from several threads."""

    def __init__(self, *, timer: Callable[[], float] = monotonic) -> None:
        self._lock = Lock()
        self._wrong: TTLCache[str, int] = TTLCache(_ADDRESSES, NOT_HEARD_FOR, timer)

    def is_right(self, address: str, check: Callable[[], bool]) -> bool | None:
        """Say what `check` says of a secret; None, and no check, where too many were wrong."""
        owner = owner_of(address)
        with self._lock:  # or an address could show many at the same time
            wrong = self._wrong.get(owner, 0)
            if wrong >= MOST_WRONG:
                return None
            right = check()
            if not right:
                self._wrong[owner] = wrong + 1
        return right


def owner_of(address: str) -> str:
    """Return what the addresses have in common that their owner can choose from."""
    try:
        read = ip_address(address)
    except ValueError:  # no address at all, as from a gateway in the same process
        return address
    if isinstance(read, IPv6Address):
        if read.ipv4_mapped is not None:
            return str(read.ipv4_mapped)
        return f"{int(read) >> (128 - _NETWORK_BITS):x}"
    return str(read)
