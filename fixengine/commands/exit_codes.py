"""The exit codes of commands; `audit` has some of its own."""

OK, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
