"""The demo's one error."""

from fixengine.errors import FixengineError


class DemoError(FixengineError):
    """A part of the demo is missing, did not come up or missed its deadline."""
