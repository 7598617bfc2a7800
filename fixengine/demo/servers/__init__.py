"""Databases and brokers to run against."""
