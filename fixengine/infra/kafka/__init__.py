"""Kafka: the cluster, what reads topics outside the group, and words for what a broker says."""
