"""A kit of supervised actors, which knows nothing of orders."""
