"""What a thread is doing something for: it goes along with questions to other actors."""

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
    """What is being done: whoever is asked for it does its part in the same scope.

    `enter` makes it the current one for libraries that have a notion of their own of it.
    """

    enter: Callable[[], AbstractContextManager[object]]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let the body be done for it, in this thread."""
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
    """Return what this thread is doing something for, None when nobody has said."""
    return _scope.get()


def in_scope(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """Return the call for another thread to make, for what this one is doing."""
    scope = _scope.get()
    if scope is None:
        return call

    @wraps(call)
    def scoped(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with scope.entered():
            return call(*args, **kwargs)

    return scoped
