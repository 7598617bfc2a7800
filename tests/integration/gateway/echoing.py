"""The command line itself, whose gateway has the application that the definitions expect.

`python -m tests.integration.gateway.echoing gateway`; nothing else of it differs.
"""

from functools import partial

from fixengine.cli import main
from fixengine.commands import gateway
from fixengine.gateway.gateway import Gateway
from tests.support.fix.echo import EchoApplication

if __name__ == "__main__":
    echoes = partial(Gateway, application=lambda *_: EchoApplication())
    gateway.Gateway = echoes  # type: ignore[assignment,attr-defined]  # the command makes this one
    main()
