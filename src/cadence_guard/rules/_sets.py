"""Sets of instants, as sorted lists of [start, end) that do not touch."""

from __future__ import annotations

from collections.abc import Iterable

from cadence_guard.instants import NEVER

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
    for start, end in closed:
        if start > t:
            return t, start
        t = max(t, end)
    return t, NEVER
