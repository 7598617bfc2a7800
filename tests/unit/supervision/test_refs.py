"""What is asked names the type of its reply: the type checker holds both sides to it.

Most of this is proved by `mypy`, which `make check` runs over this file too.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import assert_type

import fixengine
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ActorRef, Question, Request, ask
from fixengine.supervision.supervisor import Supervisor

PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Request[int]):
    """A test → adder: add these up."""

    terms: tuple[int, ...]


class Adder(Actor):
    def receive(self, message: Add) -> object:
        return message.answer(sum(message.terms))


def test_a_reply_has_the_type_that_its_message_names() -> None:
    adder: ActorRef = Adder.start()
    try:
        adder.ask(Boot(), timeout=PATIENCE)
        assert assert_type(ask(adder, Add(terms=(1, 2)), timeout=PATIENCE), int) == 3
        question = assert_type(Question(adder, Add(terms=(3, 4))), Question[int])
        assert assert_type(question.reply(timeout=PATIENCE), int) == 7
    finally:
        adder.stop(timeout=PATIENCE)


def takes_no_reply_for_another(adder: ActorRef, message: Add) -> None:
    """Would not pass `mypy` if one of these were no error: it warns of an `ignore` without use."""
    _reply: str = ask(adder, message, timeout=1)  # type: ignore[assignment]  # the case itself
    message.answer("3")  # type: ignore[arg-type]  # the case itself
    ask(adder, "a message that names no reply", timeout=1)  # type: ignore[arg-type]  # the case


def test_every_actor_answers_a_request_with_what_the_request_names() -> None:
    arms = list(_arms())
    assert {"ClaimDue", "GetExecutions", "FinishDeadLetters", "Shutdown"} <= {
        arm for _, arm, _ in arms
    }
    assert [(module, name) for module, name, arm in arms if not _answers(arm)] == []


def _arms() -> Iterator[tuple[str, str, ast.match_case]]:
    """Find all that is done on a request, in all modules of the engine."""
    for found in pkgutil.walk_packages(fixengine.__path__, "fixengine."):
        if found.name.startswith(("fixengine.actors", Supervisor.__module__)):
            module = importlib.import_module(found.name)
            for node in ast.walk(_tree(module)):
                if isinstance(node, ast.match_case) and (name := _request(module, node.pattern)):
                    yield found.name, name, node


def _tree(module: ModuleType) -> ast.Module:
    assert module.__file__ is not None
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def _request(module: ModuleType, pattern: ast.pattern) -> str | None:
    if not isinstance(pattern, ast.MatchClass) or not isinstance(pattern.cls, ast.Name):
        return None
    kind = getattr(module, pattern.cls.id)
    return pattern.cls.id if isinstance(kind, type) and issubclass(kind, Request) else None


def _answers(arm: ast.match_case) -> bool:
    last = ast.unparse(arm.body[-1])
    return last.startswith("return message.answer(") or "self.answer_later(message)" in last
