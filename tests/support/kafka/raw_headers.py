"""Records whose headers have names that no Python program can give: bytes that are not UTF-8."""

import ctypes

import confluent_kafka.cimpl

_PRODUCER, _WITHIN_MS = 0, 60_000
_TOPIC, _PARTITION, _VALUE, _HEADER = 1, 3, 4, 9  # what librdkafka calls RD_KAFKA_VTYPE_…


class _Value(ctypes.Union):
    class _Bytes(ctypes.Structure):
        _fields_ = (("start", ctypes.c_char_p), ("size", ctypes.c_size_t))

    class _Header(ctypes.Structure):
        _fields_ = (
            ("name", ctypes.c_char_p),
            ("content", ctypes.c_char_p),
            ("size", ctypes.c_ssize_t),
        )

    _fields_ = (
        ("text", ctypes.c_char_p),
        ("number", ctypes.c_int32),
        ("bytes", _Bytes),
        ("header", _Header),
        ("room", ctypes.c_char * 64),
    )


class _Given(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int), ("value", _Value))


def send_with_header(
    bootstrap: str, topic: str, value: bytes, *, partition: int, name: bytes
) -> None:
    """Send a record with one header of this name, past the driver for Python."""
    driver = ctypes.CDLL(confluent_kafka.cimpl.__file__)
    for function in ("conf_new", "new", "produceva"):
        getattr(driver, f"rd_kafka_{function}").restype = ctypes.c_void_p
    why = ctypes.create_string_buffer(512)
    settings = ctypes.c_void_p(driver.rd_kafka_conf_new())
    address = bootstrap.encode()
    assert driver.rd_kafka_conf_set(settings, b"bootstrap.servers", address, why, 512) == 0
    producer = ctypes.c_void_p(driver.rd_kafka_new(_PRODUCER, settings, why, 512))
    given = (_Given * 4)(
        _Given(_TOPIC, _Value(text=topic.encode())),
        _Given(_PARTITION, _Value(number=partition)),
        _Given(_VALUE, _Value(bytes=(value, len(value)))),
        _Given(_HEADER, _Value(header=(name, b"1", 1))),
    )
    assert driver.rd_kafka_produceva(producer, given, ctypes.c_size_t(4)) is None
    assert driver.rd_kafka_flush(producer, _WITHIN_MS) == 0
    driver.rd_kafka_destroy(producer)
