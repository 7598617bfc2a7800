"""Whose fault it is that the database refuses to store something: the values', or the schema's."""

import psycopg

from fixengine.errors import FixengineError, RejectedError, SchemaError
from fixengine.wire.letter_reasons import Reason

_CHECK, _TWICE = "23514", "23505"
_OF_VALUES = "22"  # the class of errors in data
_NO_PART, _RAISE = "ExecFindPartition", "exec_stmt_raise"  # where in the server an error is made
_GIVEN = {"fix_request_pkey", "fix_sent_pkey", "fix_sent_evaluation_ndx"}
"""Keys that clients or their numbers give: a second row of this kind is its value's fault."""

_REMEDIES = {
    "2200H": "no numbers are left: docs/operating.md#fixenginenumbersrunout says how to go on",
    "23502": "column {column} of {table} takes no null: give it a default, or drop its not null",
    "23503": "drop foreign key {constraint} of {table}, or add the row that it asks for",
    "23505": "{constraint} takes no second row of this kind: where it is not one of the engine's "
    "indexes, drop it",
    "23514": "{table} has no part for this execution",
    "23P01": "drop exclusion constraint {constraint} of {table}",
}


def refusal(error: psycopg.Error, said: str) -> FixengineError:
    """Return RejectedError where the values may be at fault, else SchemaError with the remedy.

    `said` is the database's own line. That values may be at fault does not say that they are: a
    trigger, or a type that was changed, may refuse any. Only a trial of sound values tells.
    """
    code, found = error.sqlstate or "", error.diag
    if _may_blame_values(error):
        return RejectedError(
            Reason.REFUSED.format(said=said),
            sqlstate=code,
            table=found.table_name,
            column=found.column_name,
            constraint=found.constraint_name,
        )
    remedy = _REMEDIES.get(code, "see what was changed in the schema")
    named = remedy.format(
        table=found.table_name, column=found.column_name, constraint=found.constraint_name
    )
    return SchemaError(f"the schema refuses what it should take: {said}: {named}")


def is_raised(error: psycopg.Error) -> bool:
    """Say whether a trigger raised it, with whatever SQLSTATE it likes."""
    return error.diag.source_function == _RAISE


def _may_blame_values(error: psycopg.Error) -> bool:
    code = error.sqlstate or ""
    if code == _CHECK:
        return error.diag.source_function != _NO_PART
    if code == _TWICE and error.diag.constraint_name in _GIVEN:
        return True
    return is_raised(error) or (code.startswith(_OF_VALUES) and code not in _REMEDIES)
