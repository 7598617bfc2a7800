"""The time, as sessions take it."""

from datetime import UTC, datetime
from time import monotonic

from fixengine.fix.settings import Moment


def moment() -> Moment:
    """Return what time it is."""
    return Moment(datetime.now(UTC), monotonic())
