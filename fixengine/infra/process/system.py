"""What the system gives this process: descriptors, and children that others have left behind."""

import resource
import signal

_ENOUGH_FILES = 4_096


def take_what_is_allowed() -> None:
    """Raise the limit of open files as far as this process may, if it is low.

    Files, and connections of clients and to others, count against it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def leave_no_zombies() -> None:
    """Have the system forget children that end: nobody here starts or awaits any.

    The first process of a container inherits children of others, such as those of `kubectl exec`.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
