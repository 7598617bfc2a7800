"""What must not be said: the secrets of the configuration, and the one way to leave them out."""

import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "***"
"""Stands for what is not said."""

PIECE = 4
"""Characters of a secret that are never said one after the other, whatever is around them."""


class Secrets:
    """Secrets that were learnt. Safe to use from several threads."""

    def __init__(self) -> None:
        self._pieces: frozenset[str] = frozenset()

    def learn(self, secrets: Iterable[str], *, public: Iterable[str] = ()) -> None:
        """Know these too. A piece that stands in a `public` text as well tells nothing."""
        told = frozenset(piece for text in public for piece in _pieces(text))
        learnt = {piece for secret in secrets for form in _forms(secret) for piece in _pieces(form)}
        self._pieces |= learnt - told

    def hide(self, text: str) -> str:
        """Return a text without any piece of a secret, in whatever form it may be written."""
        said: list[str] = []
        end = 0  # of what was seen to
        for begin in range(len(text) - PIECE + 1 if self._pieces else 0):
            if text[begin : begin + PIECE] in self._pieces:
                if begin > end or not said:  # else it goes on with what is hidden already
                    said += (text[end:begin], HIDDEN)
                end = begin + PIECE
        return "".join((*said, text[end:]))


known = Secrets()
"""Those of this process: what loads settings teaches them, whatever says something asks."""


def _forms(secret: str) -> Iterator[str]:
    """Yield how a secret is written in URLs, JSON, Python and connection strings."""
    yield secret
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (repr(secret)[1:-1], ascii(secret)[1:-1])
    yield repr(secret.encode(errors="replace"))[2:-1]
    yield secret.replace("\\", "\\\\").replace("'", "\\'")


def _pieces(text: str) -> Iterator[str]:
    for begin in range(len(text) - PIECE + 1):
        piece = text[begin : begin + PIECE]
        if not piece.isspace():
            yield piece
