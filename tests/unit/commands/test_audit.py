"""An audit's exit code says what is proved, even where nobody can read why."""

import sys

import pytest

from tests.support.commands import run_command


def test_an_audit_that_can_t_say_why_proves_nothing_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Standard error was closed before the start, as by `2>&-`."""
    monkeypatch.setattr(sys, "stderr", None)
    backwards = ("--since", "2026-07-28T10:00:00Z", "--until", "2026-07-28T09:30:00Z")
    assert run_command("audit", *backwards) == 2
