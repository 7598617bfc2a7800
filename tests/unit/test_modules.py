"""Every module is a part of the program: what only tests use is not shipped."""

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
