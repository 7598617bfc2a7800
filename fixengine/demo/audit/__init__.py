"""The audit of a run whose orders are known."""
