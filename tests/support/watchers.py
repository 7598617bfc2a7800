"""Open blotters: clients that ask an engine what a page asks, every second."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

_ASKED = ("/readyz", "/api/v1/summary", "/api/v1/executions?limit=100")


@contextmanager
def open_pages(port: int, number: int) -> Iterator[list[float]]:
    """Keep so many pages open; the milliseconds that each answer took are there at the end."""
    took: list[float] = []
    over = Event()
    thread = Thread(target=lambda: took.extend(asyncio.run(_pages(port, number, over))))
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()
        took.sort()


async def _pages(port: int, number: int, over: Event) -> list[float]:
    answers = await asyncio.gather(*(_page(port, place / number, over) for place in range(number)))
    return [milliseconds for each in answers for milliseconds in each]


async def _page(port: int, opened_after: float, over: Event) -> list[float]:
    await asyncio.sleep(opened_after)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took: list[float] = []
    while not over.is_set():
        began = time.monotonic()
        for path in _ASKED:
            asked = time.monotonic()
            request = f"GET {path} HTTP/1.1\r\nHost: x\r\nCache-Control: max-age=1\r\n\r\n"
            writer.write(request.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            took.append((time.monotonic() - asked) * 1000)
        await asyncio.sleep(max(0.0, began + 1 - time.monotonic()))
    writer.close()
    return took
