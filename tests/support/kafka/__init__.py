"""Kafka for tests: clusters with rights and doors, members of a group, records of every kind."""
