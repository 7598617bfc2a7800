"""The purpose of what a thread does. It travels along with questions to other actors."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A purpose, such as a span of a trace. An actor that is asked works in the asker's scope.

    `enter` makes it the current one for libraries that keep such a thing of their own.
    """

    enter: Callable[[], AbstractContextManager[object]]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make it the purpose of this thread within the block."""
        token = _scope.set(self)
        try:
            with self.enter():
                yield
        finally:
            _scope.reset(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoped:
    """Any actor → any actor: a message, and the scope to deal with it in. Reply: the message's."""

    scope: Scope
    message: object


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    """Return the purpose of what this thread does now, None when it has none."""
    return _scope.get()


def in_scope(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """Return a call that another thread can make for the purpose of this thread."""
    scope = _scope.get()
    if scope is None:
        return call

    @wraps(call)
    def scoped(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with scope.entered():
            return call(*args, **kwargs)

    return scoped
