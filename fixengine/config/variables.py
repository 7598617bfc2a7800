"""Fields of a dataclass that are read from environment variables."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from inspect import get_annotations
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable, for reading it and for telling people about it.

    `default` is its text, empty when it is unset by default. `parse` raises ValueError with the
    remedy. What a `secret` one holds is shown to nobody.
    """

    name: str
    default: str
    meaning: str
    secret: bool
    parse: Callable[[str], object]


def variable(
    name: str, default: str, parse: Callable[[str], _T], meaning: str, *, secret: bool = False
) -> _T:
    """Return a dataclass field of what `parse` makes of the variable."""
    about = Variable(name=name, default=default, meaning=meaning, secret=secret, parse=parse)
    made: _T = field(
        default_factory=lambda: parse(default), repr=not secret, metadata={Variable: about}
    )
    return made


def optional(
    name: str, parse: Callable[[str], _T], meaning: str, *, secret: bool = False
) -> _T | None:
    """Return a dataclass field of what `parse` makes of the variable, None when it is unset."""
    about = Variable(name=name, default="", meaning=meaning, secret=secret, parse=parse)
    made: _T | None = field(default=None, repr=not secret, metadata={Variable: about})
    return made


def variables_of(settings: type[Any]) -> dict[str, Variable]:
    """Return the variables of a dataclass by the names of their fields, those of its base last."""
    about = {field.name: field.metadata[Variable] for field in fields(settings)}
    return {name: about[name] for kind in settings.__mro__ for name in get_annotations(kind)}
