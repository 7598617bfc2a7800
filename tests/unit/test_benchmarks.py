"""What the benchmark reads of the machine, and makes of what it has measured."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from rich.console import Console

from benchmarks import cell
from benchmarks.clients import answers
from benchmarks.cold import copy_cold, mapped_files
from benchmarks.comparison import compare
from benchmarks.figures import scaling
from benchmarks.figures.bulk import figures_of_work
from benchmarks.figures.figure import Figure, Lend, medians
from benchmarks.image import allocator_settings
from benchmarks.memory_group import MemoryGroup
from benchmarks.processes import (
    session_cpu,
    session_pids,
    session_resident,
    waited_for_cores,
)
from benchmarks.program import OURS, Program, program_at
from benchmarks.tables import of_comparison
from fixengine.demo.stack import Stack
from tests.support.documents import page


def test_a_figure_of_several_rounds_is_their_median_and_tells_the_spread() -> None:
    rounds = [[Figure(meaning="CPU", value=value, unit="ms", limit=2)] for value in (3.0, 1.0, 1.5)]
    (figure,) = medians(rounds)
    assert figure.said == "1.5 ms (1 to 3)"
    assert figure.good


def test_a_figure_of_one_round_has_no_spread() -> None:
    (figure,) = medians([[Figure(meaning="CPU", value=1234.5, unit="")]])
    assert figure.said == "1,234"


def test_rounds_that_measured_different_figures_are_refused() -> None:
    figure = Figure(meaning="CPU", value=1, unit="ms")
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        [*medians([[figure], []])]


def lend_nothing(*, durable: bool = False) -> AbstractContextManager[Stack]:
    raise AssertionError(f"nothing is measured here, durable or not: {durable}")


def test_what_a_peer_can_not_show_leaves_all_else_compared() -> None:
    peer = Program(name="peer", command=("peer",))

    def speed(_lend: Lend, _scale: float, program: Program) -> Iterator[Figure]:
        yield Figure(meaning="orders", value=6 if program is OURS else 2, unit="/s")

    def answers(_lend: Lend, _scale: float, program: Program) -> Iterator[Figure]:
        if program is peer:
            raise RuntimeError("404")
        yield Figure(meaning="answers", value=1, unit="/s")

    compared = compare(
        peer,
        {"asked": answers, "bulk": speed},
        lend=lend_nothing,
        rounds=1,
        scale=1,
        console=Console(quiet=True),
    )
    assert [each.value for each in compared.ours + compared.peers] == [6, 2]
    assert compared.missing == ["asked, of peer: 404"]
    console = Console(record=True, width=100)
    console.print(of_comparison("peer", compared))
    assert console.export_text().splitlines()[1].split() == ["orders", "6", "/s", "2", "/s", "3"]


def test_bulk_counts_from_the_first_that_is_done() -> None:
    done, cpu = iter([0, 40, 40, 100]), iter([5.0, 8.0])
    speed, cost = figures_of_work("fills", 100, done=lambda: next(done), cpu=lambda: next(cpu))
    assert 0 < speed.value <= 60 / 0.25
    assert cost.said == "50 ms"


def test_bulk_of_which_all_is_done_at_first_has_no_rate() -> None:
    with pytest.raises(RuntimeError, match="no rate to tell: 100 of 100 fills"):
        [*figures_of_work("fills", 100, done=lambda: 100, cpu=lambda: 0.0)]


class Chunks(BaseHTTPRequestHandler):
    """Answers as a server does that doesn't know beforehand how long it will be."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in (b"[1,", b"2]", b""):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))

    def log_message(self, *_: object) -> None:
        """Keep the test's output to the test's."""


