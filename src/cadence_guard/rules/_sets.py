"""Sets of instants, as sorted lists of [start, end) that do not touch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from operator import itemgetter

from cadence_guard.instants import NEVER

_end = itemgetter(1)

Intervals = list[tuple[int, int]]


def merged(intervals: Iterable[tuple[int, int]]) -> Intervals:
    """The union of intervals; empty ones vanish."""
    union: Intervals = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return union


def open_in(free: Intervals, t: int) -> tuple[int, int]:
    """The first free stretch that ends after `t`, when exactly `free` is free."""
    for start, end in free:
        if end > t:
            return max(start, t), end
    return NEVER, NEVER


def closed_in(closed: Intervals, t: int) -> tuple[int, int]:
    """The first free stretch that ends after `t`, when exactly `closed` is not."""
    index = bisect_right(closed, t, key=_end)
    if index < len(closed) and closed[index][0] <= t:
        t = closed[index][1]
        index += 1
    return t, closed[index][0] if index < len(closed) else NEVER


def walk(piece: Callable[[int], tuple[int, int, int]], t: int) -> tuple[int, int]:
    """The first free stretch that ends after `t`, of a set known piece by piece.

    `piece(t)` gives (opens, closes, border): the first free stretch at or after `t` of the piece of
    time that begins at `t` and ends at `border`; (NEVER, NEVER, border) if it has none.
    """
    found = NEVER
    while True:
        opens, closes, border = piece(t)
        if found == NEVER:
            if opens < border:
                found = opens
        elif opens > t:
            return found, t
        if border == NEVER or (found < NEVER and closes < border):
            return found, closes
        t = border
