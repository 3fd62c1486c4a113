"""All the starts of a period in all zones, cut into the cells that have to be judged."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final, NamedTuple

from cadence_guard.cadence import Cadence, UntilDate, UntilOpen
from cadence_guard.check.days import SLACK, Calendar, Day, calendar_from, first_of_each
from cadence_guard.check.judging import months_passed
from cadence_guard.check.layout import Laid, apply, lay
from cadence_guard.check.proof.cuts import edges
from cadence_guard.check.proof.runs import Cell, Run
from cadence_guard.check.proof.work import A_PIECE, Work
from cadence_guard.check.ranges import wait_of
from cadence_guard.instants import DAY, NEVER, PERIOD, Hours, Zone, local_period, zone
from cadence_guard.rules._sets import Intervals

_STEP: Final = 8 * DAY


class Starts:
    """The instants of [start, end) at which somebody can enter a cadence, in each of some zones."""

    def __init__(
        self, cadence: Cadence, start: int, end: int, zones: Sequence[Zone], work: Work
    ) -> None:
        self.start = start
        self.end = end
        self.zones = tuple(dict.fromkeys(zones))
        self._work = work
        self._hours = cadence.entry_hours
        self._calendar = calendar_from(start)
        self._entries: dict[bool, list[tuple[Zone, Intervals]]] = {}
        self._last: tuple[object, int, list[Day], list[Day]] = ((), 0, [], [])
        """The days made last, and the first of those alike: of what starts, and how far they reach.
        The next run often begins at the same."""
        self._reached: tuple[Hashable, int] = (None, 0)
        """How far the last run reached, and what another one has to share to reach about as far."""

    def of(self, fresh: bool) -> list[tuple[Zone, Intervals]]:
        """The instants at which a way can begin, by zone: any, if it is `fresh`."""
        starts = self._entries.get(fresh)
        if starts is None:
            hours = None if fresh else self._hours
            starts = self._entries[fresh] = [
                (where, [(self.start, self.end)] if hours is None else self._open(hours, where))
                for where in self.zones
            ]
        return starts

    def _open(self, hours: Hours, where: Zone) -> Intervals:
        found: Intervals = []
        t = self.start
        while t < self.end:
            opens, closes = hours.next_open(t, (where,))
            if opens < self.end:
                found.append((opens, min(closes, self.end)))
            t = closes
        return found

    @cached_property
    def shift(self) -> int:
        """How far clocks are put forward or back at most, in all that is looked at."""
        found = 0
        for where in self.zones:
            _, shifts = self._calendar.changes(where, self.end + 2 * PERIOD)
            offsets = [0, *accumulate(shifts)]
            found = max(found, max(offsets) - min(offsets) + max(map(abs, shifts), default=0))
        return found

    # -- of one run -----------------------------------------------------------------------------

    def windows(self, run: Run) -> Iterator[None]:
        """Comes back, with a longer reach, until a run reached no farther than was thought."""
        key = run.path, run.origin, run.far
        known, window = self._reached
        run.window = window if known == key else self._guess(run)
        while True:
            run.reach = 0
            yield
            if run.reach + SLACK <= run.window:
                self._reached = key, run.window
                return
            run.window = -(-(run.reach + SLACK) // _STEP) * _STEP

    def _guess(self, run: Run) -> int:
        """How far the last stop may lie from its start: as far as it does in one week."""
        reach = 0
        for where, starts in run.starts[:1]:
            for first, _ in starts[:1]:
                for day in range(7):
                    start = first + day * DAY
                    laid = lay(run.way, start, where, far=run.far, order=run.order)
                    reach = max(reach, _last(laid) - start)
        return -(-(reach + DAY + SLACK) // _STEP) * _STEP

    def cells(self, run: Run) -> Iterator[Cell]:
        """The starts that have to be judged, in pieces. Raises TooMuchError."""
        more = len(run.way) - len(run.spots)
        for day in self._unlike_days(run):
            t = day.start
            while t < day.end:
                self._work.spend(more)  # a touch that is laid out is judged, and counted then
                laid = lay(run.way, t, day.zone, far=run.far, order=run.order)
                border = min(laid.border, day.end)
                run.reach = max(run.reach, _last(laid) + border - t - day.start)
                yield Cell(day.zone, t, border, laid, all(laid.moves))
                t = border

    def _unlike_days(self, run: Run) -> list[Day]:
        """The days that have to be judged: of those alike, the first."""
        dates, window = _dates(run), run.window
        if run.origin is None and (run.path.fresh or self._hours is None):
            days, alike = self._calendar.whole(self.zones, self.start, self.end, window)
        else:
            if self._last[0] is not run.starts or self._last[1] != window:
                found = self._calendar.days(run.starts, window)
                self._work.spend(A_PIECE * len(found))
                unlike = first_of_each((day.alike, day) for day in found)
                self._last = run.starts, window, found, unlike
            _, _, days, alike = self._last
        if dates.none:
            return alike
        return first_of_each(
            ((day.alike, dates.near(day, window, self._calendar)), day) for day in days
        )


def _last(laid: Laid) -> int:
    """The last instant of a layout."""
    return max(at for at in laid.at if at < NEVER) if min(laid.at) < NEVER else 0


class _Dates(NamedTuple):
    """What of the calendar matters to a run, so that days of the same weekday are not alike."""

    every: bool
    """Whether any day may be another."""
    days: tuple[tuple[int, int], ...]
    instants: tuple[int, ...]
    until: tuple[UntilDate, ...]
    clocks: tuple[str, ...]
    """Zones of whose clocks a wait asks, whatever the contact's is."""
    grounds: tuple[tuple[int, int], ...]
    """Months that are counted from a signal before the entry: (how long before, how many)."""
    months: bool
    """Whether something counts months from a signal that comes later."""

    @property
    def none(self) -> bool:
        """Whether nothing does."""
        return not any(self)

    def near(self, day: Day, window: int, calendar: Calendar) -> Hashable:
        """As much of the date as matters to who starts on a day."""
        local, _ = local_period(day.start, "day", day.zone)
        last = local + (day.end - day.start + window) // DAY + 1
        dated = self.every or any(a <= last and local - 1 <= b for a, b in self.days)
        instants = (
            instant - day.start if day.start <= instant <= day.end + window else instant > day.start
            for instant in self.instants
        )
        until = (max(apply(wait, day.start, day.zone) - day.start, 0) for wait in self.until)
        return (
            local if dated else None,
            tuple(instants),
            tuple(until),
            tuple(calendar.alike(zone(name), day.start, day.end, window) for name in self.clocks),
            tuple(_months_end(day, window, *ground) for ground in self.grounds),
            (day.zone.name, day.start) if self.months else None,
        )


