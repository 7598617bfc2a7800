"""Kafka: producers, readers of topics, and the cluster."""
