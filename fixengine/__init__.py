"""The execution engine of a trading suite."""

__version__ = "0.1.0"
