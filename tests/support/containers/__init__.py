"""Servers from their official images, in containers of this machine's Docker."""
