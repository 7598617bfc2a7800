"""Engines that die at a point of choice: `python -m tests.failpoints serve` with FAILPOINT set."""
