"""What the image sets for the engine's process."""

import re
from collections.abc import Mapping
from pathlib import Path

_DOCKERFILE = Path(__file__).parents[1] / "Dockerfile"
_ALLOCATOR = re.compile(r"\b(MALLOC_\w+)=(\S+)")


def allocator_settings() -> Mapping[str, str]:
    """Return the variables of the allocator, from the Dockerfile."""
    return dict(_ALLOCATOR.findall(_DOCKERFILE.read_text("utf-8")))
