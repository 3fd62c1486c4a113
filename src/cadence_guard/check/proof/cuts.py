"""The starts of a cell at which a touch can come to be judged otherwise.

Within a cell every stop moves along with the start, or stands. So an answer changes only where a
touch crosses a wall-clock edge, a border of the calendar or a date, and where the distance of
something that moves and something that stands crosses a span.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain

from cadence_guard.check.judging import Concern
from cadence_guard.check.paths import Heard
from cadence_guard.check.proof.runs import Cell, Run, Spot
from cadence_guard.instants import DAY, NEVER, Zone


def samples(cell: Cell, cuts: Iterable[int]) -> Iterator[int]:
    """The starts at which a cell with these cuts is judged: at each of them, and right behind."""
    inside = sorted({cell.start, *(cut for cut in cuts if cell.start < cut < cell.end)})
    for cut, following in zip(inside, (*inside[1:], cell.end), strict=True):
        yield cut
        if cut + 1 < following:
            yield cut + 1


def edges_of(concern: Concern, now: int, cell: Cell) -> list[int]:
    """The starts of a cell at which hours open or close for a touch that moves and is at `now` for
    the first of them, or a day begins or it is too late."""
    t, end = cell.start, cell.end
    found = {t + edge - now for edge in edges(now, now + end - t, concern.edges, cell.zone)}
    found.update(t + instant + 1 - now for instant in concern.instants)
    return sorted({t, *(start for start in found if t < start < end)})


def changes_of(run: Run, spot: Spot, cell: Cell, within: int | None) -> Iterable[int]:
    """The starts of a cell at which a touch is judged against what was before it; `within` is how
    old what the contact said may be for a touch to be an answer, if there are any."""
    moves = cell.laid.moves
    if run.in_line and run.plain(spot) and not run.signals:
        first = moves[0]
        if all(each is first for each in moves[1 : run.index(spot) + 1]):
            return (cell.start,)  # no distance changes
    return samples(cell, cuts_of(run, spot, cell, within))


def cuts_of(run: Run, spot: Spot, cell: Cell, within: int | None) -> Iterator[int]:
    """The starts of a cell at which what was before a touch can come to mean something else."""
    concern, t, index = spot.concern, cell.start, run.index(spot)
    at, moves = cell.laid.at, cell.laid.moves
    last = index + 1 if run.in_line else len(at)
    if moves[index] and (concern.clock or concern.dated or concern.own):
        yield from edges_of(concern, at[index], cell)
        yield from (t + instant - at[index] for instant in concern.instants)
    if concern.units:
        yield from chain.from_iterable(_midnights(run, cell)[:last])
    if not cell.together:
        yield from _crossings(run, spot, cell, last, within)
    if run.heard and concern.months:
        yield from _month_ends(run, spot, cell)


def _midnights(run: Run, cell: Cell) -> Sequence[Sequence[int]]:
    """For each stop the starts at which it comes to lie at midnight; the same for each touch."""
    if run.midnights[0] is not cell:
        t, moves = cell.start, cell.laid.moves
        found = [
            [t + edge - now for edge in edges(now, now + cell.end - t, (0,), cell.zone)]
            if moves[place]
            else ()
            for place, now in enumerate(cell.laid.at)
        ]
        run.midnights = cell, found
    return run.midnights[1]


def _crossings(run: Run, spot: Spot, cell: Cell, last: int, within: int | None) -> Iterable[int]:
    """The starts at which the distance of something that moves and something that stands is one
    that matters."""
    concern = spot.concern
    spans = (0, *concern.elapsed)
    if concern.own or not run.in_line or run.heard:
        if within is not None:
            spans = (*spans, within)
        key = (cell.start, cell.end, cell.laid, last, spans)
        if run.crossed[0] != key:  # the same for each touch
            run.crossed = key, list(_between(run, cell, last, None, spans))
        return run.crossed[1]
    return _between(run, cell, last, run.index(spot), spans)


def _between(
    run: Run, cell: Cell, last: int, index: int | None, spans: tuple[int, ...]
) -> Iterator[int]:
    """The starts at which one of so many stops, or the one of that `index`, comes to be as far as a
    span from another one."""
    t, length = cell.start, cell.end - cell.start
    at, moves = cell.laid.at, cell.laid.moves
    moving = {at[n] for n in range(last) if moves[n] and at[n] < NEVER} | {
        t - ago for ago, _ in run.signals
    }
    standing = {at[n] for n in range(last) if not moves[n] and at[n] < NEVER}
    if index is not None:
        moving, standing = ({at[index]}, standing) if moves[index] else (moving, {at[index]})
    ahead = _both_ways(spans)
    for one in moving:
        for other in standing:
            # it comes to be a span before one that stands, or behind it
            far = other - one
            for place in range(bisect_right(ahead, far - length), bisect_left(ahead, far)):
                yield t + far - ahead[place]


@lru_cache(maxsize=256)
def _both_ways(spans: tuple[int, ...]) -> list[int]:
    return sorted({*spans, *(-span for span in spans)})


def _month_ends(run: Run, spot: Spot, cell: Cell) -> Iterator[int]:
    """The starts at which a touch comes to be so many months after a signal, or that is another
    number of days."""
    at, moves, index = cell.laid.at, cell.laid.moves, run.index(spot)
    said = [cell.start - ago for ago, _ in run.signals]
    for n, place in enumerate(run.places):
        if isinstance(run.path.items[place].what, Heard) and moves[n] and at[n] < NEVER:
            said.append(at[n])
    for first in said:
        last = first + cell.end - cell.start
        for since in (first, *edges(first, last, (0,), cell.zone)):
            start = cell.start + since - first
            yield start
            for months in spot.concern.months:
                for latest in (False, True):
                    end = cell.zone.add_months(since, months, latest=latest)
                    _, border, offset = cell.zone.at(end)
                    shift = cell.zone.at(border).offset - offset
                    yield start + border - end
                    if not moves[index]:
                        yield start + at[index] - end
                        yield start + at[index] - end + shift


def edges(start: int, end: int, edges: Sequence[int], where: Zone) -> Iterator[int]:
    """The instants of [start, end) at which the wall shows one of the times of day, or the clocks
    are changed."""
    while edges and start < end:
        _, border, offset = where.at(start)
        border = min(border, end)
        midnight = (start + offset) // DAY * DAY - offset
        while midnight < border:
            for edge in edges:
                if start <= midnight + edge < border:
                    yield midnight + edge
            midnight += DAY
        start = border
        yield start
