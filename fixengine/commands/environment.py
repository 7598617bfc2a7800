"""What a command is given besides its arguments: settings, and the name of its pod."""

import os
import re
import socket
from collections.abc import Iterator, Mapping, Set

from loguru import logger

from fixengine.config import Check, Settings, keep_secret, load, notes
from fixengine.infra.process.checks import setting_problems
from fixengine.infra.process.logs import Logs, configure_logs

_NOT_OF_NAMES = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME = 63  # of a host, and of what PostgreSQL calls an application


class Environment:
    """The variables of a process, and what follows from them."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        name = variables.get("HOSTNAME") or socket.gethostname()
        self.pod = _NOT_OF_NAMES.sub("-", name)[:_LONGEST_NAME]
        """The host's name, as far as everybody who is told it can take it."""

    def settings(self, *checks: Check) -> Settings:
        """Return the checked settings, and log as they say; raises ConfigError."""
        settings = self.checked(*checks)
        self.logs(settings)
        return settings

    def checked(self, *checks: Check) -> Settings:
        """Return the settings; raises ConfigError, also for what drivers and `checks` refuse."""
        return load(self._variables, _checked_by_drivers, *checks)

    def logs(self, settings: Settings) -> Logs:
        """Log as the settings say, first of all what is odd about them."""
        logs = configure_logs(
            level=settings.log_level, json_lines=settings.log_format == "json", pod=self.pod
        )
        for note in notes(self._variables):
            logger.bind(reason=note).warning("a setting is taken otherwise than it is given")
        return logs


def _checked_by_drivers(settings: Settings, _unread: Set[str]) -> Iterator[str]:
    keep_secret(settings)  # which drivers may quote
    yield from setting_problems(
        dsn=settings.postgres_dsn,
        client_config=settings.kafka_client_config,
        collector=settings.metric_collector or settings.trace_collector,
    )


def process_environment() -> Environment:
    """Return this process's environment, read as UTF-8 whatever the locale says."""
    return Environment(
        {
            name.decode(errors="surrogateescape"): text.decode(errors="surrogateescape")
            for name, text in os.environb.items()
        }
    )
