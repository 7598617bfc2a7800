"""Jars of programs in Java, fetched once by Maven and kept in the user's cache."""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from fixengine.demo.errors import DemoError
from fixengine.demo.workspace import program

_FETCH_SECONDS = 600.0
_COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def jars_of(pom: Path, *, name: str, what: str) -> Path:
    """Return the folder with all jars that a POM names, fetched if need be.

    `name` is the folder's, `what` that for people. Raises DemoError when Maven is missing or fails.
    """
    version = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fixengine"
    jars = cache / f"{name}-{version}"
    if jars.exists():
        return jars
    maven = program("mvn", what=what)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        fresh = Path(folder) / "jars"
        command = (maven, "-B", "-q", "-f", str(pom), _COPY_JARS, f"-DoutputDirectory={fresh}")
        run_once(f"{what}'s jars", (*command, "-DincludeScope=runtime"), _FETCH_SECONDS)
        try:
            fresh.rename(jars)
        except OSError:
            if not jars.exists():  # somebody else fetched them at the same time
                raise
    return jars


def run_once(what: str, command: tuple[str, ...], deadline_seconds: float) -> None:
    """Run a command to its end; raise DemoError, which says what was to be made, when it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=deadline_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise DemoError(f"{what} are not there after {deadline_seconds:g} s") from None
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise DemoError(f"{what} can't be made: {lines[0] if lines else 'no reason given'}")
