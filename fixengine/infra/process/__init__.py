"""The process: its log, its signals, its limits."""
