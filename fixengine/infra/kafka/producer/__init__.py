"""Messages out: producers, their settings, and the topics that they need."""
