"""How far the second start may be from the first for a touch to be refused all the same."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from cadence_guard.check.paths import Made
from cadence_guard.check.together.cells import Cell, Region, by_borders, ranged
from cadence_guard.check.together.counts import Counts
from cadence_guard.check.together.layouts import TooMuchError
from cadence_guard.check.together.questions import Question, back_of
from cadence_guard.check.together.timeline import Shown
from cadence_guard.instants import NEVER, PERIOD, SECOND, Zone, local_period


def offset_of(
    counts: Counts, question: Question, shown: Shown, place: int
) -> tuple[float, float] | None:
    """The least and greatest distance of two starts, around the one found, for which a touch is
    refused likewise, the first one being where it is; None for more than two cadences, behind
    ranges, where answers join them, for what looks back 400 days, and if all of them are too much
    to look at."""
    line = shown.line
    t, _, number = line.events[place]
    if len(line.taken) != 2 or not counts.exact(question) or question.within >= PERIOD:
        return None
    aim, other = line.taken[number], line.taken[1 - number]
    if ranged(aim.way) or ranged(other.way):
        return None
    marks = counts.marks(question, other.way)
    counted = [] if marks is None else [n for n, counts_ in enumerate(marks[0]) if counts_]
    mine = [
        at
        for at, what, whose in line.events[:place]
        if whose == number and isinstance(what, Made)
        if (c := counts.group.judge.concern(what)) is not None and question.counts(c)
    ]
    where = line.where
    region = Region(where, t, t + 1, False)
    placed = counts.layouts.placed(other.way, region, back_of(question, question.within))
    try:
        cells = [(base + cell.start, base, cell) for _, base, cells, _ in placed for cell in cells]
    except TooMuchError:
        return None
    here = bisect_right(cells, other.start, key=itemgetter(0)) - 1

    near = [at for at in mine if at > t - question.within]
    known: dict[int, _Made] = {}

    def parts(place: int) -> list[tuple[int, int, bool]]:
        _, base, cell = cells[place]
        if question.unit is not None:
            moved = cell.moved(base)
            return list(_by_period(question, question.unit, moved, counted, mine, t, where))
        if id(cell) not in known:  # that of a day alike
            known[id(cell)] = _made(cell, counted)
        found = _by_window(question, cell, known[id(cell)], near, t - base)
        return [(low + base, high + base, refused) for low, high, refused in found]

    refused = _refused_around(other.start, parts, here, len(cells))
    if refused is None:
        return None  # it is another of the entry's questions that holds here, or its own touches
    first, last = refused
    if aim.start <= other.start:
        return (first - aim.start) / SECOND, (last - aim.start) / SECOND
    return (aim.start - last) / SECOND, (aim.start - first) / SECOND


def _refused_around(
    start: int, parts: Callable[[int], list[tuple[int, int, bool]]], here: int, number: int
) -> tuple[int, int] | None:
    """The first and the last start of those around `start` of which all are refused; None if it is
    not refused itself. `parts` are those of each of so many cells; it lies in the one `here`."""
    found = next((part for part in parts(here) if part[1] >= start), None)
    if found is None or not found[2]:
        return None
    first, last, _ = found
    before = (part for n in range(here, -1, -1) for part in reversed(parts(n)) if part[1] < first)
    for low, high, refused in before:
        if not refused or high != first - 1:
            break
        first = low
    after = (part for n in range(here, number) for part in parts(n) if part[0] > last)
    for low, high, refused in after:
        if not refused or low != last + 1:
            break
        last = high
    return first, last


def _by_period(
    question: Question,
    unit: str,
    cell: Cell,
    counted: Sequence[int],
    mine: Sequence[int],
    t: int,
    where: Zone,
) -> Iterator[tuple[int, int, bool]]:
    """The starts of a cell by parts, and whether a touch at `t` is refused there by a cap of a
    calendar unit: with some touches before it, and those that are counted of this cell's way."""
    moving = [n for n in counted if cell.moves[n] and cell.at[n] < NEVER]
    cuts = {cell.start}
    for n in moving:
        cuts.add(cell.start + t + 1 - cell.at[n])
    cuts.update(part.start for part in by_borders(cell, moving, unit, where))
    now = local_period(t, unit, where)[0]
    for low, high in _between(cuts, cell):
        at = cell.part(low, high).at
        times = [*mine, *(at[n] for n in counted)]
        count = sum(at <= t and local_period(at, unit, where)[0] == now for at in times)
        yield low, high, count >= question.limit


class _Made(NamedTuple):
    """When the touches of a cell are made that are counted: those that move, at its first start,
    and those that stand; each in order."""

    moving: list[int]
    standing: list[int]


def _made(cell: Cell, counted: Sequence[int]) -> _Made:
    made = [n for n in counted if cell.at[n] < NEVER]
    return _Made(
        sorted(cell.at[n] for n in made if cell.moves[n]),
        sorted(cell.at[n] for n in made if not cell.moves[n]),
    )


def _by_window(
    question: Question, cell: Cell, made: _Made, mine: Sequence[int], t: int
) -> Iterator[tuple[int, int, bool]]:
    """The same by what counts in a window that ends at `t`; what is `mine` lies in it."""
    since = t - question.within + 1
    moving, standing = made
    known = len(mine) + bisect_right(standing, t) - bisect_left(standing, since)
    cuts = {cell.start}
    reach = cell.last - cell.start
    for edge in (t + 1, since):
        near = moving[bisect_left(moving, edge - reach) : bisect_right(moving, edge)]
        cuts.update(cell.start + edge - at for at in near)
    for low, high in _between(cuts, cell):
        by = low - cell.start
        count = bisect_right(moving, t - by) - bisect_left(moving, since - by)
        yield low, high, known + count >= question.limit


def _between(cuts: Collection[int], cell: Cell) -> Iterator[tuple[int, int]]:
    """The starts of a cell by parts that begin at the cuts within it."""
    inside = sorted(cut for cut in cuts if cell.start <= cut <= cell.last)
    return ((low, following - 1) for low, following in pairwise((*inside, cell.last + 1)))
