"""The watch over the schema: what contradicts it is looked into, and said until it is over."""

from time import monotonic

from loguru import logger

from fixengine.errors import SchemaError, SlowQueryError, UnavailableError
from fixengine.ports.stores import Schema
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.outage import Outages

CHECK_EVERY = 15.0
"""Seconds between looks at a schema that nothing contradicts."""

CHECK_FAULTS_EVERY = 5.0
"""Seconds between looks at one that was found wanting, or is contradicted."""

CHECK_REFUSED_WITHIN = 1.0
"""Seconds until the schema is looked at after it refused something: the look says more."""


class SchemaWatch:
    """Kinds of work that the schema refuses, and what the last look at it found."""

    def __init__(self, schema: Schema, health: Health) -> None:
        self._schema = schema
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
        self._check_at = monotonic() + CHECK_EVERY
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
            self._check_at = now + (CHECK_FAULTS_EVERY if self._fault else CHECK_EVERY)
        self._say()

    def refused(self, kind: str, error: SchemaError) -> None:
        """Take note of work that the schema refuses, and mend what can be mended."""
        now = monotonic()
        self._outages.begin(kind, str(error))
        self._check_at = min(self._check_at, now + CHECK_REFUSED_WITHIN)
        if now >= self._mend_at:
            self._mend_at = now + CHECK_FAULTS_EVERY
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

    def _say(self) -> None:
        reason = next(filter(None, (self._fault, *self._outages.reasons())), "")
        if reason:
            self._health.down(Part.SCHEMA, reason)
        else:
            self._health.up(Part.SCHEMA, self._note)
