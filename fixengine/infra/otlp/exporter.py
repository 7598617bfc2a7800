"""What all exports have in common: a thread of their own, and whom they tell of trouble."""

from collections.abc import Callable
from functools import partial
from threading import Event, Thread

from fixengine.config.collector import Collector
from fixengine.infra.otlp.answers import CallError
from fixengine.infra.otlp.channel import Channel
from fixengine.supervision.duty import Duty
from fixengine.supervision.retries import Retries
from fixengine.telemetry.outage import Outage

_LONGEST_EXPORT_SECONDS = 10.0
_SHORTEST_EXPORT_SECONDS = 0.5
"""Time for one export where nobody says how long: the interval, within these bounds."""

_RETRY_WITHIN_SECONDS = 5.0
"""The longest time to the next try, unless the interval is longer."""

Send = Callable[[bytes], bytes]
"""Sends a request and returns the answer; raises CallError."""


class Exporter:
    """Exports every so often; nobody ever waits for it."""

    def __init__(
        self,
        what: str,
        *,
        collector: Collector,
        path: str,
        interval: float,
        export: Callable[[Send], None],
    ) -> None:
        """Take what is exported, in a word, where to, and who exports it once.

        `interval` is the seconds between two exports. A collector without a timeout may take what
        fits between two. `export` is given what sends a request, and may let its CallError out.
        """
        self._channel = Channel(collector)
        self._path = path
        self._interval = interval
        self._timeout = collector.timeout or max(
            min(interval, _LONGEST_EXPORT_SECONDS), _SHORTEST_EXPORT_SECONDS
        )
        self._retries = Retries(first=interval, cap=max(interval, _RETRY_WITHIN_SECONDS))
        self._export = export
        self._last_timeout = 0.0
        self._over = False
        self._wake = Event()
        self._outage = Outage("exports wait for the collector", "exports go on", of=what)
        self._duty = Duty(f"to export {what}")
        self._thread = Thread(target=self._run, name=f"otlp-{what}", daemon=True)

    def start(self) -> None:
        """Begin; the first export is one interval from now."""
        self._thread.start()

    @property
    def is_away(self) -> bool:
        """Whether the last export found no collector."""
        return self._outage.is_on

    def hurry(self) -> None:
        """Export now, unless the collector is away."""
        if not self.is_away:
            self._wake.set()

    def stop(self, within: float) -> None:
        """Export what is new and end, within so many seconds. Safe before the start, and twice."""
        if not self._over and self._thread.is_alive():
            self._last_timeout = within / 2  # an export may be under way
            self._over = True
            self._wake.set()
            self._thread.join(within)
        self._channel.close()

    def _run(self) -> None:
        wait = self._interval
        while not self._over:
            self._wake.wait(wait)
            self._wake.clear()
            if not self._over:
                self._duty.done(partial(self._step, self._timeout))
                wait = self._retries.next_wait() if self._outage.is_on else self._interval
        self._duty.done(partial(self._step, self._last_timeout))

    def _step(self, timeout: float) -> None:
        try:
            self._export(partial(self._channel.call, self._path, timeout=timeout))
        except CallError as error:
            self._outage.begin(str(error))
        else:
            self._retries.reset()
            self._outage.end()
