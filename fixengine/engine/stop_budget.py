"""The time of a stop: each step has its share of what the pod is given, and all of them fit it."""

from dataclasses import dataclass

from fixengine.http.serving.server import CLOSE_SECONDS
from fixengine.infra.process.log_lines import WRITTEN_WITHIN
from fixengine.infra.process.logs import LAST_WORDS

PROMISED = 10.0
"""Seconds from the order to stop to the end of the process, as the pod is promised them."""

SPARE = 0.5
"""Seconds that no step counts on: a process with a tenth of a core is late between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopBudget:
    """Seconds for each step of a stop, in their order. No step begins before the one above ends."""

    first_line: float = WRITTEN_WITHIN
    """The log says that the process drains, and waits so long for somebody who reads it."""

    actors: float
    """The actors stop in reverse order. Each has its share, and what those before it have left."""

    report: float = 0.3
    """The supervisor says which of them did not."""

    the_rest: float = 1.2
    """Servers, exports and connections end side by side: any may wait for somebody outside."""

    last_lines: float = LAST_WORDS
    """The log is written to its end."""

    @property
    def total(self) -> float:
        """Seconds from the order to stop to the end of the process."""
        return self.first_line + self.actors + self.report + self.the_rest + self.last_lines

    def __post_init__(self) -> None:
        if self.total + SPARE > PROMISED:
            raise ValueError(f"a stop would take {self.total:g} s, and the pod has {PROMISED:g}")
        if self.the_rest <= CLOSE_SECONDS:
            raise ValueError("requests that are under way would not be answered")
