"""Stopping children in reverse, each with a deadline."""

import time
from dataclasses import replace

from loguru import logger

from fixengine.actors.children import Child, State
from fixengine.actors.mailbox import Mailbox
from fixengine.actors.tree import Tree


def stop_from(tree: Tree, position: int, within: float) -> tuple[str, ...]:
    """Stop the child at this position and all later ones, the last first.

    Return the names of those that ignored their own deadline or what was left of `within`
    seconds for all: a thread can't be killed, and they were left as they are.
    """
    deadline = time.monotonic() + within
    stuck = []
    for child in reversed(tree.children[position:]):
        if child.mailbox is None:
            if child.state in {State.BOOTING, State.WAITING}:
                tree.put(replace(child, state=State.STOPPED))
            continue
        had_its_time = child.state is State.STUCK
        timeout = 0 if had_its_time else min(child.spec.stop_timeout, deadline - time.monotonic())
        if not _stop(tree, child, child.mailbox, max(0, timeout)):
            stuck.append(child.spec.name)
    return tuple(stuck)


def _stop(tree: Tree, child: Child, mailbox: Mailbox, timeout: float) -> bool:
    assert child.ref is not None
    tree.put(replace(child, state=State.STOPPING))
    child.ref.stop(block=False)
    mailbox.thread.join(timeout)
    if mailbox.thread.is_alive():
        logger.bind(actor=child.spec.name, timeout=timeout).error("actor ignored its stop")
        tree.put(replace(child, state=State.STUCK))
        return False
    tree.put(replace(child, state=State.STOPPED, ref=None))
    return True
