"""The one error tree: an error's type decides what happens next.

FixengineError
├── MalformedError     bad input: dead letter, or 400; repeating it can't help
├── UnavailableError   a part outside is away or too slow: back off and stay
│   ├── SlowQueryError the database answers, but not this in time: ask for less
│   ├── LockedError    another session holds what is needed: let others pass, try again
│   ├── UnsettledError what was under way may have been done: begin anew, and look for it
│   └── ImpairedError  the database answers, but can't do this, whatever the values
│       └── SchemaError its schema or the role's rights are at fault: wait for an operator
├── RejectedError      the database refuses these values: find the row, dead-letter it
├── ConflictError      what was asked can't be done as things are: say why, exit 1
├── StartError         the actors can't be started: say why, exit 1
└── ConfigError        the configuration is wrong: one line for each mistake, exit 2

Anything else is a bug: it crashes one actor, and the supervisor restarts it.
"""


class FixengineError(Exception):
    """An error that somebody decided on, as opposed to a bug."""


class MalformedError(FixengineError):
    """Input that can never be accepted; the message names the field and the remedy."""


class UnavailableError(FixengineError):
    """A database, broker or neighbour is away or missed its deadline; it may come back."""


class SlowQueryError(UnavailableError):
    """The database ended a statement that took longer than it may."""


class LockedError(UnavailableError):
    """Another session held a lock for longer than the statement waited."""


class UnsettledError(UnavailableError):
    """Something was refused, and with it all was given up that was under way and not answered."""


class ImpairedError(UnavailableError):
    """The database is there, and can't do what it is asked: a limit, no room, its own failure.

    It is a state of the database, or with SchemaError of the schema.
    """


class SchemaError(ImpairedError):
    """The schema is newer than this program, was changed behind its back, or gives no right."""


class RejectedError(FixengineError):
    """The database refused a value although it was there to ask.

    It names its SQLSTATE and, where it knows them, the table, column and constraint.
    """

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str = "",
        table: str | None = None,
        column: str | None = None,
        constraint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.table = table
        self.column = column
        self.constraint = constraint


class ConflictError(FixengineError):
    """A command would harm as things are; the message names the remedy."""


class StartError(FixengineError):
    """The children could not be started; those that had been are stopped again."""


class ConfigError(FixengineError):
    """One or more settings are unknown or invalid.

    `problems` has one sentence for each, every one naming its variable.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
