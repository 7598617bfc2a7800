"""Stubs: servers that stand in for the neighbours, one class each in `services.py`."""
