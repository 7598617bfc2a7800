"""What the commands do: run an engine until a signal ends it, check settings, migrate."""

import os
import signal
from threading import Event
from types import FrameType

import pykka
from loguru import logger

from fixengine.config import Settings
from fixengine.engine import Engine
from fixengine.errors import ConfigError, StartError
from fixengine.infra.checks import setting_problems
from fixengine.infra.migrate import Migration, migrate
from fixengine.infra.postgres import open_session

_START_STEP = 0.1


def serve(settings: Settings, *, pod: str) -> int:
    """Run an engine until a signal or its own end; return the exit code.

    0 after a signal and a clean drain, 1 otherwise. A second signal ends the process at once.
    """
    over = Event()
    signals: list[int] = []
    failures: list[str] = []

    def failed(sentence: str) -> None:
        failures.append(sentence)
        over.set()

    def stop(number: int, _frame: FrameType | None) -> None:
        if signals:
            os._exit(128 + number)
        signals.append(number)
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if settings.exports_telemetry:
        logger.warning("this version exports no telemetry: the OTEL settings have no effect")
    engine = Engine(settings, pod=pod, on_failure=failed)
    try:
        started = engine.start()
        while not over.wait(_START_STEP):
            if _has_started(started):
                over.wait()
    except OSError as error:
        failures.append(f"the engine can't listen: {error.strerror}")
    except StartError as error:
        failures.append(str(error))
    if signals:
        logger.bind(signal=signal.Signals(signals[0]).name).info("engine drains")
    stuck = engine.stop()
    if stuck:
        failures.append(f"actors did not stop: {', '.join(stuck)}")
    if failures:
        logger.bind(reason="; ".join(failures)).critical("engine ends, it can't go on")
        return 1
    logger.info("engine has drained")
    return 0


def _has_started(started: pykka.Future[None]) -> bool:
    try:
        started.get(timeout=0)
    except pykka.Timeout:
        return False
    return True


def check(settings: Settings) -> None:
    """Raise ConfigError for settings that can be read but that a driver refuses."""
    problems = tuple(
        setting_problems(dsn=settings.postgres_dsn, client_config=settings.kafka_client_config)
    )
    if problems:
        raise ConfigError(problems)


def migrate_once(settings: Settings, *, pod: str) -> tuple[Migration, ...]:
    """Bring the database to this program's schema; return the migrations that were missing.

    Raises SchemaError, and UnavailableError when the database does not answer.
    """
    with open_session(settings.postgres_dsn, application_name=pod) as connection:
        return migrate(connection)
