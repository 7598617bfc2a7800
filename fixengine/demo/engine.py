"""Processes of engines and gateways under the demo's or a test's control."""

from typing import Any

import urllib3

from fixengine.demo.process import ChildProcess

_ASK_SECONDS = 5.0


class Engine:
    """An engine to start, ask, stop and kill. `process` has its signals, log and exit code."""

    def __init__(self, *, process: ChildProcess, http_port: int, health_port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{http_port}"
        self.health_url = f"http://127.0.0.1:{health_port}"
        self._pool = urllib3.PoolManager(retries=False, timeout=_ASK_SECONDS)

    @property
    def ready(self) -> bool:
        """Whether /readyz answers 200."""
        try:
            return self._pool.request("GET", f"{self.health_url}/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    @property
    def ready_but_for_the_group(self) -> bool:
        """Whether the engine lacks nothing, but perhaps its place in the group."""
        state = self.state()
        parts = {name: part["up"] for name, part in state.get("parts", {}).items()}
        actors = [actor["state"] == "running" for actor in state.get("actors", ())]
        return bool(parts) and all({**parts, "consumer": True}.values()) and all(actors)

    def start(self, *, ready_within: float | None = 60.0) -> None:
        """Start it and wait until it is ready; with None do not wait. Raises DemoError."""
        self.process.start()
        if ready_within is not None:
            self.wait_until_ready(ready_within)

    def wait_until_ready(self, deadline_seconds: float = 60.0) -> None:
        """Wait for 200 from /readyz; raise DemoError when the process ends or is too late."""
        self.process.wait_until_up(lambda: self.ready, deadline_seconds)

    def terminate(self, *, deadline_seconds: float = 15.0) -> int | None:
        """Send SIGTERM and return the exit code; raise DemoError when it is too late."""
        return self.process.stop(deadline_seconds=deadline_seconds)

    def kill(self) -> None:
        """End it as a crash would, with SIGKILL."""
        self.process.kill()

    def get(self, path: str) -> tuple[int, Any]:
        """GET a path of the REST port: the status and the JSON body.

        Raises urllib3.exceptions.HTTPError when there is no answer in time.
        """
        response = self._pool.request("GET", f"{self.url}{path}")
        return response.status, response.json()

    def state(self) -> dict[str, Any]:
        """Return the JSON body of /readyz, ready or not; {} when there is no answer in time."""
        try:
            body = self._pool.request("GET", f"{self.health_url}/readyz").json()
        except (urllib3.exceptions.HTTPError, ValueError):
            return {}
        return body if isinstance(body, dict) else {}

    def metric(self, name: str) -> float | None:
        """Return a sample of /metrics that has no labels; None when it does not come in time."""
        return self.samples().get(name)

    def samples(self) -> dict[str, float]:
        """Return all samples of /metrics, by name and labels as written; {} without an answer."""
        try:
            text = self._pool.request("GET", f"{self.health_url}/metrics").data.decode()
        except urllib3.exceptions.HTTPError:
            return {}
        samples = (line.rpartition(" ") for line in text.splitlines() if line[:1] != "#")
        return {name: float(value) for name, _, value in samples}

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._pool.clear()


class Gateway(Engine):
    """A `fixengine gateway` process; what an engine is asked of its health, it is asked too."""

    def __init__(
        self, *, process: ChildProcess, http_port: int, health_port: int, fix_port: int
    ) -> None:
        super().__init__(process=process, http_port=http_port, health_port=health_port)
        self.fix_address = ("127.0.0.1", fix_port)
