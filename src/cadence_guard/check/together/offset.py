"""How far the second start may be from the first for a touch to be refused all the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter

from cadence_guard.check.paths import Made
from cadence_guard.check.together.cells import Cell, Region, by_borders, ranged
from cadence_guard.check.together.counts import Counts
from cadence_guard.check.together.questions import Question, back_of
from cadence_guard.check.together.timeline import Shown
from cadence_guard.instants import NEVER, PERIOD, SECOND, Zone, local_period


def offset_of(
    counts: Counts, question: Question, shown: Shown, place: int
) -> tuple[float, float] | None:
    """The least and greatest distance of two starts, around the one found, for which a touch is
    refused likewise, the first one being where it is; None for more than two cadences, behind
    ranges, where answers join them, and for what looks back 400 days."""
    line = shown.line
    t, _, number = line.events[place]
    if len(line.taken) != 2 or not counts.exact(question) or question.within >= PERIOD:
        return None
    aim, other = line.taken[number], line.taken[1 - number]
    if ranged(aim.way) or ranged(other.way):
        return None
    counted = [n for n, c in enumerate(other.way.concerns) if c is not None and question.counts(c)]
    mine = [
        at
        for at, what, whose in line.events[:place]
        if whose == number and isinstance(what, Made)
        if (c := counts.group.judge.concern(what)) is not None and question.counts(c)
    ]
    where = line.where
    region = Region(where, t, t + 1, False)
    placed = counts.layouts.placed(other.way, region, back_of(question, question.within))
    cells = [(base + cell.start, base, cell) for _, base, cells, _ in placed for cell in cells]
    here = bisect_right(cells, other.start, key=itemgetter(0)) - 1

    def parts(place: int) -> list[tuple[int, int, bool]]:
        _, base, cell = cells[place]
        return list(_parts(question, cell.moved(base), counted, mine, t, where))

    first, last, refused = next(part for part in parts(here) if part[1] >= other.start)
    if not refused:
        return None  # it is another of the entry's questions that holds here
    before = (part for n in range(here, -1, -1) for part in reversed(parts(n)) if part[1] < first)
    for low, high, refused in before:
        if not refused or high != first - 1:
            break
        first = low
    after = (part for n in range(here, len(cells)) for part in parts(n) if part[0] > last)
    for low, high, refused in after:
        if not refused or low != last + 1:
            break
        last = high
    if aim.start <= other.start:
        return (first - aim.start) / SECOND, (last - aim.start) / SECOND
    return (aim.start - last) / SECOND, (aim.start - first) / SECOND


def _parts(
    question: Question,
    cell: Cell,
    counted: Sequence[int],
    mine: Sequence[int],
    t: int,
    where: Zone,
) -> Iterator[tuple[int, int, bool]]:
    """The starts of a cell by parts, and whether a touch at `t` is refused there: with some touches
    before it, and those that are counted of this cell's way."""
    unit = question.unit
    moving = [n for n in counted if cell.moves[n] and cell.at[n] < NEVER]
    cuts = {cell.start}
    for n in moving:
        cuts.add(cell.start + t + 1 - cell.at[n])
        if unit is None:
            cuts.add(cell.start + t + 1 - question.within - cell.at[n])
    if unit is not None:
        cuts.update(part.start for part in by_borders(cell, moving, unit, where))
    now = 0 if unit is None else local_period(t, unit, where)[0]
    inside = sorted(cut for cut in cuts if cell.start <= cut <= cell.last)
    for low, following in pairwise((*inside, cell.last + 1)):
        at = cell.part(low, following - 1).at
        times = [*mine, *(at[n] for n in counted)]
        if unit is None:
            count = sum(t - question.within < at <= t for at in times)
        else:
            count = sum(at <= t and local_period(at, unit, where)[0] == now for at in times)
        yield low, following - 1, count >= question.limit
