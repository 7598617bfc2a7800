"""Settings: read once from environment variables, checked together, shown without secrets."""

from fixengine.config.loading import VARIABLES, describe, keep_secret, load, notes
from fixengine.config.settings import Settings

__all__ = ["VARIABLES", "Settings", "describe", "keep_secret", "load", "notes"]
