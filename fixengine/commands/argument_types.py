"""Types of options that more than one command has."""

import argparse
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from fixengine.config.addresses import url
from fixengine.config.conninfo import dsn
from fixengine.ports.kafka import EVER

DEFAULT_ADDRESS = "http://localhost:8085"
"""Where an engine's REST is, unless an option says otherwise."""

_NumberT = TypeVar("_NumberT", int, float)


def moment(text: str) -> datetime:
    """Parse ISO 8601 with an offset; what is before EVER is as good as EVER."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time such as 2026-07-28T09:30:00Z"
        ) from error
    if parsed.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no offset: add Z, or +02:00")
    return max(parsed, EVER)


def positive(kind: Callable[[str], _NumberT]) -> Callable[[str], _NumberT]:
    """Return an option's type: a finite number above 0."""

    def parse(text: str) -> _NumberT:
        number = kind(text)
        if not 0 < number < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return number

    parse.__name__ = kind.__name__ if isinstance(kind, type) else "number"
    return parse


def port(text: str) -> int:
    """Parse the number of a TCP port; 0 is any that is free."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number from 0 to 65535")
    return number


def connection_string(text: str) -> str:
    """Parse a connection string of PostgreSQL."""
    try:
        return dsn(text)
    except ValueError as error:  # as below
        raise argparse.ArgumentTypeError(str(error)) from error


def rest_address(text: str) -> str:
    """Parse the address of an engine's REST."""
    try:
        return url(text)
    except ValueError as error:  # argparse would quote the text, a password in it too
        raise argparse.ArgumentTypeError(str(error)) from error
