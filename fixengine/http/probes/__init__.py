"""Probes and metrics, for the cluster."""
