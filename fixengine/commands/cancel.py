"""The `cancel` subcommand: many executions cancelled by REST, by id or by REST's filters."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import takewhile
from threading import Event

from fixengine.cancelling.cancelling import (
    AT_ONCE,
    CLOSED,
    Fate,
    NoRightError,
    Result,
    cancel_all,
    forecast,
)
from fixengine.cancelling.rest import Execution, OperatorRest
from fixengine.commands.argument_types import DEFAULT_ADDRESS, positive, rest_address
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import FAILED, INTERRUPTED, OK
from fixengine.commands.progress import progress
from fixengine.errors import ConflictError
from fixengine.infra.process.interrupts import signals_as_event

_OPEN = ("isOpen", "true")
_NOT_GIVEN = frozenset({"limit", "before"})  # they are for pages, and all pages are read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument(
        "id", nargs="*", type=positive(int), default=(), metavar="ID", help="ids of executions"
    )
    chosen.add_argument(
        "--filter",
        nargs="+",
        action="extend",
        type=_filter,
        metavar="NAME=VALUE",
        help="open executions that pass all of these filters of REST, such as ticker=AAPL; "
        "isOpen=true takes all",
    )
    parser.add_argument(
        "--address",
        type=rest_address,
        default=DEFAULT_ADDRESS,
        help=f"REST address of an engine (default: {DEFAULT_ADDRESS})",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="list what would be cancelled, and cancel nothing"
    )
    parser.add_argument(
        "--within",
        type=positive(float),
        default=30.0,
        metavar="S",
        help="seconds for which a request without an outcome is repeated (default: 30)",
    )


def run(arguments: argparse.Namespace, environment: Environment) -> int:
    """Cancel, and say what came of each; return 0 if all are closed now, else 1.

    The token comes from OPERATOR_TOKEN. Ctrl-C ends it between two requests; to go on, the same
    command can be given again. Raises ConflictError if nobody may cancel, or no more from half way
    on, or a filter can't be used, UnavailableError when no engine tells of executions.
    """
    token = environment.settings().operator_token
    if token is None and not arguments.dry_run:
        raise ConflictError(
            "cancel needs the token of operators: set OPERATOR_TOKEN to what the engine has"
        )
    rest = OperatorRest(arguments.address, token=token, at_once=AT_ONCE)
    try:
        with signals_as_event() as over:
            if arguments.dry_run:
                return _conclude(_forecasts(rest, arguments, over), over=over)
            ids = _named(arguments) or [each.id for each in _listed(rest, arguments)]
            try:
                with progress(len(ids), title="cancelled", begin=f"cancelling {len(ids)}") as show:
                    results = cancel_all(rest, ids, within=arguments.within, over=over, show=show)
            except NoRightError as error:
                _conclude(error.results, over=over, left=len(ids) - len(error.results))
                raise
            return _conclude(results, over=over, left=len(ids) - len(results))
    finally:
        rest.close()


def _forecasts(rest: OperatorRest, arguments: argparse.Namespace, over: Event) -> Iterator[Result]:
    """Yield what a cancel would do to each, until it is over."""
    known = (
        ((id_, rest.execution(id_)) for id_ in _named(arguments))
        if arguments.id
        else ((each.id, each) for each in _listed(rest, arguments))
    )
    for execution_id, execution in takewhile(lambda _: not over.is_set(), known):
        yield forecast(execution_id, execution)


def _named(arguments: argparse.Namespace) -> list[int]:
    return [*dict.fromkeys(arguments.id)]


def _listed(rest: OperatorRest, arguments: argparse.Namespace) -> Iterator[Execution]:
    return rest.executions([*(each for each in arguments.filter if each != _OPEN), _OPEN])


def _conclude(results: Iterable[Result], *, over: Event, left: int | None = None) -> int:
    """Print each result, then how many there are of each; return the exit code."""
    counts: Counter[Fate] = Counter()
    for result in results:
        counts[result.fate] += 1
        print(result)
    print(", ".join(f"{number} {fate}" for fate, number in counts.items()) or "nothing to cancel")
    if over.is_set():
        number = "some" if left is None else left
        print(f"ended early, {number} not asked for: give the same command again to go on")
        return INTERRUPTED
    return OK if counts.keys() <= CLOSED else FAILED


def _filter(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    remedy = None
    if not separator:
        remedy = "give NAME=VALUE, such as ticker=AAPL"
    elif name in _NOT_GIVEN:
        remedy = "leave it out"
    elif name == "isOpen" and value != "true":
        remedy = "only open executions can be cancelled, give isOpen=true"
    if remedy is not None:
        raise argparse.ArgumentTypeError(f"{text} is no filter here: {remedy}")
    return name, value
