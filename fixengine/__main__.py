"""`fixengine`, and `python -m fixengine`."""

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

_STANDARD_ERROR = 2


def main() -> NoReturn:
    """Run the command line; an engine or gateway may be asked to end while it is still loaded."""
    _open_standard_streams()
    if sys.argv[1:2] in (["serve"], ["gateway"]):
        # kept until the process answers: before, they would end it with no exit code of its own,
        # and a container's first process would not even notice
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    from fixengine import cli  # noqa: PLC0415  it loads all that there is

    cli.main()


def _open_standard_streams() -> None:
    """Give those that are closed to nobody: the first connections would take their places."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(descriptor)
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for good


if __name__ == "__main__":
    main()
