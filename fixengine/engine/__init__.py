"""The engine: settings become parts, and parts become the children of a supervisor."""