class HalfAnswers(Chunks):
    """Says neither how long its answer is nor that it comes in pieces."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_answer_in_pieces_counts_once_its_last_has_come() -> None:
    with serving(Chunks) as url:
        assert answers(url, ["/"], seconds=0.2, clients=1).rate > 0


def test_an_answer_that_does_not_tell_its_length_is_not_measured() -> None:
    with serving(HalfAnswers) as url, pytest.raises(RuntimeError, match="of unknown length"):
        answers(url, ["/"], seconds=0.2, clients=1)


def test_a_peer_that_is_not_there_is_named() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="there is no program at /nowhere/engine"):
        program_at("/nowhere/engine")


def test_a_peer_that_may_not_be_run_comes_with_the_remedy(tmp_path: Path) -> None:
    peer = tmp_path / "engine"
    peer.write_text("#!/bin/sh\n")
    with pytest.raises(argparse.ArgumentTypeError, match=f"is not executable: chmod \\+x {peer}"):
        program_at(str(peer))


@pytest.mark.parametrize(
    ("usage", "inactive"),
    [("memory.current", "inactive_file"), ("memory.usage_in_bytes", "total_inactive_file")],
)
def test_a_working_set_is_what_the_kubelet_reports(
    tmp_path: Path, usage: str, inactive: str
) -> None:
    (tmp_path / usage).write_text(f"{60 * 2**20}\n")
    (tmp_path / "memory.stat").write_text(
        f"active_file 7\nin{inactive} 8\n{inactive} {2**20}\n{inactive}_more 9\n"
    )
    assert MemoryGroup(tmp_path, usage=usage, inactive=inactive).working_set() == 59


def test_the_cpu_of_a_session_is_that_of_its_processes_and_of_those_that_ended() -> None:
    busy = f"{sys.executable} -c 'import time\nwhile time.process_time() < 0.3: pass'"
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"{busy}; echo done; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        assert session_cpu(process.pid) > 0.25  # /proc counts in hundredths
        assert session_pids(process.pid) == (process.pid,)
        assert 0 < session_resident(process.pid) < 10
        process.stdin.close()


def test_what_is_measured_for_the_page_on_scaling_is_held_against_its_table() -> None:
    found = scaling.said(page("scaling"))
    assert {what for _, what in found} == scaling.UNITS.keys()
    assert found[1_000, "rows that die"] == 2


def test_who_is_ready_to_run_while_another_has_the_core_waits_for_it() -> None:
    core = min(os.sched_getaffinity(0))
    work = "while time.process_time() < 0.3: pass"
    program = f"import os, time\nos.sched_setaffinity(0, [{core}])\n{work}\nprint()\ninput()"
    command = [sys.executable, "-c", program]
    with ExitStack() as stack:
        rivals = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            for _ in range(2)
        ]
        for each in rivals:
            assert each.stdout is not None
            each.stdout.readline()
        assert waited_for_cores([each.pid for each in rivals]) > 0.2
        for each in rivals:
            each.communicate(b"\n")
    assert waited_for_cores([each.pid for each in rivals]) == 0


def test_private_copies_have_the_bytes_of_what_is_mapped(tmp_path: Path) -> None:
    files = {path for path in mapped_files([os.getpid()]) if "libc" in path.name}
    assert files
    copy_cold(files, tmp_path)
    copies = {Path("/") / file.relative_to(tmp_path) for file in tmp_path.rglob("*.so*")}
    assert copies == files
    for file in files:
        assert (tmp_path / file.relative_to("/")).read_bytes() == file.read_bytes()


def test_a_cell_puts_the_program_into_its_group(tmp_path: Path) -> None:
    members, copies = tmp_path / "cgroup.procs", tmp_path / "copies"
    program = [sys.executable, "-c", "import os; print(os.getpid(), end='')"]
    launcher = [sys.executable, "-I", "-S", cell.__file__, str(members), str(copies)]
    assert subprocess.check_output([*launcher, *program], text=True) == members.read_text()


def test_the_allocator_is_set_as_in_the_image() -> None:
    assert allocator_settings()["MALLOC_ARENA_MAX"] == "1"
