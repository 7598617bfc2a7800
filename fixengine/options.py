"""Types of options that more than one command has."""

import argparse
from datetime import UTC, datetime

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a topic is read from when nobody says since when."""


def moment(text: str) -> datetime:
    """Parse ISO 8601 with an offset."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no offset: add Z, or +02:00")
    return parsed
