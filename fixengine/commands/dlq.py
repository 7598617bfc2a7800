"""The `dlq` subcommand: `list`, `show` and `replay`."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from fixengine.commands.argument_types import moment
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import FAILED, OK
from fixengine.dlq.choice import Choice, offsets, single
from fixengine.dlq.letterbox import Letterbox
from fixengine.dlq.replaying import Fate, gone, refusal, replay
from fixengine.dlq.view import details, json_line, table
from fixengine.errors import ConflictError
from fixengine.infra.process.logs import complain
from fixengine.ports.kafka import EVER
from fixengine.wire.letters import Letter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands and their options to the subcommand's parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, add, carry_out, meaning in (
        ("list", _add_list, _list, "list dead letters, and where each was replayed to"),
        ("show", _add_show, _show, "show one letter whole, and what the decoder says of it now"),
        ("replay", _add_replay, _replay, "send letters to the orders topic again, each once"),
    ):
        command = commands.add_parser(name, help=meaning, description=meaning)
        add(command)
        command.set_defaults(carry_out=carry_out)


def run(arguments: argparse.Namespace, environment: Environment) -> int:
    """Carry a command out; return 0, or 1 when it could not do all that was asked for.

    A list may be empty; a letter to show or to replay has to be there.

    Raises UnavailableError without a broker, ConflictError for one correction of several letters.
    """
    code: int = arguments.carry_out(
        arguments, Letterbox(environment.settings(), pod=environment.pod)
    )
    return code


def _add_list(parser: argparse.ArgumentParser) -> None:
    _add_filters(parser)
    parser.add_argument("--json", action="store_true", help="a JSON object for each, one a line")


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "letter", type=single, metavar="OFFSET", help="as listed; partition 0 need not be named"
    )
    parser.add_argument(
        "--raw", action="store_true", help="its body alone, byte for byte, to be corrected"
    )


def _add_replay(parser: argparse.ArgumentParser) -> None:
    _add_filters(parser)
    parser.add_argument(
        "--fix",
        type=_contents,
        metavar="FILE",
        help="send what is in this file instead of the body; for one letter only",
    )
    parser.set_defaults(misused=parser.error)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--offset",
        type=offsets,
        nargs="+",
        default=(),
        metavar="OFFSET",
        help="as listed, or FIRST-LAST; partition 0 need not be named",
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="part of the reason")
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="written at that time or later, as 2026-07-28T09:30:00Z",
    )


def _list(arguments: argparse.Namespace, box: Letterbox) -> int:
    letters = tuple(map(_without_body, box.letters(_choice(arguments))))
    if not letters:
        _nothing_matched(box)
        return OK
    replays = box.replays(letters)
    if arguments.json:
        _say(json_line(letter, replays.get(letter.place)) for letter in letters)
    else:
        _say(table(letters, replays))
    return OK


def _show(arguments: argparse.Namespace, box: Letterbox) -> int:
    chosen = Choice(offsets=(arguments.letter,), since=EVER)
    letter = next(box.letters(chosen), None)
    if letter is None:
        _nothing_matched(box)
        return FAILED
    whole = letter if letter.shortened is None else box.restored(letter)
    if arguments.raw:
        if whole is None:
            complain(f"{letter.place} can't be shown: {gone(letter)}")
            return FAILED
        sys.stdout.flush()
        sys.stdout.buffer.write(whole.record.value or b"")
    else:
        replayed_to = box.replays((letter,)).get(letter.place)
        _say(details(letter, whole, replayed_to, refusal(whole.record.value) if whole else None))
    return OK


def _replay(arguments: argparse.Namespace, box: Letterbox) -> int:
    if not (arguments.offset or arguments.reason or arguments.since):
        arguments.misused("say which letters: --offset, --reason or --since")
    letters = tuple(box.letters(_choice(arguments)))
    if not letters:
        _nothing_matched(box)
        return FAILED
    if arguments.fix is not None and len(letters) > 1:
        raise ConflictError(f"--fix corrects one letter, and {len(letters)} match: name one")
    outcomes = replay(box, letters, fix=arguments.fix)
    counts = dict.fromkeys(Fate, 0)
    for outcome in outcomes:
        counts[outcome.fate] += 1
        _say((f"{outcome.place} {outcome.fate}: {outcome.said}",))
    _say((", ".join(f"{count} {fate}" for fate, count in counts.items()),))
    return FAILED if counts[Fate.NOT] else OK


def _choice(arguments: argparse.Namespace) -> Choice:
    return Choice(
        offsets=tuple(arguments.offset), reason=arguments.reason, since=arguments.since or EVER
    )


def _contents(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name} can't be read: {error.strerror}") from error


def _without_body(letter: Letter) -> Letter:
    # a list shows none, and all together may be large
    return replace(letter, record=structs.replace(letter.record, value=None))


def _nothing_matched(box: Letterbox) -> None:
    complain(f"no letter on {box.topic} matches")


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
