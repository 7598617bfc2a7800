"""Stand-ins for the HTTP neighbours."""
