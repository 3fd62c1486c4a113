"""All starts of a group's ways, laid out: which instants have to be judged, and from which starts
the touches come that can matter to them.

Instants at which the clock has been alike for long enough are judged once, and days alike are laid
out once (`days`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain
from typing import Final

from cadence_guard.cadence import Cadence, UntilDate, UntilOpen
from cadence_guard.check import assumptions
from cadence_guard.check.days import SLACK, Calendar, Day
from cadence_guard.check.layout import lay, most
from cadence_guard.check.ranges import Reach
from cadence_guard.check.together.cells import Cell, Member, Region, Way, cells_of, wait_of
from cadence_guard.instants import DAY, NEVER, PERIOD, WEEK, Zone, canonical, local_period, zone
from cadence_guard.rules._sets import Intervals

LONGEST: Final = 8000 * DAY
"""How long after its start a way is followed: 21 years."""


WORK: Final = 3_000_000
"""How much is looked at for a group at most: stops laid out, and stretches of time. It is some
seconds."""


class TooMuchError(Exception):
    """There is more to look at than `WORK`."""


class LongerError(Exception):
    """A way lasts longer than it was thought to."""

    def __init__(self, lasts: int) -> None:
        self.lasts = lasts


class Layouts:
    """The ways of the members of a group, for all starts in [start, end) of each, where people can
    be in `least` of them or more."""

    def __init__(self, members: Sequence[Member], start: int, end: int, *, least: int = 2) -> None:
        self.start = start
        self.end = end
        self.calendar = Calendar(start)
        self.ways = [way for member in members for way in member.ways]
        waits = {wait_of(leg) for way in self.ways for stop in way.stops for leg in stop.legs}
        self.dated = any(isinstance(wait, UntilDate) for wait in waits)
        """Whether what happens hangs on the date."""
        self.clocks = [
            zone(name)
            for name in sorted(
                {w.zone for w in waits if isinstance(w, UntilOpen) and w.zone is not None}
            )
        ]
        """Zones of whose clocks a wait asks, whatever the contact's is."""
        zones = {
            canonical(where.name): where
            for member in members
            for one in member.cadences
            for where in assumptions.zones_for(one)
        }
        self.zones = {
            where: present
            for where in zones.values()
            if len(present := _present(members, where)) >= least
        }
        """Where people can be in so many members, and in which."""
        self.work = 0
        self.longer(0)

    def spend(self, work: int) -> None:
        """Counts what is looked at. Raises TooMuchError if that is too much."""
        self.work += work
        if self.work > WORK:
            raise TooMuchError

    def longer(self, window: int) -> None:
        """Begins again, with so long a time for every way, up to `LONGEST`."""
        self.window = min(window, LONGEST)
        self._cells: dict[Hashable, list[Cell]] = {}
        self._regions: dict[tuple[int, bool], list[Region]] = {}
        self._reaches: dict[Hashable, Reach] = {}
        self._told_apart: dict[Hashable, list[tuple[Day, Hashable]]] = {}

    def regions(self, back: int, dated: bool) -> list[Region]:
        """The instants that have to be judged by who looks so far back: of the days alike one, if
        there is one before which all can have started; those with no change of clocks first."""
        back = rounded(back + self.window)  # to look further back is right, and the same for many
        if (known := self._regions.get((back, dated))) is not None:
            return known
        start, end = self.start, self.end
        alike: dict[Hashable, list[Region]] = {}
        for where, present in self.zones.items():
            self.calendar.changes(where, end + self.window + WEEK)  # all at once
            t = start
            while t < end + self.window:
                border = _end_of_day(t, where)
                local, changes = self.calendar.alike(where, t - back, border, SLACK)
                others = tuple(
                    self.calendar.alike(clock, t - back, border, SLACK) for clock in self.clocks
                )
                key = (
                    present,
                    border - t,
                    (local, changes, others, (where, t) if dated else None),
                )
                whole = t - back >= start and border <= end
                day = Region(where, t, border, not changes)
                days = alike.setdefault(key, [])
                if not (days and self._whole(days[0], back)):
                    if whole:
                        days.clear()
                    days.append(day)
                t = border
        found: list[Region] = []
        for day in sorted(chain.from_iterable(alike.values()), key=lambda d: (d[0].name, d.low)):
            last = found[-1] if found else None
            if (
                last
                and last.where is day.where
                and (last.high, last.usual) == (day.low, day.usual)
                and day.high - last.low <= WEEK + DAY
            ):
                found[-1] = last._replace(high=day.high)
            else:
                found.append(day)
        # first where most can have started
        found.sort(key=lambda region: (not region.usual, abs(end - region.high)))
        self._regions[back, dated] = found
        return found

    @cached_property
    def shift(self) -> int:
        """By how much less than a whole number of days a wait of local days can take; a day if
        nobody knows how long the ways last."""
        last = 0
        for way in self.ways:
            longest = [most(wait_of(leg)) for stop in way.stops for leg in stop.legs]
            known = [wait for wait in longest if wait is not None]
            if len(known) < len(longest) or sum(known) > PERIOD:
                return DAY
            last = max(last, self.end + sum(known) + SLACK)
        shift = 0
        for where in self.zones:
            _, shifts = self.calendar.changes(where, last)
            offsets = [0, *accumulate(shifts)]
            shift = max(shift, max(offsets) - min(offsets))
        return shift

    def _whole(self, day: Region, back: int) -> bool:
        return day.low - back >= self.start and day.high <= self.end

    def _starts(self, way: Way, where: Zone, low: int, high: int) -> Intervals:
        """The instants of [low, high) at which a way can begin."""
        low, high = max(low, self.start), min(high, self.end)
        zones = declared(way.path.cadences[0])
        if low >= high or not (zones is None or canonical(where.name) in zones):
            return []
        hours = None if way.path.fresh else way.cadence.entry_hours
        if hours is None:
            return [(low, high)]
        found: Intervals = []
        while low < high:
            opens, closes = hours.next_open(low, (where,))
            if opens < high:
                found.append((opens, min(closes, high)))
            low = closes
        return found

    def placed(
        self, way: Way, region: Region, back: int
    ) -> Iterator[tuple[Hashable, int, list[Cell], Reach | None]]:
        """The cells of a way whose touches can matter to a region, in parts: (what is alike has an
        equal key, to be added to all instants, cells, how the instants are reached)."""
        where = region.where
        starts = self._starts(way, where, region.low - back - self.window, region.high)
        if not starts:
            return
        if way.origin is not None:
            rest = (way.path, way.origin, region, back)
            if rest not in self._reaches:
                stops = [item.stop for item in way.path.items[: way.origin + 1]]
                self._reaches[rest] = Reach(stops, starts, where)
            reach = self._reaches[rest]
            for low, high in reach.instants:
                low = max(low, region.low - back - self.window)
                rest_of_way = list(cells_of(way, where, low, min(high, region.high)))
                self.spend(len(rest_of_way) * len(way.stops))
                yield None, 0, rest_of_way, reach
            return
        for day, alike in self._days(where, starts):
            key = (way, alike)
            cells_ = self._of_day(key, way, day, where)
            self.spend(1 + len(cells_))
            yield key, day.start, cells_, None

    def unlike(self, way: Way) -> Iterator[Cell]:
        """All cells of a way that is none behind a range, those alike once, each so long after its
        day begins."""
        seen: set[Hashable] = set()
        for where in self.zones:
            for day, alike in self._days(where, self._starts(way, where, self.start, self.end)):
                if alike not in seen:
                    seen.add(alike)
                    yield from self._of_day((way, alike), way, day, where)

    def _of_day(self, key: Hashable, way: Way, day: Day, where: Zone) -> list[Cell]:
        """The cells of a day, and of those alike."""
        cells_ = self._cells.get(key)
        if cells_ is None:
            cells_ = [cell.moved(-day.start) for cell in cells_of(way, where, day.start, day.end)]
            lasts = max((cell.at_last(n) for cell in cells_ for n in cell.order), default=0)
            if self.window < min(lasts + SLACK, LONGEST):
                raise LongerError(lasts)
            self.spend(len(cells_) * len(way.stops))
            self._cells[key] = cells_
        return cells_

    def _days(self, where: Zone, starts: Intervals) -> list[tuple[Day, Hashable]]:
        """The days of some starts, and what those alike have in common."""
        known = (where, tuple(starts))
        if known not in self._told_apart:
            self._told_apart[known] = [
                (
                    day,
                    (
                        day.alike,
                        tuple(
                            self.calendar.alike(clock, day.start, day.end, self.window)
                            for clock in self.clocks
                        ),
                        (where, day.start) if self.dated else None,
                    ),
                )
                for day in self.calendar.days([(where, starts)], self.window)
            ]
        return self._told_apart[known]

    def guess(self) -> int:
        """How long the longest way lasts: as long as it does in one week, and a little more."""
        where = next(iter(self.zones))
        lasts = 0
        for way in self.ways:
            if way.origin is None:
                for day in range(7):
                    start = self.start + day * DAY
                    laid = lay(way.stops, start, where, far=way.far).at
                    lasts = max(lasts, *(at - start for at in laid if at < NEVER), 0)
        return rounded(lasts + DAY + SLACK)


def _present(members: Sequence[Member], where: Zone) -> tuple[int, ...]:
    """The members that people of a zone can be in."""
    return tuple(
        n
        for n, member in enumerate(members)
        if any(
            (zones := declared(one)) is None or canonical(where.name) in zones
            for one in member.cadences
        )
    )


def declared(cadence: Cadence) -> frozenset[str] | None:
    """The zones an audience lives in, by their canonical names; None for anywhere."""
    if not cadence.audience.zones and not cadence.audience.countries:
        return None
    return frozenset(canonical(where.name) for where in assumptions.zones_for(cadence))


def _end_of_day(t: int, where: Zone) -> int:
    """When a local day ends; periods are also cut where the year ends in Greenwich."""
    number, border = local_period(t, "day", where)
    following, end = local_period(border, "day", where)
    return end if following == number else border


def rounded(lasts: int) -> int:
    """A window that holds so long a time, so that near ones are the same."""
    return -(-lasts // (8 * DAY)) * 8 * DAY
