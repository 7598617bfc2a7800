"""The order generator."""
