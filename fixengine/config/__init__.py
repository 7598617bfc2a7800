"""Settings: read once from environment variables, checked together, shown without secrets."""

from fixengine.config.loading import VARIABLES, Check, describe, keep_secret, load, notes
from fixengine.config.settings import Settings

__all__ = ["VARIABLES", "Check", "Settings", "describe", "keep_secret", "load", "notes"]
