"""The intake: orders from the topic become executions, or dead letters."""
