"""Sessions of the FIX gateway, and what they asked for and were told, on PostgreSQL."""
