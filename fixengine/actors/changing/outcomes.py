"""What becomes of a request, as its execution is found while it is locked."""

from fixengine.ports.changes import Locked
from fixengine.rules.changes import ChangeDecision, ChangeRequest, Refusal, change, is_same, refusal
from fixengine.rules.fills import FillRules
from fixengine.rules.values import Change


def outcome_of(
    request: ChangeRequest, locked: Locked, *, rules: FillRules
) -> Change | ChangeDecision | None:
    """Return the change that meets a request, or its answer; None if it has to wait.

    A request that was met before is known by its key, and gets the answer that it got then.
    """
    execution = locked.executions.get(request.execution_id)
    if execution is None or locked.now is None:
        return ChangeDecision(execution=None, refusal=Refusal.UNKNOWN)
    known = locked.known.get((execution.id, request.key or ""))
    if known is not None:
        if is_same(request, kind=known.kind, after=known.execution.terms):
            return ChangeDecision(execution=known.execution)
        return ChangeDecision(execution=execution, refusal=Refusal.KEY_TAKEN)
    if execution.id in locked.not_numbers:
        return ChangeDecision(execution=execution, refusal=Refusal.NO_NUMBER)
    why = refusal(execution, request)
    if why is not None:
        return ChangeDecision(execution=execution, refusal=why)
    if execution.id in locked.unpublished:
        return None
    return change(execution, request, now=locked.now, rules=rules)
