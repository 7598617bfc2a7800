"""The command `fix` as a shell sees it."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

from fixengine.config.passwords import verify
from fixengine.demo.stack import surroundings
from tests.support.fix.sides import raw

_BEAT = raw("35=0|49=OMS1|56=FIXENGINE|34=2|52=20260302-09:30:00.000|")

_FIX = (sys.executable, "-m", "fixengine", "fix")
_MAIN = """
import signal
from fixengine.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""The program, which hears Ctrl-C also where whoever runs the tests ignores it."""

_HASH_PASSWORD = (sys.executable, "-c", _MAIN, "fix", "hash-password")


def fix(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command, with standard input from a pipe."""
    return subprocess.run(
        (*_FIX, *arguments),
        input=given,
        env=surroundings(),
        capture_output=True,
        timeout=60,
        check=False,
    )


def typed(*lines: bytes) -> tuple[int, bytes, bytes, bytes]:
    """Type on a terminal; return the exit code, the output, the errors, and what was echoed.

    The byte 3 among them is Ctrl-C.
    """
    terminal, its_end = pty.openpty()
    with subprocess.Popen(
        _HASH_PASSWORD,
        stdin=its_end,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(),
        start_new_session=True,  # whose terminal is this one, and not that of who runs the tests
    ) as process:
        assert process.stderr is not None
        for line in lines:
            said = b""
            while not said.endswith(b": "):  # a prompt, after which nothing is echoed
                said += (more := os.read(process.stderr.fileno(), 1000))
                assert more, said
            if line == b"\x03":  # no terminal of its own would send the signal
                process.send_signal(signal.SIGINT)
            else:
                os.write(terminal, line + b"\n")
        output, errors = process.communicate(timeout=60)
    os.set_blocking(terminal, False)
    try:
        echoed = os.read(terminal, 1000)
    except BlockingIOError:
        echoed = b""
    os.close(terminal)
    os.close(its_end)
    return process.returncode, output, errors, echoed


def test_a_password_from_a_pipe_is_hashed_without_the_line_break_of_its_file() -> None:
    for given in (b"hunter2", b"hunter2\n", b"hunter2\r\n"):
        done = fix("hash-password", given=given)
        assert done.returncode == 0
        assert verify(done.stdout.decode().strip(), b"hunter2")


def test_what_is_no_password_is_refused() -> None:
    for given in (b"", b"\n", b"two\nlines", b"a\x01b"):
        done = fix("hash-password", given=given)
        assert (done.returncode, done.stdout) == (1, b"")
        assert b"this is no password: give one line of visible characters" in done.stderr


def test_a_password_is_typed_twice_and_not_shown() -> None:
    code, output, _, echoed = typed(b"hunter2", b"hunter2")
    assert code == 0
    assert verify(output.decode().strip(), b"hunter2")
    assert b"hunter" not in echoed


def test_two_passwords_that_differ_are_refused() -> None:
    code, output, errors, _ = typed(b"hunter2", b"hunter3")
    assert (code, output) == (1, b"")
    assert b"the two passwords differ: give the same one twice" in errors


def test_ctrl_c_ends_it_without_a_word() -> None:
    code, output, errors, _ = typed(b"hunter2", b"\x03")
    assert (code, output) == (130, b"")
    assert b"Traceback" not in errors


def test_a_log_is_shown_from_a_file_or_a_pipe(tmp_path: Path) -> None:
    file = tmp_path / "messages.log"
    file.write_bytes(b"09:30 " + _BEAT + b"\n" + _BEAT.replace(b"\x01", b"|") + b"\n")
    from_file = fix("show", str(file))
    assert (from_file.returncode, from_file.stderr) == (0, b"")
    assert from_file.stdout.count(b"MsgType                  0 = Heartbeat") == 2
    assert from_file.stdout.endswith(b"2 messages, 0 bad\n")
    assert fix("show", "-", given=file.read_bytes()).stdout == from_file.stdout


def test_a_log_is_shown_to_its_end_however_long_it_is() -> None:
    count = 200_000 // len(_BEAT)
    assert fix("show", "-", given=_BEAT * count).stdout.endswith(b"%d messages, 0 bad\n" % count)


def test_a_bad_message_or_none_at_all_fails() -> None:
    bad = fix("show", "-", given=_BEAT + _BEAT.replace(b"34=2", b"34=3"))
    assert bad.returncode == 1
    assert b"  BAD: CheckSum(10) is " in bad.stdout
    assert bad.stdout.endswith(b"2 messages, 1 bad\n")
    none = fix("show", "-", given=b"nothing")
    assert (none.returncode, none.stdout) == (1, b"0 messages, 0 bad\n")


def test_a_log_that_is_not_there_is_missed(tmp_path: Path) -> None:
    done = fix("show", str(tmp_path / "missing"))
    assert done.returncode == 1
    assert done.stderr.startswith(b"fixengine: ")
    assert b"missing can't be read: No such file or directory" in done.stderr
