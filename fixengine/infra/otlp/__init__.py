"""Telemetry over OTLP gRPC."""
