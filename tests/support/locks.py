"""The locks of the image: what they install, and why."""

import re
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
_ON_LINUX = {"sys_platform": "linux", "implementation_name": "cpython", "os_name": "posix"}


def locked(name: str) -> dict[str, str]:
    """The version of each package that a lock installs on Linux."""
    text = re.sub(r"\\\n", " ", (ROOT / name).read_text())
    lines = [line for line in text.splitlines() if line.strip() and line[0] not in "# "]
    versions: dict[str, str] = {}
    for line in lines:
        requirement, *hashes = line.split("--hash=")
        assert hashes, line
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", one) for one in hashes), line
        pinned, _, condition = requirement.partition(";")
        package, _, version = pinned.strip().partition("==")
        if not condition or Marker(condition.strip()).evaluate(_ON_LINUX):
            versions[canonicalize_name(package)] = version
    return versions


def asked_for(name: str) -> set[str]:
    """The packages that a lock has because the project itself names them."""
    entries = re.findall(r"^([\w.-]+)==.*\n((?: .*\n)*)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package) for package, why in entries if "(pyproject.toml" in why}
