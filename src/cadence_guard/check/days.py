"""Days alike: of all the starts of a period in all zones, those that have to be judged.

What happens to who starts on a local day depends on its weekday and length, and on the clock
changes from shortly before it to the end of the last wait. Nothing else of the zone matters, so
zones share their days.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from cadence_guard.instants import DAY, WEEK, Zone, local_period
from cadence_guard.rules._sets import Intervals

SLACK: Final = 2 * DAY
"""How much further than where it ends a wait may look for a clock change."""
_KEPT: Final = 16
"""How many periods are kept by days: the cadences of a run share them."""
_MONDAY: Final = 3 * DAY  # 1970-01-01 was a Thursday


class Day(NamedTuple):
    """Starts in [start, end) of one local day. Days that are `alike` need judging once, but for
    what depends on the date."""

    start: int
    end: int
    zone: Zone
    alike: Hashable


class Calendar:
    """The clock changes of zones, from shortly before `start` on."""

    def __init__(self, start: int) -> None:
        self._start = start - 2 * SLACK
        self._known: dict[str, tuple[int, list[int], list[int]]] = {}
        self._whole: dict[Hashable, tuple[list[Day], list[Day]]] = {}

    def whole(
        self, zones: tuple[Zone, ...], start: int, end: int, window: int
    ) -> tuple[list[Day], list[Day]]:
        """All of [start, end) by local days, and of the days alike the first; both are kept."""
        key = (zones, start, end, window)
        known = self._whole.get(key)
        if known is None:
            days = self.days([(where, [(start, end)]) for where in zones], window)
            if len(self._whole) >= _KEPT:
                self._whole.clear()
            known = self._whole[key] = days, first_of_each((day.alike, day) for day in days)
        return known

    def changes(self, where: Zone, until: int) -> tuple[list[int], list[int]]:
        """When a zone's clocks are changed, at least up to `until`, and by how much."""
        known = self._known.get(where.name)
        if known is None or known[0] < until:
            _, t, offset = where.at(self._start)
            at: list[int] = []
            shifts: list[int] = []
            while t < until:
                _, following, other = where.at(t)
                if other != offset:
                    at.append(t)
                    shifts.append(other - offset)
                t, offset = following, other
            known = self._known[where.name] = (until, at, shifts)
        return known[1], known[2]

    def days(self, starts: Sequence[tuple[Zone, Intervals]], window: int) -> list[Day]:
        """All starts by local days, in the order of time. `window` is how far the last wait may
        reach."""
        unlike: dict[Hashable, tuple[Zone, Intervals]] = {}
        for where, intervals in starts:
            if intervals:
                first, last = intervals[0][0], intervals[-1][1] + window
                at, shifts = self.changes(where, last)
                until = bisect_left(at, last)
                offset = where.at(self._start).offset
                key = (offset, tuple(at[:until]), tuple(shifts[:until]), first, last)
                unlike.setdefault(key, (where, intervals))
        found = [day for each in unlike.values() for day in self._days_of(*each, window)]
        found.sort(key=lambda day: day.start)
        return found

    def _days_of(self, where: Zone, starts: Intervals, window: int) -> Iterator[Day]:
        for t, end in starts:
            while t < end:
                border = min(local_period(t, "day", where)[1], end)
                yield Day(t, border, where, (border - t, *self.alike(where, t, border, window)))
                t = border

    def alike(self, where: Zone, start: int, end: int, window: int) -> tuple[Hashable, ...]:
        """What the clocks of a zone show for who starts in [start, end), and how they change from
        then on."""
        at, shifts = self.changes(where, end + window)
        low, high = bisect_left(at, start - SLACK), bisect_left(at, end + window)
        local = (start + where.at(start).offset + _MONDAY) % WEEK
        return local, tuple((at[n] - start, shifts[n]) for n in range(low, high))


def first_of_each(days: Iterable[tuple[Hashable, Day]]) -> list[Day]:
    """Of the days with the same key, the first."""
    first: dict[Hashable, Day] = {}
    for key, day in days:
        first.setdefault(key, day)
    return list(first.values())


@lru_cache(maxsize=4)
def calendar_from(start: int) -> Calendar:
    """The calendar for periods that begin at an instant."""
    return Calendar(start)
