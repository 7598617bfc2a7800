"""What the commands do: run an engine until a signal ends it, check settings, migrate."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event

import pykka
from loguru import logger

from fixengine.config import Settings
from fixengine.engine.engine import Engine
from fixengine.errors import ConfigError, StartError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.group import assert_deserted, rewind
from fixengine.infra.kafka.tail import KafkaTail, read_to_the_end
from fixengine.infra.postgres.driver.connections import open_session
from fixengine.infra.postgres.reconcile import Reconciliation, reconcile
from fixengine.infra.postgres.schema.migrate import Migration, assert_current
from fixengine.infra.postgres.schema.schema import bring_up_to_date
from fixengine.infra.process.checks import setting_problems
from fixengine.infra.process.diagnosis import log_stacks, log_uncaught, verbose_switch
from fixengine.infra.process.logs import Logs
from fixengine.infra.process.signals import answer_signals
from fixengine.infra.process.system import leave_no_zombies, take_what_is_allowed
from fixengine.rules.values import Execution
from fixengine.wire.executions import decode_execution

_START_STEP = 0.1
_BROKER_TIMEOUT = 10.0


def serve(settings: Settings, *, pod: str, logs: Logs) -> int:
    """Run an engine until a signal or its own end; return the exit code.

    0 after SIGTERM, SIGINT or SIGHUP, 1 otherwise; the second of the first two ends the process at
    once. What the engine could not finish by then others do, as after any end of it. A SIGHUP never
    ends it at once, for a terminal that closes sends it along with others; where it was ignored
    from the beginning, as under nohup, it still is. SIGUSR1 switches the log to debug and back,
    SIGUSR2 writes every thread's stack to it.
    For the main thread, before it starts any other.
    """
    log_uncaught()
    take_what_is_allowed()
    leave_no_zombies()
    # its core would write to standard error past the log, and wait there for whoever reads it
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    over = Event()
    signals: list[signal.Signals] = []
    failures: list[str] = []

    def failed(sentence: str) -> None:
        failures.append(sentence)
        over.set()

    def stop(number: signal.Signals) -> None:
        if number != signal.SIGHUP and set(signals) - {signal.SIGHUP}:
            os._exit(128 + number)
        signals.append(number)
        over.set()

    ending = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        ending.append(signal.SIGHUP)
    answer_signals(
        {
            **{number: partial(stop, number) for number in ending},
            signal.SIGUSR1: verbose_switch(logs),
            signal.SIGUSR2: log_stacks,
        }
    )
    engine = Engine(settings, pod=pod, on_failure=failed)
    try:
        if not over.is_set():
            started = _start(engine)
    except StartError as error:  # there is nothing to drain, and maybe no thread to do it
        return _give_up(str(error))
    try:
        while not over.wait(_START_STEP):
            if _has_started(started):
                over.wait()
    except StartError as error:
        failures.append(str(error))
    if signals:
        logger.bind(signal=signals[0].name).info("engine drains")
    stuck = engine.stop()
    if stuck and not signals:
        failures.append(f"actors did not stop: {', '.join(stuck)}")
    if failures:
        return _give_up("; ".join(failures))
    if stuck:
        logger.bind(actors=stuck).warning("engine ends, others do what it has not finished")
    else:
        logger.info("engine has drained")
    return 0


def _give_up(reason: str) -> int:
    logger.bind(reason=reason).critical("engine ends, it can't go on")
    return 1


def _start(engine: Engine) -> pykka.Future[None]:
    """Start it; raises StartError for what the system does not give."""
    try:
        return engine.start()
    except OSError as error:
        raise StartError(f"the engine can't listen: {error.strerror}") from error
    except RuntimeError as error:
        if "thread" not in str(error):  # Python has no error of its own for one that can't be had
            raise
        raise StartError(f"{error}: raise the limit of processes, or of memory") from error


def _has_started(started: pykka.Future[None]) -> bool:
    try:
        started.get(timeout=0)
    except pykka.Timeout:
        return False
    return True


def check(settings: Settings) -> None:
    """Raise ConfigError for settings that can be read but that a driver refuses."""
    problems = tuple(
        setting_problems(
            dsn=settings.postgres_dsn,
            client_config=settings.kafka_client_config,
            collector=settings.metric_collector or settings.trace_collector,
        )
    )
    if problems:
        raise ConfigError(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was, or would be, changed in the database, and how many orders are read again."""

    database: Reconciliation
    orders_read_again: int


def reconcile_once(settings: Settings, *, pod: str, since: datetime, apply: bool) -> Reconciled:
    """Bring a restored database forward to what the topics have had since then.

    Changes nothing without `apply`. Raises ConflictError while engines run, SchemaError,
    UnavailableError when the database or the broker does not answer.
    """
    cluster = Cluster.of(settings, client_id=pod)
    assert_deserted(cluster, group=settings.kafka_consumer_group)
    tail = KafkaTail(cluster=cluster, topic=settings.kafka_fills_topic)
    with open_session(settings.postgres_dsn, application_name=pod) as connection:
        assert_current(connection)
        database = reconcile(connection, _executions(tail, since), apply=apply)
    again = rewind(
        cluster,
        group=settings.kafka_consumer_group,
        topic=settings.kafka_orders_topic,
        since=since,
        apply=apply,
    )
    return Reconciled(database=database, orders_read_again=again)


def _executions(tail: KafkaTail, since: datetime) -> Iterator[Execution]:
    for record in read_to_the_end(tail.look(since, timeout=_BROKER_TIMEOUT)):
        execution = decode_execution(record.value or b"")
        if execution is not None:
            yield execution


def migrate_once(settings: Settings, *, pod: str) -> tuple[Migration, ...]:
    """Bring the database to this program's schema; return the migrations that were missing.

    Raises SchemaError, and UnavailableError when the database does not answer.
    """
    with open_session(settings.postgres_dsn, application_name=pod) as connection:
        return bring_up_to_date(connection)[0]
