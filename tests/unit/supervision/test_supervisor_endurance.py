"""What is left after very many restarts: nothing."""

import os
import threading
from functools import partial
from pathlib import Path

import pykka

from fixengine.supervision.lifecycle import Crash
from tests.unit.supervision.family import Family, wait_until


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def restarted(family: Family, before: int) -> bool:
    return family.child("c").restarts > before


class Pipe:
    """Two descriptors, for a child to hold while it runs."""

    def open(self) -> None:
        self._ends = os.pipe()

    def close(self) -> None:
        for end in self._ends:
            os.close(end)


def test_a_thousand_restarts_leave_no_thread_descriptor_or_actor_behind() -> None:
    family = Family("a", "b", "c", max_restarts=1000, real_time=True)
    for name in family.lives:
        pipe = Pipe()
        family.at_boot[name], family.at_close[name] = pipe.open, pipe.close
    with family.start():
        threads, descriptors = threading.active_count(), open_descriptors()
        actors = len(pykka.ActorRegistry.get_all())
        for number in range(1000):
            restarts = family.child("c").restarts
            family.ref("abc"[number % 3]).tell(Crash(reason="test"))
            wait_until(partial(restarted, family, restarts))
            family.until_all_run()
        assert [child.restarts for child in family.tree.snapshot()] == [334, 667, 1000]
        wait_until(lambda: threading.active_count() <= threads)
        assert open_descriptors() <= descriptors
        assert len(pykka.ActorRegistry.get_all()) == actors
        assert family.escalations == []
