"""The subcommands, one file each: `fixengine check-config` is `check_config.py`.

Each has `add_arguments` for its parser, and `run`, which returns the exit code. Only the module
of the command that was given is loaded, so each imports at its top what it needs; the packages of
an extra are the exception, as a command has to say when they are missing.
"""
