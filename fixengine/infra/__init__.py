"""Everything outside: PostgreSQL, Kafka, the HTTP neighbours and the log."""
