"""Filling: due executions are claimed, priced, evaluated and stored."""
