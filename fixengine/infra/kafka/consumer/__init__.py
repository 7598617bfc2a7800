"""A member of the consumer group."""
