"""How many touches all cadences can have made at once, at each instant.

The most of each cadence is a function of the clock; a `Table` lays those of all beside each other,
so that the instants stand out at which they come to as many as a question asks for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from cadence_guard.check.together.cells import Region, round_in
from cadence_guard.check.together.sights import Aim, Hit, Seen, Sight, View
from cadence_guard.rules._sets import Intervals, merged

Column: TypeAlias = list[tuple[int, int, int, Sight]]
"""A function of time: (from, to, most, where that is seen)."""


class Table:
    """How many touches each member can have made before each instant of a region."""

    def __init__(
        self,
        views: Mapping[int, View],
        region: Region,
        *,
        near: bool,
    ) -> None:
        columns = {n: _column(view, region, soon=False) for n, view in views.items()}
        soon = {n: _column(view, region, soon=True) for n, view in views.items() if near}
        self.borders = sorted(
            {region.low}.union(
                border
                for column in (*columns.values(), *soon.values())
                for low, high, *_ in column
                for border in (low, high + 1)
            )
        )
        self.counts = {n: self._spread(column) for n, column in columns.items()}
        self.soon = {n: self._spread(column) for n, column in soon.items()}
        self.totals = [
            sum(each[0] for each in row if each is not None)
            for row in zip(*self.counts.values(), strict=True)
        ]
        self.most = max(self.totals, default=0)

    def _spread(self, column: Column) -> list[tuple[int, Sight] | None]:
        """A column's values from each border to the next."""
        spread: list[tuple[int, Sight] | None] = [None] * len(self.borders)
        for low, high, count, sight in column:
            place = bisect_left(self.borders, low)
            while place < len(self.borders) and self.borders[place] <= high:
                spread[place] = (count, sight)
                place += 1
        return spread

    def width(self, aim: Aim) -> int:
        """How many stretches of time a touch is looked at in."""
        return bisect_right(self.borders, aim.high) - bisect_left(self.borders, aim.low)

    def hits(self, member: int, aim: Aim, need: int, *, every: bool) -> list[Hit]:
        """The instants at which the other members have so many touches, each with as few of them as
        can be; one for each stretch of time in which nothing changes, those with fewest first.
        Unless `every` is asked for, one other is enough."""
        if self.most < need:
            return []
        found: list[Hit] = []
        place = bisect_right(self.borders, aim.low) - 1
        while place < len(self.borders) and self.borders[place] <= aim.high:
            mine = self.counts[member][place]
            if self.totals[place] - (mine[0] if mine else 0) >= need:
                chosen = self._chosen(member, place, need, aim.near)
                if chosen is not None:
                    following = self.borders[place + 1 : place + 2] or [aim.high + 1]
                    high = min(aim.high, following[0] - 1)
                    t = round_in(max(aim.low, self.borders[place]), high)
                    found.append(Hit(t, aim.sight, chosen, t))
                    if len(chosen) == 1 and not every:
                        break
            place += 1
        return sorted(found, key=lambda hit: len(hit.others))

    def _chosen(self, member: int, place: int, need: int, near: bool) -> list[Sight] | None:
        """As few others as have so many touches; without `near` one of them has one that is."""
        counts = sorted(
            (
                (n, each)
                for n, column in self.counts.items()
                if n != member and (each := column[place]) is not None
            ),
            key=lambda pair: -pair[1][0],
        )
        firsts: list[tuple[int | None, int, list[Sight]]] = [(None, 0, [])]
        if not near:
            firsts = [
                (n, each[0], [each[1]])
                for n, column in self.soon.items()
                if n != member and (each := column[place]) is not None
            ]
        best: list[Sight] | None = None
        for first, count, chosen in firsts:
            for n, each in counts:
                if count >= need:
                    break
                if n != first:
                    count += each[0]
                    chosen = [*chosen, each[1]]
            if count >= need and (best is None or len(chosen) < len(best)):
                best = chosen
        return best


def _column(view: View, region: Region, *, soon: bool) -> Column:
    """The most of what is seen at each instant of a region. `soon`: with one of them near."""
    column: Column = []
    covered: Intervals = []
    for many in sorted({many for _, part in view for many in part.seen}, reverse=True):
        spans = sorted(
            (
                (max(one.low + base, region.low), min(high + base, region.high - 1), base, one)
                for base, part in view
                for one in part.seen.get(many, ())
                if (high := one.near if soon else one.high) >= one.low
                and high + base >= region.low
                and one.low + base < region.high
            ),
            key=_first,
        )
        new: Intervals = []
        for low, high, base, one in spans:
            if new:
                low = max(low, new[-1][1])
            for start, end in _without(covered, low, high + 1):
                sight = one.sight.moved(base, region.where)
                column.append((start, end - 1, many, sight))
            if low <= high:
                new.append((low, high + 1))
        covered = merged((*covered, *new))
        if covered == [(region.low, region.high)]:
            break
    return column


def _first(span: tuple[int, int, int, Seen]) -> int:
    return span[0]


def _without(covered: Intervals, low: int, high: int) -> Iterator[tuple[int, int]]:
    """What of [low, high) is not covered."""
    place = bisect_right(covered, low, key=lambda each: each[1])
    while low < high:
        start, end = covered[place] if place < len(covered) else (high, high)
        if low < start:
            yield low, min(start, high)
        low, place = max(low, end), place + 1
