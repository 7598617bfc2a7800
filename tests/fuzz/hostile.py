"""Hostile records: orders spoiled in every way that came to mind, the same ones for a seed.

Good orders, and bad ones of known flaws, are among them: those must be stored, and buried. What
becomes of the others is the engine's to decide, but once for each of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from random import Random

from fixengine.demo.feed.sketch import sketch
from fixengine.demo.feed.universe import priced_listings
from fixengine.ports.kafka import Headers
from tests.fuzz.values import TEXTS, huge
from tests.support.feed.mixed import bad_orders, varied_orders

LARGEST = 950_000
"""Bytes of a body: with the largest key and headers it stays below producers' usual 1 MB."""

_LARGE, _GOOD, _BAD, _NEW_SECURITY = 0.0005, 0.1, 0.05, 0.002  # shares of the records
_FIRST_HOSTILE_ID = 100_000_000
_RECEIVED_NS = 1_785_240_970 * 10**9

Field = tuple[bytes, bytes]
"""A name and a value, both as JSON text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """A record for the orders topic; `stored` must become of it, unless it is None."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    stored: bool | None


def hostile_records(seed: int, corpus: Sequence[bytes] = ()) -> Iterator[Hostile]:
    """Yield records for ever; bodies of the corpus are spoiled further, too."""
    rng = Random(f"hostile:{seed}")
    good, bad = varied_orders(seed=seed), bad_orders(seed=seed)
    for number in count(_FIRST_HOSTILE_ID):
        lot = rng.random()
        if lot < _GOOD:
            value, stored = next(good).value, True
        elif lot < _GOOD + _BAD:
            value, stored = next(bad).value, False
        elif corpus and lot > 1 - _GOOD:
            value, stored = _shortened(spoil_bytes(rng, rng.choice(corpus))), None
        else:
            value, stored = _shortened(hostile_body(rng, number)), None
        yield Hostile(key=_key(rng, number), value=value, headers=_headers(rng), stored=stored)


def _shortened(value: bytes | None) -> bytes | None:
    return value and value[:LARGEST]


def hostile_body(rng: Random, order_id: int) -> bytes | None:
    """Return an order, spoiled once or more."""
    fields = _fields(rng, order_id)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        rng.choice(_OF_FIELDS)(rng, fields)
    if rng.random() < _LARGE:
        _change(rng, fields, huge(rng, LARGEST))
    comma, colon = rng.choice(((b",", b":"), (b",", b":"), (b" ,\n", b"\t:\r ")))
    value = b"{" + comma.join(name + colon + text for name, text in fields) + b"}"
    return value if rng.random() < 0.7 else spoil_bytes(rng, value)


def _fields(rng: Random, order_id: int) -> list[Field]:
    order = sketch(
        rng,
        listing=rng.choice(_LISTINGS),
        order_id=order_id,
        received_ns=_RECEIVED_NS + rng.randrange(10**15),
        quantity=Decimal(rng.randint(1, 50_000)),
    )
    fields = [(b'"%s"' % name.encode(), text.encode()) for name, text in order.fields]
    if rng.random() < _NEW_SECURITY:
        nobodys = b'"%024x"' % rng.randrange(16**24)
        fields = [field for field in fields if field[0] != b'"security"']
        fields.append((b'"securityId"', nobodys))
    return fields


_LISTINGS = priced_listings()


def _change(rng: Random, fields: list[Field], text: bytes) -> None:
    place = rng.randrange(len(fields))
    fields[place] = (fields[place][0], text)


def _replace(rng: Random, fields: list[Field]) -> None:
    _change(rng, fields, rng.choice(TEXTS))


def _enlarge(rng: Random, fields: list[Field]) -> None:
    _change(rng, fields, huge(rng, int(10 ** rng.uniform(1, 4.3))))


def _remove(rng: Random, fields: list[Field]) -> None:
    del fields[rng.randrange(len(fields) - 1)]


def _double(rng: Random, fields: list[Field]) -> None:
    name, text = rng.choice(fields)
    fields.insert(rng.randrange(len(fields) + 1), (name, rng.choice((text, rng.choice(TEXTS)))))


def _add(rng: Random, fields: list[Field]) -> None:
    fields.insert(rng.randrange(len(fields) + 1), (rng.choice(_ODD_NAMES), rng.choice(TEXTS)))


def _rename(rng: Random, fields: list[Field]) -> None:
    place = rng.randrange(len(fields))
    fields[place] = (rng.choice(_ODD_NAMES), fields[place][1])


