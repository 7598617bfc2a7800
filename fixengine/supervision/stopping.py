"""Stopping a supervisor, and its children in reverse, each with its share of the time for all."""

import time
from dataclasses import replace

import pykka
from loguru import logger

from fixengine.errors import UnavailableError
from fixengine.supervision.child import SUPERVISOR, Stage, Supervised
from fixengine.supervision.lifecycle import Shutdown
from fixengine.supervision.mailbox import Mailbox
from fixengine.supervision.refs import ActorRef, ask
from fixengine.supervision.tree import Tree

UNHURRIED = 3
"""So many times its share has a child that stops for a restart, as no process waits to end."""

_MOST = 3  # times its share that a child has at most, if those before it leave as much


def shut_down(supervisor: ActorRef, *, within: float, report_within: float) -> tuple[str, ...]:
    """Stop a supervisor and all its children, from a thread that is no actor.

    The children have `within` seconds, and the supervisor a few more to say which of them are not
    gone. One that does not say so in time, as it waits for a child that it restarts, is among them.
    """
    until = time.monotonic() + within + report_within
    try:
        stuck = ask(supervisor, Shutdown(within=within), timeout=within + report_within)
        supervisor.stop(timeout=max(until - time.monotonic(), 0))
    except (UnavailableError, pykka.Timeout):
        return (SUPERVISOR,)
    return stuck


def stop_from(tree: Tree, position: int, within: float, *, times: int = 1) -> tuple[str, ...]:
    """Stop the child at this position and all later ones, the last first.

    All together take as long as `times` their shares, and `within` seconds at the most. What one
    leaves of its time is for those after it. All learn at once that they are to stop, so none of
    them begins anything while others end.

    Return the names of those that were not gone in time. A thread can't be killed, so they stay as
    they are.
    """
    children = tree.children[position:]
    shares = sum(child.spec.stop_timeout for child in children)
    scale = min(times, within / shares) if shares else times
    _announce(children, scale)
    stuck = []
    for child in reversed(children):
        if child.mailbox is None:
            if child.state in {Stage.BOOTING, Stage.WAITING}:
                tree.put(replace(child, state=Stage.STOPPED))
            continue
        had_its_time = child.state is Stage.STUCK
        most = 0 if had_its_time else _MOST * child.spec.stop_timeout * scale
        now = time.monotonic()
        by = max(now, min(child.mailbox.stop_by, now + most))
        child.mailbox.stop_begins(by)
        if not _stop(tree, child, child.mailbox, by - now):
            stuck.append(child.spec.name)
    return tuple(stuck)


def _announce(children: tuple[Supervised, ...], scale: float) -> None:
    """Let each child know by when it has to be gone, so those that stop after it have time."""
    by = time.monotonic() + sum(child.spec.stop_timeout for child in children) * scale
    for child in children:
        if child.mailbox is not None:
            child.mailbox.stop_begins(by)
        by -= child.spec.stop_timeout * scale


def _stop(tree: Tree, child: Supervised, mailbox: Mailbox, timeout: float) -> bool:
    assert child.ref is not None
    tree.put(replace(child, state=Stage.STOPPING))
    child.ref.stop(block=False)
    mailbox.thread.join(timeout)
    if mailbox.thread.is_alive():
        logger.bind(actor=child.spec.name, timeout=round(timeout, 3)).error(
            "actor ignored its stop"
        )
        tree.put(replace(child, state=Stage.STUCK))
        return False
    tree.put(replace(child, state=Stage.STOPPED, ref=None))
    return True
