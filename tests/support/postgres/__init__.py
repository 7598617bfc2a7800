"""PostgreSQL for tests: standbys, roles, and what a statement reads."""
