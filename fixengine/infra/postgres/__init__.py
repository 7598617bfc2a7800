"""PostgreSQL: one statement a file in `queries`, and who runs them."""
