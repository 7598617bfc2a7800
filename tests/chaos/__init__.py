"""Engines under faults, judged by the audit: `make chaos`."""
