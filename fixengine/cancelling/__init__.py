"""Many executions cancelled by REST, from outside of the engines."""
