"""The two HTTP neighbours."""
