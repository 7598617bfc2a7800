"""Dead letters: a record nobody can process, as it is kept for people to look at."""

from datetime import UTC, datetime

from fixengine.ports import Headers, Record

PREFIX = "dlq."


def letter_headers(record: Record, *, reason: str, failed_at: datetime) -> Headers:
    """Return the record's own headers, then why it failed, where it was, and when.

    What an earlier failure of the same letter left is replaced.
    """
    own = tuple(header for header in record.headers if not header[0].startswith(PREFIX))
    return (
        *own,
        (f"{PREFIX}reason", reason.encode()),
        (f"{PREFIX}topic", record.topic.encode()),
        (f"{PREFIX}partition", str(record.partition).encode()),
        (f"{PREFIX}offset", str(record.offset).encode()),
        (f"{PREFIX}failed_at", failed_at.astimezone(UTC).isoformat().encode()),
    )
