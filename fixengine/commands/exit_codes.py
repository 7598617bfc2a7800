"""What the exit code of a command says, where the command does not say more by it."""

OK, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
