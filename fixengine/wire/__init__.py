"""Bytes of messages become values, and values become bytes."""
