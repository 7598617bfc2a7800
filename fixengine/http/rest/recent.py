"""Answers that may be a moment old, for all who say that they accept them."""

import re
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

import falcon
from cachetools import TTLCache

from fixengine.http.rest.shared import Shared

KEPT_FOR = 1.0
"""Seconds that an answer is shared for, even where a client would take an older one."""

_KEPT = 64

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Recent(Generic[_K, _V]):
    """The last answers by what was asked, so that many watchers cost as much as one.

    Only requests that say `Cache-Control: max-age`, of a second or more, get an earlier answer (RFC
    9111, section 5.2.1.1); all others get one of now.
    """

    def __init__(self, answers: Shared[_K, _V]) -> None:
        self._answers = answers
        self._lock = Lock()
        self._kept: TTLCache[_K, _V] = TTLCache(_KEPT, KEPT_FOR)

    def get(self, asked: _K, req: falcon.Request) -> _V:
        """Return what was answered a moment ago where that will do, else the answer of now."""
        if not _accepts_recent(req):
            return self._answers.get(asked)
        with self._lock:
            kept = self._kept.get(asked)
        if kept is None:
            kept = self._answers.get(asked)
            with self._lock:
                self._kept[asked] = kept
        return kept


def _accepts_recent(req: falcon.Request) -> bool:
    return bool(re.search(r"\bmax-age=[1-9]", req.get_header("Cache-Control") or ""))
