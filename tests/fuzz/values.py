"""JSON texts, most of them no such thing, that may stand where an order has a value."""

from collections.abc import Callable
from random import Random

TEXTS: tuple[bytes, ...] = (
    *(b"null", b"true", b"false", b"{}", b"[]", b'""', b"[null]", b'{"securityId":null}'),
    *(b"NaN", b"Infinity", b"-Infinity", b"nan", b"undefined", b"None", b'"NaN"', b'"Infinity"'),
    *(b"0", b"-0", b"00", b"01", b"+1", b".5", b"5.", b"1e", b"1e+", b"0x10", b"1_000", b"1,000"),
    *(b"0.0", b"-0.0", b"0e0", b"0E-8", b"0e999999999", b"-0e-999999999", b"1E+3", b"1e0", b"5E+0"),
    *(
        b"1e308",
        b"1e309",
        b"1e400",
        b"1e999999",
        b"1e999999999999999999",
        b"1e99999999999999999999",
    ),
    *(b"1e-400", b"1e-999999", b"1e-999999999999999999", b"-1e999999", b"1e-99999999999999999999"),
    *(b"2147483647", b"2147483648", b"-2147483648", b"-1", b"1.5", b"1.0", b"4294967296"),
    *(b"9007199254740993", b"18446744073709551616", b"123456789012345678901234567890"),
    *(b"1073741824", b"1073741825", b"9999999999", b"10000000000", b"9999999999.99999999"),
    *(b"9999999999.999999995", b"0.00000001", b"0.000000001", b"0.00009999", b"0.0001", b"-0.0001"),
    *(b"1785240970", b"1785240970.233793461", b"1785240970233", b"253370764799", b"253370764800"),
    *(b'"134"', b'"1_3"', b'" 1"', '"\uff11"'.encode(), b'"1e5"', b'"BUY"', b'"buy"', b'"BUY "'),
    *(b'"EXRC"', b'"S\\u0048ORT"', b'"ML"', b'"\\u0000"', b'"A\\u0000B"', b'"\x00"', b'"A\x00B"'),
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\\uZZZZ"', b'"\\x41"', b'"\xff"'),
    *(b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xe2\x82"', b'"\n"', b'"\\'),
    *('"€€€€€€€€€€€€€€€€€€€€"'.encode(), '"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"'.encode()),
    *('"\u202e\u0301\ufeff"'.encode(), '"\uffff\ufffe"'.encode(), b'"\x7f\xc2\x9b2J"'),
    *(b'"\'; drop table execution; --"', b'"%s%n{}"', b'"\\\\"', b'"$1"', b'"' + b"A" * 21 + b'"'),
    *(b'"68bda020e3644b42ebcb2bd3"', b'"68BDA020E3644B42EBCB2BD3"', b'"68bda020e3644b42ebcb2bd3 "'),
    *(b'"2026-07-28T12:16:10.233793461Z"', b'"2026-07-28T12:16:10"', b'"2026-07-28"', b'"9999"'),
    *(
        b'"2026-W31-2T12:16:10+00:00"',
        b'"0001-01-01T00:00:00+23:59"',
        b'"9999-12-31T23:59:59-23:59"',
    ),
    *(b'"2026-07-28T24:00:00Z"', b'"2026-07-28T12:16:60Z"', b'"20260728T121610Z"'),
)


def huge(rng: Random, size: int) -> bytes:
    """Return a text of about that many bytes, valid or not."""
    return rng.choice(_HUGE)(size)


_HUGE: tuple[Callable[[int], bytes], ...] = (
    lambda size: b"9" * size,
    lambda size: b"0." + b"0" * size + b"1",
    lambda size: b"1." + b"0" * size,
    lambda size: b"1" + b"0" * size + b"e-" + str(size).encode(),
    lambda size: b"1e" + b"9" * size,
    lambda size: b"1e-" + b"9" * size,
    lambda size: b'"' + b"A" * size + b'"',
    lambda size: b'"' + b"\\u0000" * (size // 6) + b'"',
    lambda size: b'"' + "€".encode() * (size // 3) + b'"',
    lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    lambda size: b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6),
    lambda size: b"[" * size,
    lambda size: b"[" + b"0," * (size // 2) + b"0]",
    lambda size: b"{" + b",".join(b'"%d":0' % n for n in range(size // 10)) + b"}",
)
