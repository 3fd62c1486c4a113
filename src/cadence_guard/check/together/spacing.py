"""Gaps, overlap and the baton: how near can the touches of two cadences come?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, chain, combinations, product
from typing import TypeAlias

from cadence_guard.cadence import Handover
from cadence_guard.check.judging import Concern
from cadence_guard.check.shape import listed
from cadence_guard.check.together.cells import Member, Region
from cadence_guard.check.together.group import TRIES, Group
from cadence_guard.check.together.questions import Spacing
from cadence_guard.check.together.sights import Hit, Sight, Stretch
from cadence_guard.check.together.timeline import objects
from cadence_guard.rules.not_the_holder import NotTheHolder

Near: TypeAlias = tuple[Spacing, Concern, Hit, int]
"""A touch that can come too near after one of another cadence, and how near."""


class Spacings:
    """Answers what is asked of the distances in a group."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.layouts = group.layouts

    def answer(self, spacing: Spacing) -> Iterator[Near]:
        """For each pair of members how near a touch of one can come after one of the other, if that
        is too near."""
        handed = isinstance(spacing.entry, NotTheHolder) and any(
            isinstance(item.what, Handover) for way in self.layouts.ways for item in way.path.items
        )
        exact = not handed and not self.group.answered(spacing.entry, spacing.targets)
        pairs = list(combinations(range(len(self.group.members)), 2))
        left = [pair for pair in pairs if self._clash(spacing, *pair)]
        tried = 0
        for region in self.layouts.regions(spacing.within, self.layouts.dated):
            if not left:
                break
            present = [pair for pair in left if set(pair) <= set(self.layouts.zones[region.where])]
            made = {
                n: self._made(self.group.members[n], region, spacing.within)
                for n in {n for pair in present for n in pair}
            }
            for one, other in present:
                for apart, concern, hit in _nearest_of(
                    chain(
                        _pairs(spacing, made[one], made[other], region),
                        _pairs(spacing, made[other], made[one], region),
                    ),
                    1 if exact else TRIES,
                ):
                    if exact or objects(self.group, spacing.entry, concern, hit):
                        yield spacing, concern, hit, apart
                        left.remove((one, other))
                        break
                    tried += 1
        if handed:  # whoever holds the contact then, it may be neither
            left += [pair for pair in pairs if not self._clash(spacing, *pair)]
        if (tried or handed) and left:
            names = [member.name for member in self.group.members]
            unproved = [f"{names[one]!r} and {names[other]!r}" for one, other in sorted(left)]
            said = (
                f"whether {spacing.entry.name} keeps {listed(unproved, 'or')} apart was not proved:"
                " a handoff or an answer may come between"
            )
            self.group.remarks[said] = None

    def _clash(self, spacing: Spacing, one: int, other: int) -> bool:
        """Whether any touches of two members are too near to each other if they are near."""
        mine, theirs = (
            {c for way in self.group.members[n].ways for c in way.concerns if c is not None}
            for n in (one, other)
        )
        return any(
            (a in spacing.targets and spacing.clashes(a, b))
            or (b in spacing.targets and spacing.clashes(b, a))
            for a, b in product(mine, theirs)
        )

    def _made(self, member: Member, region: Region, within: int) -> dict[Concern, list[Stretch]]:
        """When each touch of a member can be made, in a region and so long before it."""
        made: dict[Concern, list[Stretch]] = {}
        for way in member.ways:
            for _, base, cells, reach in self.layouts.placed(way, region, within):
                for cell in cells:
                    for n in cell.order:
                        concern = way.concerns[n] if n >= way.shared else None
                        low, high = base + cell.at[n], base + cell.at_last(n)
                        if concern and high > region.low - within and low < region.high:
                            sight = Sight(way, region.where, base, cell, n, reach, n)
                            made.setdefault(concern, []).append(Stretch(low, high, sight))
        for stretches in made.values():
            stretches.sort(key=lambda each: each.low)
        return made


def _pairs(
    spacing: Spacing,
    aims: Mapping[Concern, list[Stretch]],
    others: Mapping[Concern, list[Stretch]],
    region: Region,
) -> Iterator[tuple[int, Concern, Hit]]:
    """For each two touches that clash the nearest that one can come after the other, if that is
    too near: (how near, the later touch, how)."""
    for other, before in others.items():
        lows = [each.low for each in before]
        latest = list(accumulate(before, _later))
        for concern in spacing.targets:
            best: tuple[int, Concern, Hit] | None = None
            for aim in aims.get(concern, ()) if spacing.clashes(concern, other) else ():
                low, high = max(aim.low, region.low), min(aim.high, region.high - 1)
                place = bisect_right(lows, high) - 1
                if low > high or place < 0:
                    continue
                last = latest[place]
                apart = max(0, low - last.high)
                if apart < spacing.within and (best is None or apart < best[0]):
                    t = max(low, last.low)
                    sight = last.sight
                    best = apart, concern, Hit(t, aim.sight, [sight], min(t, last.high))
                    if not apart:
                        break
            if best is not None:
                yield best


def _nearest_of(
    pairs: Iterable[tuple[int, Concern, Hit]], number: int
) -> list[tuple[int, Concern, Hit]]:
    """So many of the nearest pairs; nothing is nearer than the same instant."""
    best: list[tuple[int, Concern, Hit]] = []
    for pair in pairs:
        best.append(pair)
        if number == 1 and not pair[0]:
            return [pair]
    return sorted(best, key=lambda pair: pair[0])[:number]


def _later(one: Stretch, other: Stretch) -> Stretch:
    """The one that ends later."""
    return other if other.high > one.high else one
