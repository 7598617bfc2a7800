"""The own command line of engine and gateway, with one point armed."""

import os

from fixengine.cli import main
from tests.failpoints import gateway, points

points.arm(os.environ.pop("FAILPOINT"), {**points.STEPS, **gateway.STEPS})
main()
