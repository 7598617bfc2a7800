"""Servers as programs of their own, for as long as something is measured with them."""

from collections.abc import Iterator
from contextlib import contextmanager

import urllib3

from fixengine.demo.process import ChildProcess


@contextmanager
def serving(server: ChildProcess, url: str) -> Iterator[None]:
    """Let it run, and wait until it answers at `url`; raises DemoError when it does not in 20 s."""

    def answers() -> bool:
        try:
            urllib3.request("GET", url, retries=False)
        except urllib3.exceptions.HTTPError:
            return False
        return True

    server.start()
    try:
        server.wait_until_up(answers, 20)
        yield
    finally:
        server.kill()
