"""GET requests to a JSON service that may hang, drip, fail or answer garbage."""

import re
import socket
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import msgspec
import urllib3
from urllib3.connection import HTTPConnection

from fixengine.config.ipv6 import bracketed
from fixengine.errors import UnavailableError
from fixengine.recurring import Recurring
from fixengine.telemetry.calls import call, current_place
from fixengine.telemetry.spans import TRACEPARENT, By
from fixengine.wire.numbers import shown

OF_ONE, OF_ALL = 64 * 2**10, 8 * 2**20
"""Bytes that are read of an answer: about one thing, of which many come at a time, or about all."""

_KEPT_ALIVE = 9  # as many as call at a time
_CONNECTION = re.compile(r"^\w+\(host='(.*?)', port=(\w+)\): ")
_GARBAGE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_T = TypeVar("_T")


class OtherNotFoundError(UnavailableError):
    """A 404 that is not written as the service writes it: something between may have sent it."""


class JsonService:
    """One service: kept-alive connections, a deadline for each call, a bound on its body.

    Safe to use from several threads.
    """

    def __init__(self, *, name: str, url: str, deadline: float) -> None:
        """Take the parts; `deadline` is in seconds, from a request to the answer's last byte.

        A connection may take as much time again.
        """
        self._name = name
        self._url = url
        self._timeout = urllib3.Timeout(connect=deadline, read=deadline)
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=_KEPT_ALIVE, retries=False)
        self._unusable = Recurring("WARNING", "entries that can't be used")
        self._pool.pool_classes_by_scheme = {
            **self._pool.pool_classes_by_scheme,
            "http": _DeadlinePool,
        }

    def get(
        self, path: str, kind: type[_T], *, most: int = OF_ONE, absent: bytes = b""
    ) -> _T | None:
        """Return the decoded body, or None for a 404 whose body has `absent` in it.

        Raises OtherNotFoundError for any other 404. Raises UnavailableError for every other status,
        a body that does not decode or has more than `most` bytes, a connection that fails, and a
        deadline that passes.
        """
        try:
            status, body = self._fetch(path, most)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnavailableError(
                f"{self._name} does not answer {path}: {_words(error)}"
            ) from error
        if status == 404 and absent in body:
            return None
        if status == 404:
            raise OtherNotFoundError(f"{self._name} answers 404 to {path}, in words of its own")
        if status != 200:
            raise UnavailableError(f"{self._name} answers {status} to {path}")
        try:
            return msgspec.json.decode(body, type=kind)
        except _GARBAGE as error:
            raise UnavailableError(f"{self._name} answers {path} with garbage: {error}") from error

    def take_each(self, path: str, kind: type[_T], take: Callable[[_T], bool]) -> None:
        """Have each entry of a list taken; `take` says whether it can be used.

        One that can't be spoils no other. Raises UnavailableError as `get` does, for a 404, and for
        a list of which nothing can be used.
        """
        entries = self.get(path, tuple[msgspec.Raw, ...], most=OF_ALL)
        if entries is None:
            raise UnavailableError(f"{self._name} answers 404 to {path}")
        decoder = msgspec.json.Decoder(kind)
        unusable = [entry for entry in entries if not _is_taken(entry, decoder, take)]
        if not unusable:
            return
        example = shown(bytes(unusable[0]).decode(errors="replace"))
        if len(unusable) == len(entries):
            raise UnavailableError(f"{self._name} answers {path} with garbage, as in {example}")
        self._unusable.happened(len(unusable), service=self._name, example=example)

    def close(self) -> None:
        """Close idle connections; those in use end with their calls."""
        self._pool.clear()

    def _fetch(self, path: str, most: int) -> tuple[int, bytes]:
        response = self._responded(self._url + path)
        body = response.read(most + 1)
        if len(body) > most:
            response.close()
            raise UnavailableError(f"{self._name} answers {path} with too much")
        response.release_conn()
        return response.status, body

    def _responded(self, url: str) -> urllib3.BaseHTTPResponse:
        """Return the beginning of an answer."""
        ask = partial(
            self._pool.request, "GET", timeout=self._timeout, redirect=False, preload_content=False
        )
        place = current_place()
        if place is None:
            return ask(url)
        said = {"http.method": "GET", "http.url": url}
        with call(place, By.URLLIB3, "GET", said) as made:
            response = ask(url, headers={TRACEPARENT: str(made.context)})
            made.attributes["http.status_code"] = response.status
            if response.status >= 400:
                made.error = ""
            return response


def _is_taken(
    entry: msgspec.Raw, decoder: msgspec.json.Decoder[_T], take: Callable[[_T], bool]
) -> bool:
    try:
        read = decoder.decode(entry)
    except _GARBAGE:
        return False
    return take(read)


def _words(error: Exception) -> str:
    """Say what went wrong; the library names a connection by its class, here it is an address."""
    return _CONNECTION.sub(lambda found: f"{bracketed(f'{found[1]}:{found[2]}')}: ", str(error))


class _DeadlineSocket(socket.socket):
    """A socket whose timeout bounds all reads together that follow it, not each of them."""

    _deadline: float | None = None

    def settimeout(self, value: float | None, /) -> None:
        self._deadline = None if value is None else monotonic() + value
        super().settimeout(value)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self._deadline is not None:
            remaining = self._deadline - monotonic()
            if remaining <= 0:
                raise TimeoutError("the answer comes too slowly")
            super().settimeout(remaining)
        return super().recv_into(*args, **kwargs)


class _DeadlineConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _DeadlineSocket(fileno=super()._new_conn().detach())


class _DeadlinePool(urllib3.HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection
