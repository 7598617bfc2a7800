"""The FIX gateway: settings become parts, and parts become the children of a supervisor."""
