"""Files without a name that this process has open, as temporary ones are."""

from contextlib import suppress
from pathlib import Path


def count_nameless_files() -> int:
    """Return how many there are."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that reads the folder
            count += str(descriptor.readlink()).endswith("(deleted)")
    return count
