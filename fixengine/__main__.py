"""`fixengine`, and `python -m fixengine`."""

import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; an engine is asked to end also while its program is still loaded."""
    if sys.argv[1:2] == ["serve"]:
        # kept until the engine answers: before, they would end it with no exit code of its own,
        # and a container's first process would not even notice
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    from fixengine import cli  # noqa: PLC0415  it loads all that there is

    cli.main()


if __name__ == "__main__":
    main()
