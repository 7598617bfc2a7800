"""The live view of running engines on a terminal: what REST says of them."""
