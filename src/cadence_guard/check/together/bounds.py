"""Bounds: how many touches the cadences can make in a window at most, wherever they begin.

They are taken before anything is swept: a target that cannot be refused even if all others came at
their worst instant needs no further look. The first bound knows only how long the waits take at
least, and lays out nothing; the second one looks at every piece of the starts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from itertools import compress
from typing import TypeAlias

from cadence_guard.cadence import BusinessDays, LocalDays
from cadence_guard.check.layout import Leg, least
from cadence_guard.check.together.cells import Cell, Member, Region, Way
from cadence_guard.check.together.layouts import Layouts
from cadence_guard.check.together.questions import Broken, Question, broken
from cadence_guard.instants import DAY

Marks: TypeAlias = tuple[list[bool], list[bool]]
"""Which stops of a way are counted, and which are targets."""
Most: TypeAlias = tuple[int, dict[Broken, int]]
"""The most touches of a member in a window, and before each target of its own."""


class Bounds:
    """The bounds of one question, whose window is `within` long."""

    def __init__(
        self,
        question: Question,
        within: int,
        members: Iterable[Member],
        layouts: Layouts,
        marks: Callable[[Way], Marks | None],
    ) -> None:
        self.question = question
        self.within = within
        self.members = list(members)
        self.layouts = layouts
        self.marks = marks

    def may(self, targets: set[Broken], *, exact: bool) -> set[Broken]:
        """The targets that may be refused: by the waits alone, or with `exact` by all starts."""
        if not targets:
            return targets
        found = [self._most(member, exact=exact) for member in self.members]
        total = sum(most for most, _ in found)
        limit = self.question.limit
        return {
            target
            for target in targets
            if any(target in own and own[target] + total - most >= limit for most, own in found)
        }

    def own(self, targets: Collection[Broken]) -> set[Broken]:
        """The targets that may have the limit before them already on their own way."""
        found = [self._most(member, exact=False)[1] for member in self.members]
        return {
            each for each in targets for own in found if own.get(each, -1) >= self.question.limit
        }

    def _most(self, member: Member, *, exact: bool) -> Most:
        most = 0
        own: dict[Broken, int] = {}
        for way in member.ways:
            marks = self.marks(way)
            if marks is None or not (exact or way.whole):
                continue
            counted, aimed = marks
            keys = [broken(c, self.question.entry) if c else None for c in way.concerns]
            cells = self._cells(way, exact=exact)
            if cells is None:
                most = max(most, sum(counted))
                before_too = len(way.path.items)  # also what is before a range counts
                own |= {
                    key: max(own.get(key, 0), before_too)
                    for key in compress(keys, aimed)
                    if key is not None
                }
                continue
            for cell in cells:
                before: list[int] = []
                low = 0
                for n in cell.order:
                    while low < len(before) and not cell.nearer(before[low], n, self.within):
                        low += 1
                    key = keys[n]
                    if aimed[n] and key is not None:
                        own[key] = max(own.get(key, 0), len(before) - low)
                    if counted[n]:
                        before.append(n)
                        most = max(most, len(before) - low)
        return most, own

    def _cells(self, way: Way, *, exact: bool) -> Iterable[Cell] | None:
        """Cells in which touches are as near to each other as they can be; None if nobody knows."""
        if not exact:
            return [self._nearest(way)] if way.in_line else None
        return None if way.origin is not None or self.question.unit else self._unlike(way)

    def _nearest(self, way: Way) -> Cell:
        """A way in line as if every wait took as long as it does at least."""
        at: list[int] = []
        t = 0
        for stop in way.stops:
            t += sum(self._least(leg) for leg in stop.legs)
            at.append(t)
        order = [n for n, concern in enumerate(way.concerns) if concern is not None]
        return Cell(0, 0, at, [True] * len(at), order)

    def _least(self, leg: Leg) -> int:
        """What a wait takes at least, in the zones of the group."""
        if isinstance(leg, (LocalDays, BusinessDays)):
            return max(least(leg), leg.days * DAY - self.layouts.shift)
        return least(leg)

    def _unlike(self, way: Way) -> Iterator[Cell]:
        """Every cell of a way, those alike once."""
        seen: set[Hashable] = set()
        for where in self.layouts.zones:
            region = Region(where, self.layouts.start, self.layouts.end, False)
            for key, _, cells, _ in self.layouts.placed(way, region, 0):
                if key not in seen:
                    seen.add(key)
                    yield from cells
