"""Storage: all writes to the database, and the watches over it and its schema."""
