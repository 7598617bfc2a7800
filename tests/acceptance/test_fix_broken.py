"""Gateways that are broken on purpose: the kill tests find each."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from fixengine.demo.stack import Stack
from tests.chaos import broken
from tests.support.fix.floor import Floor
from tests.support.stacks import BrokerKind

pytestmark = pytest.mark.any_broker


@pytest.fixture(scope="module")
def stack(broker_kind: BrokerKind) -> Iterator[Stack]:
    """Lend a stack with an engine, for all of them."""
    with Stack(servers=broker_kind.servers) as stack:
        stack.start()
        stack.create_topic()
        settings = {"FILL_DELAY_FIRST": "0.05", "FILL_DELAY_MIN": "0.1", "FILL_DELAY_MAX": "0.8"}
        stack.engine(**settings).start()
        yield stack


def killed(floor: Floor) -> None:
    floor.wait_until_busy(10)
    for gateway in floor.gateways:
        gateway.process.kill()
    for gateway in floor.gateways:
        gateway.process.start()
    floor.wait_until_back(times=2)


def with_half_open_lines(floor: Floor) -> None:
    floor.wait_until_busy(10)
    floor.leave_half_open()
    floor.wait_until_back(times=2)
    floor.wait_until_busy(10)


BROKEN: Mapping[str, tuple[Callable[[Floor], None], str]] = {
    "sent_too_soon": (killed, "its session can't go on"),
    "numbers_alone": (killed, "was answered 0 times"),
    "nobodys_sessions": (with_half_open_lines, "was never told"),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try all with --all-points, and one without: each takes a quarter of a minute."""
    every = metafunc.config.getoption("--all-points")
    metafunc.parametrize("variant", [*BROKEN] if every else [*BROKEN][:1])


def test_a_gateway_that_is_broken_is_found(stack: Stack, tmp_path: Path, variant: str) -> None:
    trouble, words = BROKEN[variant]
    program = broken.program(variant)
    with Floor(
        stack, tmp_path, dsn=stack.postgres.dsn, name=variant, program=program, rate=15
    ) as floor:
        trouble(floor)
        assert words in "\n".join(floor.problems(within=3))
