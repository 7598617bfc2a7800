"""The children of a gateway's supervisor: their order, and the time of their stop."""

import re
from pathlib import Path

from fixengine.config import load
from fixengine.config.fix_sessions import Agreements
from fixengine.engine.stop_budget import PROMISED, SPARE
from fixengine.gateway.children import STOP_BUDGET, STOP_SHARES, Child
from fixengine.gateway.gateway import Gateway


def gateway() -> Gateway:
    return Gateway(load({}), Agreements([]), pod="gateway", on_failure=print)


def test_the_children_start_in_the_order_of_their_names() -> None:
    assert [child.name for child in gateway().tree.snapshot()] == [*Child]


def test_the_readme_draws_them() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    tree = readme.partition("The FIX gateway is a process of its own")[2].split("```")[1]
    assert re.findall(r"[├└]── (\S+)", tree) == [*Child]


def test_each_actor_has_its_share_of_a_stop_that_fits_the_pods_time() -> None:
    assert set(STOP_SHARES) == set(Child)
    shares = sum(child.spec.stop_timeout for child in gateway().tree.children)
    assert shares <= STOP_BUDGET.actors
    assert STOP_BUDGET.total + SPARE <= PROMISED


def test_a_gateway_that_was_never_started_can_be_stopped_twice() -> None:
    never_started = gateway()
    assert never_started.stop() == ()
    assert never_started.stop() == ()
