"""The watch over the schema: what contradicts it is looked into, and said until it is over."""

from time import monotonic

from loguru import logger

from fixengine.actors.storage.limits import StorageLimits
from fixengine.errors import SchemaError, SlowQueryError, UnavailableError
from fixengine.ports.stores import Schema
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.outage import Outages


class SchemaWatch:
    """Kinds of work that the schema refuses, and what the last look at it found."""

    def __init__(self, schema: Schema, health: Health, limits: StorageLimits) -> None:
        self._schema = schema
        self._limits = limits
        self._health = health
        self._outages = Outages[str]()
        self._fault = ""
        self._note = ""
        self._check_at = 0.0
        self._mend_at = 0.0

    def prepare(self) -> None:
        """Bring the schema up to date, unless it has just been.

        Raises SchemaError and UnavailableError.
        """
        if monotonic() < self._check_at:
            return
        self._note = self._schema.prepare().note
        self._fault = ""
        self._check_at = monotonic() + self._rest()
        self._say()

    def look(self) -> None:
        """Compare the schema with what the engine relies on, now and then.

        Raises UnavailableError.
        """
        now = monotonic()
        if now >= self._check_at:
            try:
                self._note = self._schema.check().note
            except SchemaError as error:
                self._fault = str(error)
            except SlowQueryError as error:
                logger.bind(reason=str(error)).debug("the schema was not looked at")
            else:
                self._fault = ""
            self._check_at = now + self._rest()
        self._say()

    def refused(self, kind: str, error: SchemaError) -> None:
        """Take note of work that the schema refuses, and mend what can be mended."""
        now = monotonic()
        self._outages.begin(kind, str(error))
        self._check_at = min(self._check_at, now + self._limits.check_refused_within)
        if now >= self._mend_at:
            self._mend_at = now + self._limits.check_faults_every
            try:
                self._schema.mend()
            except SchemaError as fault:
                self._fault = str(fault)
            except UnavailableError:
                self._mend_at = now  # the database is away, which is said elsewhere
            else:
                self._fault = ""
        self._say()

    def worked(self, kind: str) -> None:
        """Take note of work that went well."""
        if self._outages.end(kind):
            self._say()

    def assert_sound(self) -> None:
        """Raise SchemaError unless the schema takes what is sound, UnavailableError.

        Only then is what it refuses at fault itself, and not by a change of the schema.
        """
        state = self._schema.check()
        if state.mended:
            raise SchemaError(f"the schema was just mended, this is tried again: {state.mended[0]}")
        self._schema.try_out()

    def _rest(self) -> float:
        limits = self._limits
        return limits.check_faults_every if self._fault else limits.check_schema_every

    def _say(self) -> None:
        reason = next(filter(None, (self._fault, *self._outages.reasons())), "")
        if reason:
            self._health.down(Part.SCHEMA, reason)
        else:
            self._health.up(Part.SCHEMA, self._note)
