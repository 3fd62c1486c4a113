"""What is changed in a cadence: a wait that is set, or one that is put there."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cadence_guard.cadence import BusinessDays, Elapsed, LocalDays, UntilOpen, Wait, Where
from cadence_guard.check.shape import in_words
from cadence_guard.importers import native
from cadence_guard.instants import DAY, HOUR, MINUTE, SECOND

BEFORE: Final = "a wait before"
UNTIL: Final = "until the hours"
"""What the place of a wait that was put before something ends with, whatever leads to it; one on
the way to it alone ends with `native.SLOT`."""
PUT: Final = (native.SLOT, BEFORE, UNTIL)
"""In the order in which they stand."""


class Edit(NamedTuple):
    """A wait that is set at `where`, or one that is put there: then `old` is None, and `where` ends
    with what it is for."""

    where: Where
    cadence: str
    step: str
    old: Wait | None
    new: Wait
    said: Any = None
    """A wait that is put, as the native file says it."""

    @property
    def text(self) -> str:
        """In words."""
        instead = f" instead of {_in_words(self.old)}" if self.old is not None else ""
        return f"wait {_in_words(self.new)}{instead} before {self.step!r}"


def _in_words(wait: Wait) -> str:
    match wait:
        case Elapsed(low=low, high=high) if low == high:
            return in_words(low / SECOND)
        case Elapsed(low=low, high=None):
            return f"{in_words(low / SECOND)} or longer"
        case Elapsed(low=low, high=high):
            assert high is not None
            return f"{in_words(low / SECOND)} to {in_words(high / SECOND)}"
        case LocalDays(days=days):
            return f"{days} local day{'s' * (days != 1)}"
        case BusinessDays(days=days):
            return f"{days} business day{'s' * (days != 1)}"
        case _:
            assert isinstance(wait, UntilOpen)  # nothing else is set
            return f"until {wait.text}"


def text_of(us: int) -> str:
    """Whole minutes as `90m`, `20h` or `7d`."""
    for size, unit in ((DAY, "d"), (HOUR, "h")):
        if us % size == 0:
            return f"{us // size}{unit}"
    return f"{us // MINUTE}m"
