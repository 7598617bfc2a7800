"""The optional demo: embedded servers, neighbours' stand-ins, an order feed and the ledger audit.

The tests and the benchmarks run on the same parts. It needs the extra `demo`.
"""
