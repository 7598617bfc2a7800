"""Bad input at scale: hostile records by seed, and the account of what became of each of them."""
