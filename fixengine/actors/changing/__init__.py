"""Requests to cancel and replace: from REST to the database, then to the publisher."""
