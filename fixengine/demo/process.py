"""A child process of ours, with its log file, its signals and its deadlines."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fixengine.demo.errors import DemoError
from fixengine.demo.waiting import wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whom to tell that a process group began (with the signal to end it by), and that it ended."""

    began: Callable[[int, signal.Signals], None]
    ended: Callable[[int], None]


class ChildProcess:
    """A command in a session of its own, so that a terminal's Ctrl-C does not reach it.

    It can be started again after it ended. `user` is the system user to run as, for a parent
    that is root. `last_signal` is the one that ends it at once and leaves nothing behind.
    """

    def __init__(
        self,
        *,
        name: str,
        command: Sequence[str],
        log: Path,
        watch: Watch,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        last_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.log = log
        self._command = tuple(command)
        self._watch = watch
        self._environment = environment
        self._user = user
        self._last_signal = last_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id; raises DemoError before the first start."""
        return self._started().pid

    @property
    def exit_code(self) -> int | None:
        """How it ended (-N: by signal N); None before the first start and while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it; does nothing when it runs."""
        if self.running:
            return
        with self.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.log.parent,
                    env=self._environment,
                    user=self._user,
                    group=self._user,
                    extra_groups=None if self._user is None else (),
                    start_new_session=True,
                )
            except OSError as error:
                raise DemoError(f"{self.name} can't be started: {error}") from error
        self._watch.began(self._process.pid, self._last_signal)

    def wait_until_up(self, condition: Callable[[], object], deadline_seconds: float) -> None:
        """Wait until it answers as `condition` asks; raise DemoError if it ends or is too late."""

        def up() -> object:
            if not self.running:
                raise DemoError(f"{self.name} ended with {self.exit_code}")
            return condition()

        try:
            wait_until(up, deadline_seconds, f"{self.name} to come up")
        except DemoError as error:
            raise DemoError(f"{error}: {self.last_words()}") from error

    def stop(
        self, *, by: signal.Signals = signal.SIGTERM, deadline_seconds: float = 15.0
    ) -> int | None:
        """Ask it to end and return its exit code, None if it was never started.

        When it misses the deadline it is killed, and DemoError says so.
        """
        if self._process is None:
            return None
        self._send(by)
        try:
            return self._wait(deadline_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise DemoError(
                f"{self.name} did not end within {deadline_seconds:g} s of {by.name}: "
                f"{self.last_words()}"
            ) from None

    def kill(self) -> None:
        """End it at once, by SIGKILL; paused or not, running or not."""
        if self._process is not None:
            self._send(signal.SIGKILL)
            self._wait(deadline_seconds=10.0)

    def end(self) -> None:
        """End it at once, by its last signal, or by SIGKILL if that is not enough."""
        if self._process is not None:
            self._send(self._last_signal)
            self._send(signal.SIGCONT)
            try:
                self._wait(deadline_seconds=5.0)
            except subprocess.TimeoutExpired:
                self.kill()

    def wait(self, deadline_seconds: float) -> int:
        """Wait for it to end by itself and return its exit code; raise DemoError when too late."""
        try:
            return self._wait(deadline_seconds)
        except subprocess.TimeoutExpired:
            raise DemoError(f"{self.name} still runs after {deadline_seconds:g} s") from None

    def ask_to_end(self) -> None:
        """Send SIGTERM and do not wait."""
        self._send(signal.SIGTERM)

    def pause(self) -> None:
        """Freeze it with SIGSTOP."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._send(signal.SIGCONT)

    def last_words(self) -> str:
        """Return the last line of its log; of an error with its stack, the error."""
        text = self.log.read_bytes().decode(errors="replace") if self.log.exists() else ""
        lines = [line for line in text.splitlines() if line.strip()]
        said = [
            line for line in lines if not line[0].isspace()
        ]  # the frames of a stack are indented
        return (said or lines or ["it wrote nothing"])[-1].strip()

    def _send(self, number: signal.Signals) -> None:
        self._started().send_signal(number)

    def _wait(self, deadline_seconds: float) -> int:
        process = self._started()
        code = process.wait(deadline_seconds)
        self._watch.ended(process.pid)
        return code

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise DemoError(f"{self.name} has not been started")
        return self._process
