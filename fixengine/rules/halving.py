"""Finds the refused ones among many that can be tried together, in few tries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of the first `count`; the others have yet to be tried.

    `refused` has the place of each that is refused, with the reason.
    """

    count: int
    refused: Mapping[int, str] = field(default_factory=dict)


def find_refused(
    count: int, refusal: Callable[[slice], str | None], *, has_time: Callable[[], bool]
) -> Tried:
    """Try `count` of them in their order; `refusal` tries a group, and returns why it is refused.

    The first group is tried in any case, others while there `has_time`. A group that is refused
    is halved; when two groups in a row are taken, the next is twice as large.
    """
    refused: dict[int, str] = {}
    done, size, taken = 0, max(count // 2, 1), 0
    while done < count and (done == 0 or has_time()):
        end = min(done + size, count)
        reason = refusal(slice(done, end))
        taken = taken + 1 if reason is None else 0
        if reason is None:
            done = end
            size *= 2 if taken > 1 else 1
        elif end - done > 1:
            size = (end - done) // 2
        else:
            refused[done] = reason
            done = end
    return Tried(count=done, refused=refused)
