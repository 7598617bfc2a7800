"""Records that no well-behaved producer sends, put on a topic by the bare protocol."""

import socket
import struct
from collections.abc import Sequence
from time import time

_CASTAGNOLI = 0x82F63B78
_PRODUCE, _VERSION = 0, 3


def produce(
    bootstrap: str,
    topic: str,
    *,
    partition: int,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[bytes, bytes | None]],
) -> int:
    """Put one record there and return its offset; raises AssertionError when it is refused."""
    batch = _batch(_record(key, value, headers), int(time() * 1000))
    request = (
        struct.pack(">hhi", _PRODUCE, _VERSION, 1)
        + _string("test")
        + struct.pack(">hhi", -1, -1, 10_000)  # no transaction, all replicas, 10 s
        + struct.pack(">i", 1)
        + _string(topic)
        + struct.pack(">iii", 1, partition, len(batch))
        + batch
    )
    host, port = bootstrap.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", _receive(connection, 4))
        answer = _receive(connection, size)
    error, offset = struct.unpack_from(">hq", answer, 4 + 4 + 2 + len(topic) + 4 + 4)
    assert error == 0, f"error {error}"
    return int(offset)


def _record(
    key: bytes | None, value: bytes | None, headers: Sequence[tuple[bytes, bytes | None]]
) -> bytes:
    body = b"\0" + _varint(0) + _varint(0) + _bytes(key) + _bytes(value) + _varint(len(headers))
    for name, content in headers:
        body += _bytes(name) + _bytes(content)
    return _varint(len(body)) + body


def _batch(record: bytes, now: int) -> bytes:
    checked = struct.pack(">hiqqqhii", 0, 0, now, now, -1, -1, -1, 1) + record
    rest = struct.pack(">ibI", -1, 2, _crc(checked)) + checked
    return struct.pack(">qi", 0, len(rest)) + rest


def _crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CASTAGNOLI if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _varint(number: int) -> bytes:
    zigzag = number << 1 ^ number >> 63
    encoded = bytearray()
    while zigzag > 0x7F:
        encoded.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes((*encoded, zigzag))


def _bytes(content: bytes | None) -> bytes:
    return _varint(-1) if content is None else _varint(len(content)) + content


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = connection.recv(size - len(received))
        assert more, "the broker hung up"
        received += more
    return received
