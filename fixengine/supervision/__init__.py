"""A kit of supervised actors. It knows nothing of orders, and could be a library of its own.

A supervisor starts its children in order, each of which is an actor with a thread and a mailbox of
its own, starts them again when they crash, and stops them in reverse:

    >>> from time import sleep
    >>> from fixengine.supervision.actor import Actor
    >>> from fixengine.supervision.child import ChildSpec
    >>> from fixengine.supervision.lifecycle import Crash, Shutdown, StartChildren
    >>> from fixengine.supervision.refs import Request, ask, tell
    >>> from fixengine.supervision.restarts import Backoff, RestartBudget, RestartIntensity
    >>> from fixengine.supervision.supervisor import Supervisor
    >>> from fixengine.supervision.tree import Tree

    >>> class Greet(Request[str]): ...
    >>> class Greeter(Actor):
    ...     def receive(self, message: Greet) -> str:
    ...         return message.answer("hello")

    >>> start = lambda earlier: Greeter.start()
    >>> tree = Tree([ChildSpec(name="greeter", start=start, boot_timeout=60, stop_timeout=60)])
    >>> intensity = RestartIntensity(max_restarts=3, period=60)
    >>> budget = RestartBudget(intensity=intensity, backoff=Backoff(first=0.1, cap=5))
    >>> supervisor = Supervisor.start(tree=tree, budget=budget, on_escalation=print)
    >>> ask(supervisor, StartChildren(), timeout=60).get(timeout=60)
    >>> ask(tree.ref("greeter"), Greet(), timeout=60)
    'hello'
    >>> tell(tree.ref("greeter"), Crash(reason="a bug"))
    >>> while not (tree.snapshot()[0].restarts and tree.ref("greeter")): sleep(0.01)
    >>> ask(tree.ref("greeter"), Greet(), timeout=60)
    'hello'
    >>> ask(supervisor, Shutdown(within=60), timeout=120)
    ()
    >>> supervisor.stop()
    True

What to read for which question:

    actor, mailbox, lifecycle      what becomes of a message, an error, a crash, a stop
    refs                           how to tell and to ask; a question ends with a stop of the asker
    child, tree                    how a child is specified, and what anybody may see of it
    supervisor, stopping           who starts, restarts and stops whom: rest-for-one
    restarts, retries              how soon again, and when it is too often
    patience, scope, duty          a thread's waits, what it works for, and its edge
"""
