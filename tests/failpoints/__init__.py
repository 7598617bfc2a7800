"""Engines and gateways that die at a point of choice.

`python -m tests.failpoints serve` (or `gateway`) with FAILPOINT set.
"""
