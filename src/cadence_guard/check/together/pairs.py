"""A touch of one entry beside one other entry, exactly: also behind ranges, and beside handoffs and
what the contact said.

Both starts, and where each range ends, are instants that are not known, and what is asked of them
is how much later one comes than another at most (`differences`). So nothing is sampled, as long as
every wait behind a range is elapsed time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple, TypeAlias

from cadence_guard.cadence import Elapsed, Handover
from cadence_guard.check.judging import Concern
from cadence_guard.check.layout import as_waits, is_range
from cadence_guard.check.paths import Heard, What
from cadence_guard.check.together.cells import Cell, Region, Way, round_in
from cadence_guard.check.together.differences import Atom, Differences, When, upto
from cadence_guard.check.together.entries import UNBOUND, Laid, Pieces, Spread
from cadence_guard.check.together.questions import spacing_of
from cadence_guard.check.together.sights import Hit, Taken
from cadence_guard.instants import NEVER, PERIOD, Zone
from cadence_guard.rules import Rule
from cadence_guard.rules.already_answered import AlreadyAnswered
from cadence_guard.rules.not_the_holder import NotTheHolder

Clause: TypeAlias = Sequence[Sequence[Atom]]
"""Of several things, each so many atoms, one holds."""
Widths: TypeAlias = Sequence[int | None]
"""For each stop of a way how wide the range before it is; None without one."""
_Others: TypeAlias = dict[int, list[int]]
"""The ways of another entry, by their paths, and the stops of each that are seen."""
_A_LOOK: Final = 8
"""How much it is to ask whether two entries can lie so, in pieces looked at."""


class Clash(NamedTuple):
    """What refuses a touch: another entry's stop that `sees`, less than `within` before it or at
    the same instant; or a signal so long `before` that entry.

    With `lapses` handoffs count, each for so long: none may be in force at the touch but, if it
    `holds`, the one that is seen.
    """

    entry: Rule
    within: int
    sees: Callable[[What, Concern | None], bool]
    before: Sequence[int] = ()
    lapses: int | None = None
    holds: bool = False


def handed(entry: NotTheHolder, target: Concern) -> Iterator[Clash]:
    """What a touch clashes with where handoffs are made: a handoff to another team that is in
    force, and a touch of another team with none in force."""
    spacing, team = spacing_of(entry), target.touch.team
    assert spacing is not None

    def touches(_: What, other: Concern | None) -> bool:
        return other is not None and spacing.clashes(target, other)

    def hands_over(what: What, _: Concern | None) -> bool:
        return isinstance(what, Handover) and what.to != team

    yield Clash(entry, entry.lapses, hands_over, lapses=entry.lapses, holds=True)
    yield Clash(entry, entry.within, touches, lapses=entry.lapses)


def answered(entry: AlreadyAnswered, kinds: Collection[str], before: Sequence[int]) -> Clash:
    """What a touch that nobody makes clashes with: an answer of some kinds, also one so long
    `before` an entry."""

    def answers(what: What, _: Concern | None) -> bool:
        return isinstance(what, Heard) and what.kind in kinds

    return Clash(entry, entry.within, answers, before)


class Placed(NamedTuple):
    """A sight of a way from one entry, with its ranges as they were found to fall."""

    way: Way
    where: Zone
    start: int
    times: list[int]
    stop: int

    def taken(self, _: int) -> Taken:
        """The entry: nothing of it is left open."""
        return Taken(self.way, self.start, self.times, self.stop)


class _Entered(NamedTuple):
    """An entry whose start is not known: the instants that are not, the start first, what is known
    of them, and when its stops are."""

    way: Way
    unknown: range
    known: list[Atom]
    stops: list[When | None]

    @property
    def start(self) -> When:
        """When it begins."""
        return When(self.unknown[0], 0)


def _widths(way: Way) -> Widths | None:
    """The ranges of a way. None if some wait behind one is not elapsed time, or it is not in
    line."""
    found: list[int | None] = []
    ranged = False
    for stop in map(as_waits, way.stops):
        width: int | None = None
        for leg in stop.legs:
            if is_range(leg):
                ranged = True
            if ranged:
                if not (isinstance(leg, Elapsed) and way.in_line):
                    return None
                wide = PERIOD if leg.high is None else leg.high - leg.low
                width = wide + (width or 0)
        found.append(width or None)
    return found


class Pairs:
    """Looks for another entry beside which a touch is refused. `spreads` are how long after its
    entry each stop of a way lies, whatever the clock does."""

    def __init__(self, pieces: Pieces, spreads: Iterable[Spread]) -> None:
        self._pieces = pieces
        self._layouts = pieces.layouts
        self._spreads = {id(one.way.path): one for one in spreads}
        ways = self._layouts.ways
        ranges = {id(way.path): _widths(way) for way in ways}
        self._ways: dict[Way, Widths] = {}
        """The ways; if their ranges are not followed, each fall of them that is looked at."""
        for way in ways:
            widths = ranges[id(way.path)]
            if widths is None or not way.far:
                self._ways[way] = widths or [None] * len(way.stops)
        self._exact = None not in ranges.values()

    def settle(self, clash: Clash, target: Concern) -> Iterator[Hit | None]:
        """How a touch is refused beside another entry; None at the end if that is not all there may
        be. Raises TooMuchError."""
        layouts = self._layouts
        may = self._may(clash, target)
        if not may:
            return
        ahead = max(clash.before, default=0) > 0  # then the other entry may be the later one
        back = max(clash.within, clash.lapses or 0)
        for region in layouts.regions(back, layouts.dated or ahead):
            for laid in self._laid(region.where):
                for n in range(len(laid.way.stops)):
                    if others := may.get((id(laid.way.path), n)):
                        yield from self._in(region, clash, laid, n, others)
        if not self._exact:
            yield None

    def _laid(self, where: Zone) -> Iterator[Laid]:
        return (laid for laid in self._pieces.laid(where) if laid.way in self._ways)

    # -- whatever the clock does --------------------------------------------------------------

    def _may(self, clash: Clash, target: Concern) -> dict[tuple[int, int], _Others]:
        """What may refuse a stop of a way, each by its path and its place, by the path of the
        other one."""
        found: dict[tuple[int, int], _Others] = {}
        for own, second in product(self._spreads.values(), repeat=2):
            places = _seen(clash, second.way)
            for n, concern in enumerate(own.way.concerns):
                if concern is target:
                    may = [place for place in places if self._may_lie(clash, own, n, second, place)]
                    if may:
                        others = found.setdefault((id(own.way.path), n), {})
                        others[id(second.way.path)] = may
        return found

    def _may_lie(self, clash: Clash, own: Spread, n: int, second: Spread, place: int) -> bool:
        one = _loose(own, n, 1)
        other = _loose(second, place, one.unknown.stop)
        so = Differences().more(other.unknown.stop - 1)
        so.say(*one.known, *other.known)
        return self._lie(clash, so, one, n, other, place) is not None

    # -- piece by piece -----------------------------------------------------------------------

    def _in(
        self, region: Region, clash: Clash, laid: Laid, n: int, others: _Others
    ) -> Iterator[Hit]:
        """How a stop of a way is refused in a region."""
        low = region.low - clash.within + 1
        high = region.high + max(clash.before, default=0)
        for cell in self._between(laid, region.low, region.high):
            own = self._entered(laid.way, cell, 1)
            touch = own.stops[n]
            alone = Differences().more(len(own.unknown))
            if touch is None or not alone.say(
                *own.known, *_bound(touch, region.low, region.high - 1)
            ):
                continue
            for other in self._laid(region.where):
                places = others.get(id(other.way.path), ())
                for theirs in self._between(other, low, high) if places else ():
                    second = self._entered(other.way, theirs, own.unknown.stop)
                    both = alone.more(len(second.unknown))
                    both.say(*second.known)
                    for place in places:
                        if (so := self._lie(clash, both, own, n, second, place)) is not None:
                            yield _hit(so, region.where, own, n, second)

    def _between(self, laid: Laid, low: int, high: int) -> Sequence[Cell]:
        """The pieces from which a way can have a stop from `low` on, of those that begin before
        `high`."""
        lasts = laid.lasts + sum(width or 0 for width in self._ways[laid.way])
        place = max(0, bisect_right(laid.begins, low - lasts) - 1)
        return laid.cells[place : bisect_left(laid.begins, high)]

    def _entered(self, way: Way, cell: Cell, start: int) -> _Entered:
        """An entry in a piece of the starts; its unknown instants are `start` and those behind."""
        known = _bound(When(start, 0), cell.start, cell.last)
        stops: list[When | None] = []
        last, behind = start, False
        for at, moves, width in zip(cell.at, cell.moves, self._ways[way], strict=True):
            since = last if behind else start if moves else 0
            if width is not None:
                last, behind = last + 1, True
                known += [(last, since, width), (since, last, 0)]
                since = last
            stops.append(When(since, at - cell.start if moves else at) if at < NEVER else None)
        return _Entered(way, range(start, last + 1), known, stops)

    def _lie(
        self, clash: Clash, both: Differences, own: _Entered, n: int, other: _Entered, place: int
    ) -> Differences | None:
        """How two entries lie so that the touch `n` of the one is refused for what is seen of the
        other one, at a stop or, if `place` is less than 0, before; None if they cannot."""
        touch, seen = own.stops[n], _when(clash, other, place)
        if touch is None or seen is None:
            return None
        so = both.more(0)
        self._spend(so)
        if not so.say(upto(seen, touch), upto(touch, seen, clash.within - 1)):
            return None
        mine, theirs, apart = own.start, other.start, -self._pieces.again
        clauses: list[Clause] = [[[upto(mine, theirs, apart)], [upto(theirs, mine, apart)]]]
        if clash.lapses is not None:
            clauses += _handed(clash, clash.lapses, (own, n, touch), (other, place, seen))
        left = [(so, 0)]
        while left:
            so, said = left.pop()
            if said == len(clauses):
                return so
            for atoms in reversed(clauses[said]):
                more = so.more(0)
                self._spend(more)
                if more.say(*atoms):
                    left.append((more, said + 1))
        return None

    def _spend(self, so: Differences) -> None:
        self._layouts.spend(_A_LOOK + so.count**2 // 8)


def _when(clash: Clash, entry: _Entered, place: int) -> When | None:
    """When what is seen of an entry is."""
    if place >= 0:
        return entry.stops[place]
    return entry.start._replace(by=-clash.before[place])


def _loose(spread: Spread, place: int, start: int) -> _Entered:
    """An entry of which no more is known than how long the waits take at least and at most, up to
    the stop at `place` and the handoffs."""
    way, last = spread.way, start
    stops: list[When | None] = [None] * len(way.stops)
    known: list[Atom] = []
    since, low, high = When(start, 0), 0, 0
    for number, item in enumerate(way.path.items):
        if number == place or isinstance(item.what, Handover):
            last += 1
            stops[number] = here = When(last, 0)
            known.append(upto(since, here, low - spread.low[number]))
            if spread.high[number] < UNBOUND:
                known.append(upto(here, since, spread.high[number] - high))
            if spread.since is not None:  # what comes next hangs on this one
                since, low, high = here, spread.low[number], spread.high[number]
    return _Entered(way, range(start, last + 1), known, stops)


def _at(instant: int) -> When:
    return When(0, instant)


def _bound(when: When, low: int, high: int) -> list[Atom]:
    """That something is from one instant to another."""
    return [upto(when, _at(high)), upto(_at(low), when)]


def _seen(clash: Clash, way: Way) -> list[int]:
    """The stops of a way that a clash sees, and what comes before it, by its place from behind."""
    items = zip(way.path.items, way.concerns, strict=True)
    stops = [place for place, (item, concern) in enumerate(items) if clash.sees(item.what, concern)]
    return [*range(-len(clash.before), 0), *stops]


def _handed(
    clash: Clash,
    lapses: int,
    one: tuple[_Entered, int, When],
    other: tuple[_Entered, int, When],
) -> Iterator[Clause]:
    """Each handoff but the one that is seen comes behind the touch, or is not in force any more: it
    has lapsed or, if one `holds`, comes before that. Of what happens at one instant that of the
    other entry comes first."""
    (own, n, touch), (second, place, seen) = one, other
    for entry, tied in ((own, n), (second, -1)):
        for number, item in enumerate(entry.way.path.items):
            handed = entry.stops[number]
            if not isinstance(item.what, Handover) or handed is None:
                continue
            if clash.holds and entry is second and number == place:
                continue
            behind = upto(touch, handed, 0 if number > tied >= 0 else -1)
            over = upto(handed, touch, -lapses)
            if clash.holds:
                over = upto(handed, seen, 0 if entry is second and number < place else -1)
            yield [behind], [over]


def _hit(so: Differences, where: Zone, own: _Entered, n: int, other: _Entered) -> Hit:
    """Two entries that lie so, as easy to read as can be: one at a full hour, the other one as near
    as may be, and ranges at their shortest."""
    at = [0]
    for instant in (*own.unknown, *other.unknown):
        low, high = so.both(instant)
        if instant == own.unknown[0]:
            low = round_in(low, high)
        elif instant == other.unknown[0]:
            later = low > at[1]
            near, far = (low - at[1], high - at[1]) if later else (at[1] - high, at[1] - low)
            low = at[1] + (1 if later else -1) * round_in(near, far)
        so.fix(instant, low)
        at.append(low)
    first, second = (
        Placed(
            entry.way,
            where,
            at[entry.unknown[0]],
            [at[when.instant] + when.by if when else NEVER for when in entry.stops],
            stop,
        )
        for entry, stop in ((own, n), (other, 0))
    )
    t = first.times[n]
    return Hit(t, first, [second], t)
