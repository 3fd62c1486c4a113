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
    with what it is for. `name` is what the file calls the wait. `amount` is by how many units it
    grew (`grown`); 0 for a wait until hours, and `hours` is then how a native file says it."""

    where: Where
    cadence: str
    step: str
    name: str | None
    old: Wait | None
    new: Wait
    amount: int = 0
    hours: Any = None

    @property
    def said(self) -> Any:
        """A wait that is put, as a native file says it."""
        return text_of(self.new.low) if isinstance(self.new, Elapsed) else self.hours

    def of(self, amount: int) -> Edit:
        """The same, grown by another amount."""
        return self._replace(new=grown(self.old, amount), amount=amount)

    @property
    def text(self) -> str:
        """In words."""
        instead = f" instead of {_in_words(self.old)}" if self.old is not None else ""
        named = f" in {self.name!r}" if self.name not in (None, self.step) else ""
        place = "between the attempts of" if self.where[-1] == "every" else "before"
        return f"wait {_in_words(self.new)}{instead}{named} {place} {self.step!r}"


def unit_of(wait: Wait | None) -> int:
    """What a wait grows by, in microseconds."""
    return DAY if isinstance(wait, (LocalDays, BusinessDays)) else MINUTE


def grown(wait: Wait | None, amount: int) -> Wait:
    """A wait, so many days or minutes longer, which then are whole; None is one yet to be put."""
    match wait:
        case _ if not amount:
            return wait or Elapsed(0, 0)
        case LocalDays(days=days):
            return LocalDays(days + amount)
        case BusinessDays(days=days):
            return BusinessDays(days + amount)
        case Elapsed(low=low, high=high):
            low = (low // MINUTE + amount) * MINUTE
            return Elapsed(low, None if high is None else max(high, low))
        case _:
            return Elapsed(amount * MINUTE, amount * MINUTE)


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