def _months_end(day: Day, window: int, ago: int, months: int) -> Hashable:
    """How long after the entry it is so many months after a signal so long before it, for all who
    enter on a day; as far as they may see it, and nothing but the day itself if clocks are changed
    then."""
    found: list[tuple[int, int]] = []
    since, until = day.start - ago, day.end - ago
    for said in (since, *edges(since, until, (0,), day.zone)):
        end = day.zone.add_months(said, months, latest=False)
        first, last = end - SLACK, end + DAY + SLACK
        if last < day.start:
            end = day.start - SLACK  # over for all
        elif first > day.end + window:
            end = day.end + window + SLACK  # and not for any
        elif day.zone.at(first).offset != day.zone.at(last).offset:
            return day.zone.name, day.start
        found.append((said - since, end - day.start))
    return tuple(found)


def _dates(run: Run) -> _Dates:
    """What of the calendar matters to a run."""
    concerns = {spot.concern for spot in run.spots}
    waits = [wait_of(leg) for stop in run.way for leg in stop.legs]
    named = {wait.zone for wait in waits if isinstance(wait, UntilOpen) and wait.zone is not None}
    return _Dates(
        every=any(c.dated or "month" in c.units for c in concerns),
        days=tuple({span for c in concerns for span in c.dates}),
        instants=tuple({instant for c in concerns for instant in c.instants}),
        until=tuple({wait for wait in waits if isinstance(wait, UntilDate)}),
        clocks=tuple(named),
        grounds=tuple({(ago, n) for c in concerns for n in c.months for ago, _ in run.signals}),
        months=run.hears and any(months_passed(c, run.window) for c in concerns),
    )
