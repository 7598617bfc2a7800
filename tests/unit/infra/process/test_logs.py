"""Log lines as they reach standard error."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from loguru import logger

from fixengine.infra.process.logs import configure_logs
from fixengine.recurring import end_counts
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", "pykka", "waitress.queue")]
    levels = [each.level for each in loggers]
    handlers = loggers[0].handlers
    yield
    loggers[0].handlers = handlers
    for each, level in zip(loggers, levels, strict=True):
        each.setLevel(level)
    logger.remove()
    logger.configure(extra={})
    logger.add(sys.__stderr__ or sys.stderr)


class Talker(Actor):
    """Says at its start, and what it is told."""

    def boot(self) -> None:
        logger.info("up")

    def receive(self, message: str) -> None:
        logger.info(message)


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def fail(password: str) -> None:
    raise KeyError(len(password))


def json_log(level: str = "info") -> None:
    configure_logs(level=level, json_lines=True, pod="engine-7f")


def test_an_event_is_one_json_object_with_its_fields_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    json_log()
    logger.bind(order=37, actor="intake").info("order {stored}")
    (line,) = lines(capsys)
    assert {key: line[key] for key in line if key not in {"time", "thread"}} == {
        "level": "info",
        "event": "order {stored}",
        "service": "globeco-fix-engine",
        "pod": "engine-7f",
        "order": 37,
        "actor": "intake",
    }
    assert line["time"].endswith("Z")
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)


def test_a_field_of_any_type_is_written_and_none_hides_the_event(
    capsys: pytest.CaptureFixture[str],
) -> None:
    json_log()
    logger.bind(price=Decimal("1.50"), level="x", text="two\nlines \ud800").info("priced")
    (line,) = lines(capsys)
    assert (line["price"], line["level"], line["text"]) == ("1.50", "info", "two\nlines \ud800")


def test_an_exception_is_a_field_with_its_traceback_and_no_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    json_log()
    try:
        fail("hunter2" * 3)
    except KeyError:
        logger.exception("actor crashed")
    (line,) = lines(capsys)
    assert line["event"] == "actor crashed"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].rstrip().endswith("KeyError: 21")
    assert "hunter2hunter2" not in line["exception"]


def test_events_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    json_log("warning")
    logger.info("news")
    logging.getLogger("urllib3").info("news")
    logger.warning("trouble")
    assert [line["event"] for line in lines(capsys)] == ["trouble"]


def test_libraries_log_to_the_same_place(capsys: pytest.CaptureFixture[str]) -> None:
    json_log("debug")
    logging.getLogger("psycopg").warning("error connecting in %r: {}", "pool-1")
    logging.getLogger("urllib3").debug("news")
    logging.getLogger("waitress").log(35, "odd")
    found = [(line["logger"], line["level"], line["event"]) for line in lines(capsys)]
    assert found == [
        ("psycopg", "warning", "error connecting in 'pool-1': {}"),
        ("urllib3", "debug", "news"),
        ("waitress", "level 35", "odd"),
    ]


def test_a_librarys_exception_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    json_log()
    try:
        fail("x" * 21)
    except KeyError:
        logging.getLogger("waitress").exception("request failed")
    (line,) = lines(capsys)
    assert line["exception"].rstrip().endswith("KeyError: 21")


def test_a_trouble_that_a_client_makes_at_will_is_said_once_and_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    end_counts()  # those of tests before this one
    json_log()
    for number in range(1000):
        logging.getLogger("waitress").error(str(number))
    logging.getLogger("waitress").error("another trouble")
    end_counts()
    found = [(line["event"], line["times"]) for line in lines(capsys)]
    assert found == [("0", 1), ("another trouble", 1), ("999", 999)]


@pytest.mark.parametrize("library", ["waitress.queue", "pykka"])
def test_what_is_no_news_is_silenced_below_an_error(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    json_log("trace")
    logging.getLogger(library).warning("Task queue depth is 1")
    logging.getLogger(library).error("broken")
    assert [line["event"] for line in lines(capsys)] == ["broken"]


def test_text_is_a_line_a_person_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", json_lines=False, pod="engine-7f")
    logger.bind(order=37, reason="a {b}\n</c>").info("order <d> stored")
    line = capsys.readouterr().err
    assert line.split(" ", 1)[1] == "INFO     order <d> stored order=37 reason='a {b}\\n</c>'\n"


def test_text_shows_a_traceback_below_the_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", json_lines=False, pod="engine-7f")
    try:
        fail("x" * 21)
    except KeyError:
        logger.exception("actor crashed")
    event, *trace = capsys.readouterr().err.splitlines()
    assert event.endswith("actor crashed")
    assert trace[-1] == "KeyError: 21"


def test_configuring_twice_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    json_log()
    json_log()
    logger.info("once")
    logging.getLogger("urllib3").warning("once")
    assert len(lines(capsys)) == 2


def test_the_level_changes_and_no_line_is_written_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs = configure_logs(level="info", json_lines=True, pod="engine-7f")
    logger.debug("too much")
    logs.set_level("debug")
    logger.debug("wanted")
    logging.getLogger("urllib3").debug("wanted of a library")
    logs.set_level("info")
    logger.debug("too much again")
    assert [line["event"] for line in lines(capsys)] == ["wanted", "wanted of a library"]


def test_every_line_of_an_actor_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    json_log()
    talker = Talker.start()
    talker.ask(Boot(name="talker", on_ready=lambda: None, on_exit=lambda _: None))
    talker.ask("said")
    talker.stop()
    logger.info("nobody's")
    assert [line.get("actor") for line in lines(capsys)] == ["talker", "talker", None]
