"""The optional demo: embedded servers, stubs of the neighbours, an order feed, the ledger audit.

It needs the extra `demo`. The tests and the benchmarks run on the same parts; what only they use
stands in `tests/support/`.
"""
