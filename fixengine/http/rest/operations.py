"""What a resource says of itself, for the OpenAPI document."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fixengine.http.rest.bodies import BodyField
from fixengine.http.rest.parameters import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one path does. Everybody may GET, also from pages of others; POST is for operators.

    A POST takes a JSON object with the fields `body`, some of them; where there are none it takes
    no body or an empty object.

    `answer` is the type of the body with status 200, and with the statuses `alike`. `errors` are
    the statuses of the problems that may come instead. A `paged` answer has a `Link` to the next
    page, a `tagged` one an `ETag`.
    """

    method: Literal["GET", "POST"] = "GET"
    summary: str
    answer: Any  # a type, or what typing makes of one
    media_type: str = "application/json"
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    body: tuple[BodyField, ...] = ()
    alike: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
    paged: bool = False
    tagged: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"


class Resource(Protocol):
    """What answers at one path."""

    @property
    def operation(self) -> Operation:
        """What it does."""
