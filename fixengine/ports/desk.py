"""Who decides requests to cancel and replace executions, as REST asks it."""

from typing import Protocol

from fixengine.rules.changes import ChangeDecision, ChangeRequest


class ChangeDesk(Protocol):
    """Decides one request at a time for each thread that asks."""

    def change(self, request: ChangeRequest) -> ChangeDecision:
        """Have a request decided; raises UnavailableError when it is not, or nobody knows it.

        Raises RejectedError or SchemaError when the database refuses what was decided.
        """
