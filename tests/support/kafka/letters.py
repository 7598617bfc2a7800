"""Dead letters, as often as there are orders that they are of."""

from fixengine.audit.letters import named_place
from fixengine.demo.topics import read_topic
from fixengine.ports.kafka import Record


def read_letters(bootstrap: str, topic: str) -> tuple[Record, ...]:
    """Return the first letter of each order.

    An engine that loses its partitions between a letter and its commit writes another.
    """
    letters = read_topic(bootstrap, topic)
    return (*{named_place(letter): letter for letter in reversed(letters)}.values(),)[::-1]
