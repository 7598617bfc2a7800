"""What is wrong with the files that the settings of a FIX gateway name."""

from collections.abc import Iterator, Set

from fixengine.config import Settings
from fixengine.config.fix_sessions import session_problems
from fixengine.infra.fix.tls import tls_problems


def gateway_problems(settings: Settings, unread: Set[str]) -> Iterator[str]:
    """Yield a sentence for each mistake; fields that are `unread` have one of their own."""
    yield from tls_problems(settings)
    yield from session_problems(settings, unread)
