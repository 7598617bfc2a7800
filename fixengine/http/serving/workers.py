"""The threads that answer requests."""

from threading import Lock
from typing import Any

from waitress.task import ThreadedTaskDispatcher


class Workers(ThreadedTaskDispatcher):
    """Threads of which the one that was busy last is the next: what it needs is still at hand.

    `add_task` wakes nobody: a thread begins with what waits when it has done what it has in hand,
    and `begin` wakes others. The thread that moves bytes calls it just before it waits itself.
    Else it would still hold the interpreter when they want to go on.
    """

    def __init__(self, threads: int) -> None:
        super().__init__()
        self._idle: list[Lock] = []
        self.set_thread_count(threads)

    def set_thread_count(self, count: int) -> None:
        """Start threads, or let those end that are too many."""
        super().set_thread_count(count)
        with self.lock:
            idle, self._idle = self._idle, []
        for bell in idle:
            bell.release()

    def add_task(self, task: Any) -> None:
        """Let a task wait for its turn."""
        with self.lock:
            self.queue.append(task)

    def begin(self) -> None:
        """Wake as many idle threads as there are tasks that wait."""
        if not self.queue:
            return
        with self.lock:
            woken = [self._idle.pop() for _ in range(min(len(self.queue), len(self._idle)))]
        for bell in woken:
            bell.release()

    def handler_thread(self, thread_no: int) -> None:
        """Do one task after the other until there are too many threads."""
        bell = Lock()
        bell.acquire()
        while (task := self._next(thread_no, bell)) is not None:
            try:
                task.service()
            except BaseException:  # the thread's edge
                self.logger.exception("exception when servicing %r", task)

    def _next(self, thread_no: int, bell: Lock) -> Any:
        while True:
            with self.lock:
                if self.stop_count > 0:
                    self.stop_count -= 1
                    self.threads.discard(thread_no)
                    self.thread_exit_cv.notify()
                    return None
                if self.queue:
                    return self.queue.popleft()
                self._idle.append(bell)
            bell.acquire()
