"""The hours that several entries leave open, and how a file says them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from cadence_guard.cadence import UntilOpen
from cadence_guard.instants import DAY, DAYS, HOUR, MINUTE, WEEK, Hours
from cadence_guard.rules.outside_hours import OutsideHours

Window: TypeAlias = tuple[int, int, int]
"""(day, from, to) on the wall clock, in microseconds after midnight; none is over midnight."""


def in_common(entries: Sequence[OutsideHours]) -> list[Window]:
    """The hours of the week that are open to all entries, day by day."""
    weeks = [_week(entry) for entry in entries]
    edges = sorted({edge for week in weeks for piece in week for edge in piece})
    edges = sorted({*edges, *range(0, WEEK + 1, DAY)})
    found: list[Window] = []
    for low, high in pairwise(edges):
        if all(any(opens <= low < closes for opens, closes in week) for week in weeks):
            day, opens = divmod(low, DAY)
            closes = high - day * DAY
            if found and found[-1][0] == day and found[-1][2] == opens:
                found[-1] = (day, found[-1][1], closes)
            else:
                found.append((day, opens, closes))
    return found


def _week(entry: OutsideHours) -> list[tuple[int, int]]:
    """The windows of an entry as pieces of the week, in microseconds after Monday's midnight."""
    pieces: list[tuple[int, int]] = []
    for window in entry.params.windows:
        for name in window.days:
            opens = DAYS.index(name) * DAY + window.from_
            closes = opens + ((window.to - window.from_) % DAY or DAY)
            pieces.append((opens, min(closes, WEEK)))
            if closes > WEEK:
                pieces.append((0, closes - WEEK))
    return pieces


def until(windows: Sequence[Window]) -> tuple[UntilOpen, dict[str, Any]]:
    """The wait until one of some windows opens, and as a native file says it."""
    hours = Hours(([day], opens, closes) for day, opens, closes in windows)
    groups = _grouped(windows)
    texts = [" ".join((*days, f"{one['from']}-{one['to']}")) for days, one in groups]
    said = [{"days": days, **one} if days else one for days, one in groups]
    return UntilOpen(hours, ", ".join(texts)), {"until_open": said if said[1:] else said[0]}


def _grouped(windows: Sequence[Window]) -> list[tuple[list[str], dict[str, str]]]:
    """Windows of the same times together: (days, {from, to}). All days are no days."""
    groups: dict[tuple[str, str], list[str]] = {}
    for day, opens, closes in windows:
        groups.setdefault((_clock(opens), _clock(closes)), []).append(DAYS[day])
    return [
        ([] if len(days) == len(DAYS) else days, {"from": opens, "to": closes})
        for (opens, closes), days in groups.items()
    ]


def _clock(us: int) -> str:
    return f"{us // HOUR:02d}:{us % HOUR // MINUTE:02d}"
