"""The watch over the database: whether it answers, and what it can't do though it does."""

from fixengine.errors import ImpairedError, UnavailableError
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.outage import Outages


class DatabaseWatch:
    """Kinds of work that the database can't do, each until it succeeds or nobody tries it."""

    def __init__(self, health: Health) -> None:
        self.reached = False
        self._health = health
        self._outages = Outages[str]()

    def failed(self, kind: str, error: ImpairedError) -> None:
        """Take note of work that the database can't do."""
        self._outages.begin(kind, str(error))
        self._say()

    def worked(self, kind: str) -> None:
        """Take note of work that went well."""
        if self._outages.end(kind):
            self._say()

    def away(self, error: UnavailableError) -> None:
        """Say that it does not answer."""
        self.reached = False
        self._health.down(Part.DATABASE, str(error))

    def there(self) -> None:
        """Say that it answers."""
        self.reached = True
        self._say()

    def _say(self) -> None:
        if reasons := self._outages.reasons():
            self._health.down(Part.DATABASE, reasons[0])
        elif self.reached:
            self._health.up(Part.DATABASE)
