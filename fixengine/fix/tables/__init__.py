"""The tables of the versions that are spoken."""
