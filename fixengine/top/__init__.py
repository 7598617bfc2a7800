"""The live view of running engines on a terminal, of what REST says of them."""
