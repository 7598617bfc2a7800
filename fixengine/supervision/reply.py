"""The reply to a message: set by one thread, waited for by others."""

import sys
from queue import Full
from threading import Lock
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import pykka

_T = TypeVar("_T")

_ExcInfo: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


class Reply(pykka.Future[_T]):
    """A future that costs one lock: who waits is woken by nothing but the reply.

    With pykka's, a thread that was woken has to wait for the one that woke it, which still holds
    another lock.
    """

    def __init__(self) -> None:
        super().__init__()
        self._outstanding = Lock()
        self._outstanding.acquire()
        self._value: Any = None
        self._error: BaseException | None = None
        self._is_set = False

    def get(self, *, timeout: float | None = None) -> _T:
        """Return the reply, or raise it; raises Timeout after so many seconds without one."""
        if self._get_hook is not None:  # pykka's own, as for the answer to a stop
            return super().get(timeout=timeout)
        if not self._is_set:
            if not self._outstanding.acquire(timeout=-1 if timeout is None else max(timeout, 0)):
                raise pykka.Timeout(f"{timeout} seconds")
            self._outstanding.release()  # for the next who waits
        if self._error is not None:
            raise self._error
        value: _T = self._value
        return value

    def set(self, value: _T | None = None) -> None:
        """Reply with a value."""
        self._set(value, None)

    def fail(self, error: Exception) -> None:
        """Reply with this error."""
        self._set(None, error)

    def set_exception(self, exc_info: _ExcInfo | None = None) -> None:
        """Reply with an error: this one, or that which is handled now."""
        _, error, traceback = exc_info or sys.exc_info()
        assert error is not None
        self._set(None, error.with_traceback(traceback))

    def _set(self, value: _T | None, error: BaseException | None) -> None:
        if self._is_set:
            raise Full
        self._value, self._error = value, error
        self._is_set = True
        self._outstanding.release()
