"""How fast the engine is, and how fast a bare loop of the same work on the same machine."""
