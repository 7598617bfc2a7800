"""What a resource says of itself, for the OpenAPI document."""

from dataclasses import dataclass
from typing import Any, Protocol

from fixengine.http.rest.parameters import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """GET of one path.

    `answer` is the type of the body with status 200, and with the statuses `alike`. `errors` are
    the statuses of the problems that may come instead. A `paged` answer has a `Link` to the next
    page.
    """

    summary: str
    answer: Any  # a type, or what typing makes of one
    media_type: str = "application/json"
    query: tuple[Parameter, ...] = ()
    alike: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
    paged: bool = False


class Resource(Protocol):
    """What answers at one path."""

    @property
    def operation(self) -> Operation:
        """What a GET does."""
