"""Which of several databases an order belongs to: each has those of one remainder of their ids.

It depends on nothing but the id, so an order that comes twice, or is replayed, comes to the same
one. The numbers of executions follow the same rule: no two databases give the same.
"""

import re
from dataclasses import dataclass

MOST = 1_000
_TEXT = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One database of so many, counted from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read `1/2`, the first of two; raises ValueError with the remedy."""
        match = _TEXT.fullmatch(text)
        if not match or not int(match[1]) <= int(match[2]) <= MOST:
            raise ValueError(f"give the first of two as 1/2, the second as 2/2; at most {MOST}")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        """Return it as it is set."""
        return f"{self.number}/{self.of}"

    def has(self, number: int) -> bool:
        """Say whether an order with this id, or an execution with this number, is of this one."""
        return (number - self.number) % self.of == 0

    @property
    def has_what_is_no_order(self) -> bool:
        """Whether records without a readable id are of this one: one alone buries them."""
        return self.number == 1

    def next_after(self, number: int) -> int:
        """Return the first number of this one that is greater."""
        return number + 1 + (self.number - number - 1) % self.of

    def group(self, name: str) -> str:
        """Return the consumer group of this one's engines.

        Each database needs one of its own: what a member passes over, its group never gets again.
        """
        return name if self.of == 1 else f"{name}.{self.number}of{self.of}"


WHOLE = Shard(1, 1)
"""A single database, which has all orders."""
