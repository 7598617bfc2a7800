"""The engine's own command line, with one point armed."""

import os

from fixengine.cli import main
from tests.failpoints.points import arm

arm(os.environ.pop("FAILPOINT"))
main()
