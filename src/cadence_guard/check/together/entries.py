"""Several entries into one cadence: can a touch of one be refused beside the others?

Asked twice. `Loose` knows only how long after its entry each touch lies at least and at most: what
it excludes is excluded whatever the clock does. `Pieces` looks at the pieces of the starts. There,
if a touch can be refused at all, it can at the latest instant for which the same touches of the
same pieces bring it about; so only those instants are tried at which a piece, a window or a period
ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, compress
from typing import Final, NamedTuple

from cadence_guard.cadence import BusinessDays, UntilDay
from cadence_guard.check.judging import Concern
from cadence_guard.check.layout import Leg, SinceStart, as_waits, least, most, settled
from cadence_guard.check.ranges import ranges_of
from cadence_guard.check.together.cells import Cell, Region, Way, round_in, wait_of
from cadence_guard.check.together.chain import Chain, Entry, chained
from cadence_guard.check.together.layouts import Layouts
from cadence_guard.check.together.questions import Question, back_of
from cadence_guard.check.together.sights import Sight
from cadence_guard.instants import DAY, PERIOD, Zone, local_period
from cadence_guard.rules._sets import Intervals, merged

UNBOUND: Final = 3 * PERIOD
"""As good as for ever: no two entries of a period lie so far apart."""


# -- bounds --------------------------------------------------------------------------------------


class Spread(NamedTuple):
    """How long after the entry each stop of a way lies at least and at most. `since`: those in line
    are apart as much as they differ there, at least; None if they are not in line."""

    way: Way
    low: list[int]
    high: list[int]
    since: list[int] | None

    @property
    def lasts(self) -> int:
        """How long after the entry the last touch can be made."""
        return max(
            (high for high, c in zip(self.high, self.way.concerns, strict=True) if c), default=0
        )


def spread(way: Way, shift: int) -> Spread:
    """The spread of a way. `shift` is how far clocks are put forward or back at most."""
    low: list[int] = []
    high: list[int] = []
    counted = any(isinstance(leg, SinceStart) for stop in way.stops for leg in stop.legs)
    if not counted:
        for after, legs in map(as_waits, way.stops):
            longest = [most(leg, shift) for leg in legs]
            since = (low[after], high[after]) if after >= 0 else (0, 0)
            low.append(since[0] + sum(least(leg, shift) for leg in legs))
            known = [each for each in longest if each is not None]
            late = since[1] + sum(known) if len(known) == len(legs) else UNBOUND
            high.append(min(late, UNBOUND))
    else:
        stops, own, _ = settled([as_waits(stop) for stop in way.stops])
        for (after, _), each in zip(stops, own, strict=True):
            since = (low[after], high[after]) if after >= 0 else (0, 0)
            low.append(since[0] + each.low)
            high.append(min(UNBOUND, since[1] + (UNBOUND if each.high is None else each.high)))
    return Spread(way, low, high, low if way.in_line and not counted else None)


class Loose:
    """The bound of one question."""

    def __init__(self, question: Question, spreads: Sequence[Spread], again: int) -> None:
        self.question = question
        self.spreads = spreads
        self.again = again
        self.within = back_of(question, question.within)
        self._times: dict[tuple[int, bool], Intervals] = {}

    def most(self) -> int:
        """How many touches all entries can have in the window, up to the limit."""
        limit = self.question.limit
        rooms = {0: 0}
        for count in range(limit):
            for many in range(1, limit - count + 1) if count in rooms else ():
                one = self._latest(rooms[count], many, False)
                if one is not None:
                    room = one.start - self.again
                    rooms[count + many] = max(room, rooms.get(count + many, room))
        return max(rooms)

    def twice(self) -> bool:
        """Whether two entries can have touches in the window."""
        one = self._latest(0, 1, False)
        return one is not None and self._latest(one.start - self.again, 1, False) is not None

    def may(self, target: Concern, *, beside: int = 0) -> bool:
        """Whether a touch may be refused beside other entries, and so many touches of others, for
        all that is known."""
        near = self.question.near is not None and not beside
        limit = self.question.limit - beside
        makes = self._makes(target)
        if beside and any(many >= limit for *_, many, _ in makes):
            return True

        def own(x: int) -> Iterator[Entry]:
            for low, high, many, soon in makes:
                if max(low, -x) <= high:
                    yield Entry(-max(low, -x), many, soon)

        return chained(limit, self.again, 0, self._latest, own, near=near) is not None

    def _latest(self, x: int, many: int, soon: bool) -> Entry | None:
        times = self._ago(many, soon)
        place = bisect_right(times, -x, key=_end)
        if place == len(times):
            return None
        return Entry(-max(-x, times[place][0]), many, soon)

    def _ago(self, many: int, soon: bool) -> Intervals:
        """How long ago an entry can have been that has so many touches in the window."""
        if (many, soon) not in self._times:
            found: Intervals = []
            for spread_ in self.spreads:
                counted = self._counted(spread_)
                full = _at_least(many, [(low, high + self.within) for low, high in counted])
                if soon and full:
                    near = self.question.near or 0
                    full = _both(full, merged((low, high + near) for low, high in counted))
                found += full
            self._times[many, soon] = merged(found)
        return self._times[many, soon]

    def _counted(self, spread_: Spread) -> list[tuple[int, int]]:
        return [
            (low, high)
            for low, high, c in zip(spread_.low, spread_.high, spread_.way.concerns, strict=True)
            if c is not None and low <= high and self.question.counts(c)
        ]

    def _makes(self, target: Concern) -> set[tuple[int, int, int, bool]]:
        """Each way to make a touch: how long after the entry at least and at most, with how many
        of its own before it, and whether one of them may be near."""
        found: set[tuple[int, int, int, bool]] = set()
        near = self.question.near or 0
        for way, low, high, since in self.spreads:
            counted = [c is not None and self.question.counts(c) for c in way.concerns]
            for n, concern in enumerate(way.concerns):
                if concern is target:
                    before = [
                        since[n] - since[j] if since is not None else max(0, low[n] - high[j])
                        for j in compress(range(len(counted)), counted)
                        if (j < n if since is not None else j != n and low[j] <= high[n])
                    ]
                    many = sum(apart < self.within for apart in before)
                    found.add((low[n], high[n], many, any(apart < near for apart in before)))
        return found


def _end(interval: tuple[int, int]) -> int:
    return interval[1]


def _at_least(many: int, spans: Sequence[tuple[int, int]]) -> Intervals:
    """Where so many of some intervals overlap."""
    if len(spans) < many:
        return []
    edges = sorted([(low, 1) for low, _ in spans] + [(high, -1) for _, high in spans])
    found: Intervals = []
    depths = accumulate(by for _, by in edges)
    begun = 0
    before = 0
    for (at, _), depth in zip(edges, depths, strict=True):
        if before < many <= depth:
            begun = at
        elif depth < many <= before:
            found.append((begun, at))
        before = depth
    return merged(found)


def _both(one: Intervals, other: Intervals) -> Intervals:
    """What lies in both."""
    return merged((max(a, c), min(b, d)) for a, b in one for c, d in other)


def _within(times: Sequence[int], low: int, high: int) -> Sequence[int]:
    """Those of some instants, in order, that lie from `low` to `high`."""
    return times[bisect_left(times, low) : bisect_right(times, high)]


# -- piece by piece ------------------------------------------------------------------------------


class Laid(NamedTuple):
    """All starts of a way in a zone, by pieces as large as can be. `begins` is when each of them
    does, `lasts` how long the way lasts at most."""

    way: Way
    cells: list[Cell]
    begins: list[int]
    lasts: int


class Pieces:
    """The pieces of all starts of some ways, laid out once for all questions."""

    def __init__(self, layouts: Layouts, again: int) -> None:
        self.layouts = layouts
        self.again = again
        self._laid: dict[Zone, list[Laid]] = {}

    def laid(self, where: Zone) -> list[Laid]:
        """The pieces of all ways in a zone."""
        if where not in self._laid:
            self._laid[where] = [self._all(way, where) for way in self.layouts.ways]
        return self._laid[where]

    def _all(self, way: Way, where: Zone) -> Laid:
        layouts = self.layouts
        cells: list[Cell] = []
        region = Region(where, layouts.start, layouts.end, False)
        for _, base, parts, _ in layouts.placed(way, region, 0):
            for part in parts:
                cell = part.moved(base)
                if cells and _goes_on(cells[-1], cell):
                    cell = cells.pop()._replace(last=cell.last)
                cells.append(cell)
        lasts = max((cell.at[n] - cell.start for cell in cells for n in cell.order), default=0)
        return Laid(way, cells, [cell.start for cell in cells], lasts)

    def hits(
        self, question: Question, targets: Collection[Concern], *, silent: bool
    ) -> Iterator[tuple[Concern, int, Chain]]:
        """Where a touch of the targets is refused beside other entries: (touch, when, how), until
        `targets` is empty. `silent`: on ways on which the contact says nothing that ends a streak.
        Raises TooMuchError if there is too much to look at."""
        back = question.within if question.unit is None else back_of(question, 0)
        if not self.layouts.dated:
            # an entry that has been in time has been so in one of the two weeks before it as well
            back = min(back, question.limit * (self.again + 15 * DAY))
        for region in self.layouts.regions(back, self.layouts.dated or question.unit == "month"):
            if not targets:
                return
            asked = _Asked(self, question, region.where, silent=silent)
            for laid in asked.laid:
                for n in range(laid.way.shared, len(laid.way.concerns)):
                    concern = laid.way.concerns[n]
                    if concern is not None and concern in targets:
                        yield from asked.refused(laid, n, concern, region, targets)


def measured(loose: Spread, ways: Sequence[Way], layouts: Layouts) -> Spread:
    """The spread of some ways that differ in how their ranges fall only, as it is for the starts
    there are: between their shortest and their longest, and with ranges as much besides as a wait
    can end earlier that begins later."""
    path = loose.way.path
    low, high = [UNBOUND] * len(loose.low), [0] * len(loose.high)
    for way in ways:
        for cell in layouts.unlike(way):
            for n in cell.order:
                first = cell.start if cell.moves[n] else cell.last
                low[n] = min(low[n], cell.at[n] - first)
                high[n] = max(high[n], cell.at[n] - cell.start)
    if ranges_of([item.stop for item in path.items]):
        slacks = accumulate(
            sum(_turns_back(wait_of(leg), layouts.shift) for leg in item.stop.legs)
            for item in path.items
        )
        for n, slack in enumerate(slacks):
            low[n], high[n] = low[n] - slack, high[n] + slack
    return loose._replace(low=[*map(max, loose.low, low)], high=[*map(min, loose.high, high)])


def _turns_back(wait: Leg, shift: int) -> int:
    """How much earlier a wait can end that begins later."""
    return shift + (DAY if isinstance(wait, (BusinessDays, UntilDay)) else 0)


def _goes_on(one: Cell, other: Cell) -> bool:
    """Whether a piece goes on in the next one."""
    by = other.start - one.start
    return (
        other.start == one.last + 1
        and one.moves == other.moves
        and one.order == other.order
        and all(other.at[n] - one.at[n] == (by if one.moves[n] else 0) for n in one.order)
    )


class _Asked:
    """One question, asked in one zone."""

    def __init__(self, pieces: Pieces, question: Question, where: Zone, *, silent: bool) -> None:
        self.pieces = pieces
        self.question = question
        self.where = where
        self.laid = [laid for laid in pieces.laid(where) if not (silent and laid.way.speaks)]
        self._counts: dict[Way, list[bool]] = {
            laid.way: [c is not None and question.counts(c) for c in laid.way.concerns]
            for laid in self.laid
        }
        self._counted: dict[int, list[int]] = {}

    def refused(
        self, laid: Laid, n: int, concern: Concern, region: Region, targets: Collection[Concern]
    ) -> Iterator[tuple[Concern, int, Chain]]:
        """Where one touch of a way is refused in a region, while it is among the targets."""
        place = max(0, bisect_right(laid.begins, region.low - laid.lasts) - 1)
        for cell in laid.cells[place:]:
            if cell.start >= region.high:
                return
            low, high = max(cell.at[n], region.low), min(cell.at_last(n), region.high - 1)
            for t in self._instants(cell, n, low, high) if low <= high else ():
                chain = self._chain(laid, cell, n, t)
                if chain is not None:
                    yield concern, t, chain
                if concern not in targets:
                    return

    # -- when ---------------------------------------------------------------------------------

    def _instants(self, cell: Cell, n: int, low: int, high: int) -> Iterator[int]:
        """The instants from `low` to `high` at which a touch has to be looked at: one that is easy
        to read first, then the last ones for which anything holds."""
        yield round_in(low, high)
        if low == high:
            return
        found = {high}
        if self.question.unit is not None:
            t = low
            while (t := local_period(t, self.question.unit, self.where)[1]) <= high:
                found.add(t - 1)
        offset = cell.at[n] - cell.start
        moving, standing = self._edges
        for entries in range(self.question.limit + 1):
            for edge in (offset, *moving):
                by = edge - entries * self.pieces.again
                found.update(t + by for t in _within(self._lasts, low - by, high - by))
        found.update(_within(standing, low, high))
        yield from sorted(found)

    @cached_property
    def _lasts(self) -> list[int]:
        """When pieces end."""
        return sorted({cell.last for laid in self.laid for cell in laid.cells})

    @cached_property
    def _edges(self) -> tuple[list[int], list[int]]:
        """How long after the end of a piece a touch of an entry can still be counted; and until
        when, of those that do not move with it."""
        question = self.question
        windows = [w for w in (question.within, question.near) if w is not None]
        if question.unit is not None:
            return [], []
        moving: set[int] = set()
        standing: set[int] = set()
        for laid in self.laid:
            for cell in laid.cells:
                for n in self._order(laid, cell):
                    for window in windows:
                        if cell.moves[n]:
                            moving.add(cell.at[n] - cell.start + window - 1)
                        else:
                            standing.add(cell.at[n] + window - 1)
        return sorted(moving), sorted(standing)

    # -- how ----------------------------------------------------------------------------------

    def _chain(self, laid: Laid, cell: Cell, n: int, t: int) -> Chain | None:
        """Entries for which a touch is refused at an instant."""
        question = self.question
        since = self._since(t)
        return chained(
            question.limit,
            self.pieces.again,
            t,
            lambda x, many, soon: self._latest(t, since, x, many, soon),
            lambda x: self._own(laid, cell, n, t, since, x),
            near=question.near is not None,
        )

    def _since(self, t: int) -> int:
        """Since when touches are counted at an instant."""
        unit = self.question.unit
        if unit is None:
            return t - self.question.within + 1
        now = local_period(t, unit, self.where)[0]
        since = t - back_of(self.question, 0)
        # the first instant of the period, also if clocks set back leave it once more
        while (period := local_period(since, unit, self.where))[0] != now:
            since = period[1]
        return since

    def _latest(self, t: int, since: int, x: int, many: int, soon: bool) -> Entry | None:
        """The latest entry up to `x` with so many touches from `since` to `t`."""
        best: Entry | None = None
        for laid in self.laid:
            floor = since - laid.lasts if best is None else best.start + 1
            place = bisect_right(laid.begins, x) - 1
            self.pieces.layouts.spend(1)
            while place >= 0 and laid.cells[place].last >= floor:
                cell = laid.cells[place]
                self.pieces.layouts.spend(1)
                found = self._latest_in(laid, cell, t, since, x, many, soon)
                if found is not None and found[0] >= floor:
                    start, stop = found
                    sight = Sight(laid.way, self.where, 0, cell.part(start, start), stop, None)
                    best = Entry(start, many, soon, sight)
                    break
                place -= 1
        return best

    def _latest_in(
        self, laid: Laid, cell: Cell, t: int, since: int, x: int, many: int, soon: bool
    ) -> tuple[int, int] | None:
        """The same in one piece: the start, and the last touch that counts."""
        order = self._order(laid, cell)
        near = self.question.near or 0
        best: tuple[int, int] | None = None
        for last in range(len(order) - 1, many - 2, -1):
            b, a = order[last], order[last - many + 1]
            low, high = cell.start, min(cell.last, x)
            if cell.moves[b]:
                high = min(high, low + t - cell.at[b])
                if soon:
                    low = max(low, cell.start + t - near + 1 - cell.at[b])
            elif cell.at[b] > t or (soon and cell.at[b] <= t - near):
                continue
            if cell.moves[a]:
                low = max(low, cell.start + since - cell.at[a])
            elif cell.at[a] < since:
                continue
            if low <= high and (best is None or high > best[0]):
                best = high, b
        return best

    def _own(self, laid: Laid, cell: Cell, n: int, t: int, since: int, x: int) -> Iterator[Entry]:
        """The latest entry up to `x` that makes the touch judged at `t`."""
        start = cell.start + t - cell.at[n] if cell.moves[n] else min(cell.last, x)
        if not cell.start <= start <= x:
            return
        here = cell.part(start, start)
        counts = self._counts[laid.way]
        near = self.question.near
        many, soon = 0, False
        for j in cell.order[: cell.order.index(n)]:
            if near is not None and j in laid.way.ends:
                many, soon = 0, False
            elif counts[j] and here.at[j] >= since:
                many += 1
                soon = near is not None and here.at[j] > t - near
        yield Entry(start, many, soon, Sight(laid.way, self.where, 0, here, n, None))

    def _order(self, laid: Laid, cell: Cell) -> list[int]:
        """The touches of a piece that are counted, in order."""
        order = self._counted.get(id(cell.order))
        if order is None:
            counts = self._counts[laid.way]
            order = self._counted[id(cell.order)] = [n for n in cell.order if counts[n]]
        return order