def _wrap(rng: Random, fields: list[Field]) -> None:
    place = rng.randrange(len(fields))
    name, text = fields[place]
    before, after = rng.choice(((b"[", b"]"), (b'{"securityId":', b"}"), (b'"', b'"'), (b"-", b"")))
    fields[place] = (name, before + text + after)


def _swap(rng: Random, fields: list[Field]) -> None:
    place, other = rng.randrange(len(fields)), rng.randrange(len(fields))
    fields[place], fields[other] = (
        (fields[place][0], fields[other][1]),
        (fields[other][0], fields[place][1]),
    )


_OF_FIELDS: tuple[Callable[[Random, list[Field]], None], ...] = (
    *(_replace, _replace, _replace, _enlarge, _remove, _double, _add, _rename, _wrap, _swap),
)
_ODD_NAMES = (
    *(b'""', b'"ID"', b'"id "', b'"\\u0069d"', b'"\\u0000"', b'"\xff"', b'"\\ud800"', b"id"),
    *(b'"createdAt"', b'"created_at"', b'"__proto__"', b'"' + b"x" * 3000 + b'"', b"null", b"{}"),
)


def spoil_bytes(rng: Random, value: bytes) -> bytes | None:
    """Change, cut, or wrap the bytes."""
    return rng.choice(_OF_BYTES)(rng, value)


def _flip(rng: Random, value: bytes) -> bytes:
    spoiled = bytearray(value or b"\0")
    for _ in range(rng.choice((1, 1, 2, 8))):
        spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
    return bytes(spoiled)


def _cut(rng: Random, value: bytes) -> bytes:
    first, last = sorted(rng.randrange(len(value) + 1) for _ in range(2))
    return rng.choice((value[:last], value[first:], value[:first] + value[last:]))


def _insert(rng: Random, value: bytes) -> bytes:
    place = rng.randrange(len(value) + 1)
    return value[:place] + rng.choice(_STRAYS) + value[place:]


_STRAYS = (
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b",", b"}", b"{", b'"', b"\\", b"//\n"),
    *(b"/*", b"\x1b[2J", "\u2028".encode(), b"\\u0000", b"\\ud800", b"9" * 400, b"[" * 2000),
)

_OF_BYTES: tuple[Callable[[Random, bytes], bytes | None], ...] = (
    *(_flip, _flip, _cut, _insert, _insert),
    lambda _, value: b"\xef\xbb\xbf" + value,
    lambda _, value: value.decode("latin-1").encode("utf-16"),
    lambda _, value: value + value,
    lambda _, value: value + b"\0",
    lambda _, value: b"[" + value + b"]",
    lambda _, value: b" \n" + value + b"\r\n\t",
    lambda rng, value: rng.randbytes(len(value)),
    lambda rng, _: rng.choice((None, b"", b" ", b"\0", b"null", b"{}", b"[]", b'"', b"0")),
)


def _key(rng: Random, number: int) -> bytes | None:
    if rng.random() < 0.8:
        return str(number).encode()
    return rng.choice((None, b"", b"\0", b"\xff\xfe", "€".encode(), b"k" * 10_000))


def _headers(rng: Random) -> Headers:
    if rng.random() < 0.8:
        return _USUAL_HEADERS
    return tuple(rng.choice(_ODD_HEADERS) for _ in range(rng.choice((0, 1, 2, 5))))


_USUAL_HEADERS: Headers = (("__TypeId__", b"org.kasbench.globeco_execution_service.ExecutionDTO"),)
_ODD_HEADERS: tuple[tuple[str, bytes | None], ...] = (
    *(("", b"no name"), ("none", None), ("none", b""), ("\0", b"\0"), ("n" * 3000, b"v" * 3000)),
    *(("né€😀", b"\xff\xfe"), ("__TypeId__", None), ("dlq.own", b"kept")),
    *(("dlq.reason", b"spoofed"), ("dlq.partition", b"99"), ("dlq.offset", b"-1")),
    *(("dlq.replays", b"9" * 5000), ("dlq.replayed_from", b"orders.dlq/0/0")),
    *(("created_at", text) for text in (None, b"", b"\xff", b"nan", b"inf", b"-1", b"1e999999")),
    *(("created_at", text) for text in (b"9" * 5000, b"1_0", b"0001-01-01T00:00:00+23:59", b"0")),
)
