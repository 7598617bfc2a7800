"""Connections, threads and bytes of a WSGI server."""
