"""The actors: each owns one part of the work, and the supervisor owns them all."""
