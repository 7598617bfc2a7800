"""The demo's own process, and a test run's: what a shell has set for others reaches none of it.

A locale that is not installed keeps PostgreSQL from making its data, libpq's variables lead
every connection elsewhere, a proxy is no way to this machine, and OpenTelemetry's variables are
read by its libraries wherever they are loaded.
"""

import os
import re

_OF_OTHERS = re.compile(r"LANG(UAGE)?|LC_\w+|PG\w+|OTEL_\w+|\w+_proxy", re.IGNORECASE)


def isolate() -> None:
    """Forget what is meant for others, in this process and in all that it starts."""
    for name in [*filter(_OF_OTHERS.fullmatch, os.environ)]:
        del os.environ[name]
