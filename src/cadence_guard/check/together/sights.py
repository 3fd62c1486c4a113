"""What is seen of one cadence by itself: its touches in a window, and those that can be refused.

M(t) >= m is a union of intervals: in each cell m touches in a row lie in the window from when the
last of them is made until the first leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

from cadence_guard.check.judging import Concern
from cadence_guard.check.layout import lay
from cadence_guard.check.ranges import Reach
from cadence_guard.check.together.cells import Cell, Region, Way, by_borders, rest_of
from cadence_guard.check.together.questions import Question
from cadence_guard.instants import Zone, local_period


class Sight(NamedTuple):
    """Where something was seen: a stop of a way, for the starts of a cell. `first` is the stop that
    has to lie `within` so much before it; None: as late as it can."""

    way: Way
    where: Zone
    base: int
    cell: Cell
    stop: int
    reach: Reach | None
    first: int | None = None
    within: int = 0

    def moved(self, base: int, where: Zone) -> Sight:
        """The same on another day that is alike."""
        way, _, _, cell, stop, reach, first, within = self
        return Sight(way, where, base, cell, stop, reach, first, within)

    def taken(self, t: int) -> Taken:
        """An entry for which the stop is at `t`, or not later."""
        start = self.cell.start_for(self.stop, t - self.base, self.first, self.within) + self.base
        times = lay(self.way.stops, start, self.where, far=self.way.far).at
        if self.reach is None or self.way.origin is None:
            return Taken(self.way, start, times, self.stop)
        start, before = self.reach.back(start)
        return Taken(self.way, start, [*before, *times[1:]], self.stop + self.way.origin)


class Taken(NamedTuple):
    """A way gone from one entry, up to a stop at least."""

    way: Way
    start: int
    times: list[int]
    stop: int


class Seen(NamedTuple):
    """From `low` to `high` (up to `near` with one of them near) the window that ends there can hold
    `many` touches."""

    low: int
    high: int
    near: int
    many: int
    sight: Sight


class Aim(NamedTuple):
    """A touch that can be made from `low` to `high` with `many` touches of its own way before it
    in the window; `near`: one of them near. `loose`: what was before it is not known."""

    low: int
    high: int
    many: int
    near: bool
    loose: bool
    concern: Concern
    sight: Sight

    def moved(self, by: int, region: Region) -> Aim:
        """The same so much later, as far as it lies in a region."""
        low, high, count, near, loose, concern, sight = self
        low, high = max(low + by, region.low), min(high + by, region.high - 1)
        return Aim(low, high, count, near, loose, concern, sight.moved(by, region.where))


class Seeing(Protocol):
    """A sight of a way in a zone: an entry for which a stop is at an instant, or not later."""

    @property
    def way(self) -> Way: ...
    @property
    def where(self) -> Zone: ...
    def taken(self, t: int, /) -> Taken: ...


class Hit(NamedTuple):
    """A touch refused at `t`, and what the others did before."""

    t: int
    aim: Seeing
    others: Sequence[Seeing]
    before: int
    """When the others have made their touches at the latest."""


class Stretch(NamedTuple):
    """A touch that can be made from `low` to `high`."""

    low: int
    high: int
    sight: Sight


class Part(NamedTuple):
    """What is seen of some cells: by how many touches there are, and by whose turn it is."""

    seen: dict[int, list[Seen]]
    aims: dict[Concern, list[Aim]]


View: TypeAlias = list[tuple[int, Part]]
"""Parts, and what is to be added to their instants."""


def look(
    question: Question,
    within: int,
    sight: Sight,
    counted: Sequence[bool],
    aimed: Sequence[bool],
    part: Part,
) -> None:
    """What a question sees in a cell: the touches counted, and those that are aimed at. More than
    its limit need not be seen."""
    if question.unit is not None:
        _look_by_period(question.unit, sight, counted, part)
        return
    way, where, base, cell, _, reach, _, _ = sight
    near = question.near
    before: list[int] = []
    for n in cell.order:
        if near is not None and n in way.ends:
            before.clear()
        at, at_last = cell.at[n], cell.at_last(n)
        if aimed[n] and n >= way.shared:
            here = Sight(way, where, base, cell, n, reach, n, within)
            concern = way.concerns[n]
            assert concern is not None
            loose = n == 0 and way.origin is not None
            aims = [Aim(at, at_last, 0, near is None, loose, concern, here)]
            for count, first in enumerate(before[: -question.limit : -1], 1):
                if not cell.nearer(first, n, within):
                    break
                high = min(at_last, cell.at_last(first) + within - 1)
                since = here._replace(first=first if near is None else None)
                aim = Aim(at, high, count, near is None, False, concern, since)
                if high == aims[-1].high:
                    aims.pop()  # as long, and with more
                aims.append(aim)
            if near is not None and before and cell.nearer(before[-1], n, near):
                high = cell.at_last(before[-1]) + near - 1
                aims += [a._replace(high=min(a.high, high), near=True) for a in aims if a.many]
            part.aims.setdefault(concern, []).extend(aims)
        if counted[n]:
            before.append(n)
            counts = before[: -question.limit - 1 : -1] if n >= way.shared else ()
            for count, first in enumerate(counts, 1):
                if not cell.nearer(first, n, within):
                    break
                high = cell.at_last(first) + within - 1
                soon = high if near is None else min(high, at_last + near - 1)
                here = Sight(way, where, base, cell, n, reach, first, within)
                seen = Seen(at, high, soon, count, here)
                part.seen.setdefault(count, []).append(seen)


def _look_by_period(unit: str, sight: Sight, counted: Sequence[bool], part: Part) -> None:
    """The same for a calendar unit: a cell is cut where a touch comes into another one. A cap has
    an eye on what it counts."""
    way, base, where = sight.way, sight.base, sight.where
    used = [n for n in sight.cell.order if counted[n]]
    for cell in by_borders(sight.cell.moved(base), used, unit, where):
        before: dict[int, int] = {}
        for n in used:
            concern = way.concerns[n]
            assert concern is not None
            at, at_last = cell.at[n], cell.at_last(n)
            number, _ = local_period(at, unit, where)
            here = sight._replace(cell=cell.moved(-base), stop=n, first=n)
            loose = n == 0 and way.origin is not None
            many = before.get(number, 0)
            aim = Aim(at - base, at_last - base, many, True, loose, concern, here)
            part.aims.setdefault(concern, []).append(aim)
            before[number] = many + 1
            for first, end in rest_of(at, unit, where):
                low, high = first - base, end - 1 - base
                seen = Seen(low, high, high, many + 1, here)
                part.seen.setdefault(many + 1, []).append(seen)
