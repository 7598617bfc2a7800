"""What the audit says is one line each, and it is said when nobody takes it."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from fixengine.audit.output import Progress, as_json, as_text, say
from fixengine.audit.verdict import Contradiction, Kind
from fixengine.errors import ConflictError
from fixengine.wire.letters import Place

FOUND = Contradiction(
    kind=Kind.MESSAGE,
    said="message 3 has ticker B instead of A",
    order=37,
    executions=(5,),
    fills=(Place(3, 17),),
)


def test_a_contradiction_names_its_places() -> None:
    line = "message: message 3 has ticker B instead of A (executions 5; fills 3/17)"
    assert as_text(FOUND) == line
    assert json.loads(as_json(FOUND)) == {
        "kind": "message",
        "order": 37,
        "said": "message 3 has ticker B instead of A",
        "executions": [5],
        "orders": [],
        "fills": ["3/17"],
        "letters": [],
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("ticker A\nthe ledger holds", r"ticker A\nthe ledger holds"),
        ("\x1b[2J\u2028\x00", r"\x1b[2J\u2028\x00"),
        ("\ud800", r"\ud800"),
        ("Zürich", "Zürich"),
        ("x" * 10_000, "x" * 1_000 + "…"),
    ],
)
def test_whatever_a_record_says_stays_in_its_line(said: str, shown: str) -> None:
    found = Contradiction(kind=Kind.MESSAGE, said=said)
    assert as_text(found) == f"message: {shown}"
    assert json.loads(as_json(found))["said"] == shown


@contextmanager
def output_to(descriptor: int) -> Iterator[None]:
    """Let standard output go there."""
    before = sys.stdout
    sys.stdout = os.fdopen(descriptor, "w")
    try:
        yield
    finally:
        with suppress(OSError):  # what could not be written is tried once more
            sys.stdout.close()
        sys.stdout = before


def test_a_pipe_that_nobody_reads_is_said() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with output_to(writes), pytest.raises(ConflictError, match="standard output: Broken pipe"):
        say("one line")


def test_a_disk_that_is_full_is_said() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with output_to(full), pytest.raises(ConflictError, match="standard output: No space left"):
        say("one line")


def test_progress_is_no_matter_where_standard_error_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    Progress()("executions judged", 1_000)


def test_a_short_audit_shows_no_progress_where_nobody_looks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Progress()("executions judged", 1_000)
    assert capsys.readouterr().err == ""
