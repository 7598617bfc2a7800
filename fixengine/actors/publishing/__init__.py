"""Publishing: fills and dead letters go to the broker."""
