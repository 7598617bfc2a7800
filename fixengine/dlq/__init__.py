"""The `dlq` commands: see why orders are dead letters, mend them, send them again."""
