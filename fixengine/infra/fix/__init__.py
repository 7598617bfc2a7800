"""FIX over TCP: clients' connections."""
