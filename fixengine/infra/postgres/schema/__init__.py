"""The database's schema: brought up to date, compared, mended, tried out."""
