"""How long what falls due waits for company: claims keep apart, the further the less there is."""

WANTED = 12
"""Executions that are wanted in a claim: a claim of so many costs little more than one of one."""


class Company:
    """Seconds from the beginning of a claim to that of the next, between two bounds."""

    def __init__(self, shortest: float, longest: float) -> None:
        """Begin with the shortest; a `longest` below it means that the distance never changes."""
        self.seconds = shortest
        self._shortest = shortest
        self._longest = max(shortest, longest)

    def came(self, executions: int) -> None:
        """Take note of a claim: wait for as many as are wanted, but at most twice as long."""
        wished = self.seconds * min(WANTED / max(executions, 1), 2)
        self.seconds = min(max(wished, self._shortest), self._longest)
