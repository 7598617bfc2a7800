"""`fixengine fix send` as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fixengine.demo.stack import surroundings


@contextmanager
def sending_to(
    address: tuple[str, int], *arguments: str, **environment: str
) -> Iterator["subprocess.Popen[str]"]:
    """Run the command beside the body, for whoever is at an address."""
    host, port = address
    with subprocess.Popen(
        (sys.executable, "-m", "fixengine", "fix", "send", f"{host}:{port}", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**surroundings(), **environment},
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
