"""Every module is used: by the program, so that nothing is shipped for tests, or by tests."""

import grimp  # comes with import-linter

from fixengine.cli import COMMANDS


def test_every_module_is_loaded_by_some_command() -> None:
    graph = grimp.build_graph("fixengine")
    commands = {f"fixengine.commands.{name.replace('-', '_')}" for name in COMMANDS}
    used = {"fixengine.__main__", *commands}
    for name in tuple(used):
        used |= graph.find_upstream_modules(name)
    packages = {name.rpartition(".")[0] for name in graph.modules}
    assert graph.modules - used - packages == set()


def test_every_help_of_the_tests_is_used() -> None:
    graph = grimp.build_graph("tests", "benchmarks")
    helps = {name for name in graph.modules if name.startswith("tests.support.")}
    packages = {name.rpartition(".")[0] for name in graph.modules}
    unused = {each for each in helps if not graph.find_modules_that_directly_import(each)}
    assert unused - packages == set()
