"""How a way is laid out: for each fall of its ranges that matters, and behind each range."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from cadence_guard.cadence import Handover
from cadence_guard.check import assumptions
from cadence_guard.check.judging import Judge, Prior
from cadence_guard.check.layout import Lasts, SinceStart, Stop, as_waits, is_range, settled
from cadence_guard.check.paths import Heard, Item, Made, Path
from cadence_guard.check.proof.runs import First, Layout, Run, Spot, earlier, hanging
from cadence_guard.check.proof.starts import Starts
from cadence_guard.check.proof.work import A_PIECE, Work
from cadence_guard.check.ranges import (
    FEW,
    MANY,
    Choice,
    Common,
    Limits,
    Meeting,
    Reach,
    alone_of,
    chain_of,
    drops_of,
    falls_of,
    filled,
    free_of,
    meetings_of,
    modes_of,
    ranges_of,
    reached,
    unbound,
)
from cadence_guard.instants import Zone
from cadence_guard.rules._sets import Intervals
from cadence_guard.rules.not_the_holder import NotTheHolder

Near: TypeAlias = tuple[int, int, int]
"""(a stop, another one or -1 for the entry, how much later the first comes, in microseconds)."""


class Layouts:
    """Lays out the ways of a cadence, from all its starts.

    `cares` says whether it matters in which order two stops come, or how near; `nears` where it
    matters besides that a stop comes so much later than another one.
    """

    def __init__(
        self,
        judge: Judge,
        starts: Starts,
        work: Work,
        cares: Callable[[Item, Item], bool],
        nears: Callable[[Path, Sequence[Item]], list[Near]],
    ) -> None:
        self._judge = judge
        self._starts = starts
        self._work = work
        self._cares = cares
        self._nears = nears
        self._common: dict[tuple[bool, Zone], Common] = {}

    def of(
        self,
        path: Path,
        stops: list[Stop],
        spots: Sequence[Spot],
        *,
        jumping: bool = False,
        limits: Limits = FEW,
    ) -> Layout:
        """How a way is laid out: with its ranges as they can fall, and behind each of them; if
        `jumping`, also as waits behind a range jump back. Raises TooMuchError."""
        self._common.clear()
        if not ranges_of(stops):
            return Layout(stops, [self.whole(path, Choice(stops), spots)], {}, True)
        stops, own, left = settled([as_waits(stop) for stop in stops])
        modes = modes_of(stops, path.in_line and not left, limits)
        exact = modes is not None
        modes = modes or [frozenset(), frozenset(ranges_of(stops))]
        signals = self._signals(path)
        meetings = self._meetings(path, stops, own, left, range(len(stops)), signals, jumping)
        falls = None if meetings is None else falls_of(stops, modes, meetings, limits)
        exact = exact and falls is not None
        falls = falls or [Choice(stops, far) for far in modes]
        behind: dict[int, list[Run]] = {}
        origins = sorted({*ranges_of(stops), *(place for place, _ in left)})
        for place in origins:
            alone = frozenset(n for n, _ in left)
            runs = self.behind(path, place, stops, spots, alone, jumping, limits)
            if runs is not None:
                behind[place] = runs
            else:
                exact = False
        whole = [self.whole(path, choice, spots) for choice in falls]
        drops = drops_of(stops)
        jumps = exact and bool(drops) and not jumping
        exact = exact and drops is not None and not jumps
        return Layout(stops, whole, behind, exact, jumps, origins)

    def bounds(self, path: Path, layout: Layout, spots: list[Spot]) -> Layout | None:
        """A way laid out as if whatever hangs on a range fell freely; None if that is too much."""
        loose = unbound(layout.stops, self._starts.start, self._starts.shift)
        bounds = None if loose is None else self.of(path, loose, spots, limits=MANY)
        return bounds if bounds is not None and bounds.exact else None

    def whole(self, path: Path, choice: Choice, spots: Sequence[Spot]) -> Run:
        """A way from the entry."""
        return Run(
            path=path,
            origin=None,
            stops=choice.stops,
            places=range(len(choice.stops)),
            way=tuple(choice.stops),
            kinds=tuple(self._judge.kind(item.what) for item in path.items[: len(choice.stops)]),
            spots=tuple(spots),
            starts=self._starts.of(path.fresh),
            signals=tuple(self._signals(path)),
            far=choice.far,
            order=choice.order,
            in_line=path.in_line,
        )

    def behind(
        self,
        path: Path,
        origin: int,
        stops: list[Stop],
        spots: Sequence[Spot],
        left: Collection[int] = (),
        jumping: bool = False,
        limits: Limits = FEW,
    ) -> list[Run] | None:
        """What hangs on a stop behind a range, from all instants it can reach, and on none of those
        `left` to themselves. None if that cannot be told."""
        chain = chain_of(stops, origin)
        if not reached(stops, chain):
            return None
        starts = [
            (where, self._reach(path, stops, chain, where, starts).instants)
            for where, starts in self._starts.of(path.fresh)
        ]
        places = hanging(stops, origin, left)
        rest, own, open_ = settled([Stop(-1, ()), *alone_of(stops, places)[1:]])
        in_line = all(stop.after == place - 1 for place, stop in enumerate(rest))
        modes = modes_of(rest, in_line, limits)
        meetings = self._meetings(path, rest, own, open_, places, (), jumping)
        if modes is None or meetings is None:
            return None
        falls = falls_of(rest, modes, meetings, limits)
        if falls is None:
            return None
        return [
            Run(
                path=path,
                origin=origin,
                stops=stops,
                places=places,
                way=tuple(choice.stops),
                kinds=tuple(self._judge.kind(path.items[place].what) for place in places),
                spots=tuple(spot for spot in spots if spot.index in places),
                starts=starts,
                signals=(),
                far=choice.far,
                order=choice.order,
                in_line=in_line,
            )
            for choice in falls
        ]

    def _reach(
        self, path: Path, stops: Sequence[Stop], chain: list[int], where: Zone, starts: Intervals
    ) -> Reach:
        common = self._common.setdefault((path.fresh, where), Common(self._spend))
        return Reach(alone_of(stops, chain), starts, where, common)

    def _spend(self, pieces: int) -> None:
        self._work.spend(A_PIECE * pieces)

    # -- back to the entry ----------------------------------------------------------------------

    def placed(self, run: Run, first: First) -> tuple[int, tuple[int, ...]]:
        """An entry from which the rest of a way comes to lie as it was seen, and when all stops are
        then."""
        if run.origin is None:
            return first.start, first.times
        where = first.zone
        starts = next(each for zone, each in self._starts.of(run.path.fresh) if zone is where)
        chain = chain_of(run.stops, run.origin)
        reach = self._reach(run.path, run.stops, chain, where, starts)
        start, times = reach.back(first.start)
        known = dict(zip((*chain, *run.places), (*times, *first.times), strict=True))
        return start, filled(run.stops, start, where, known)

    def before(self, spot: Spot, start: int, times: Sequence[int]) -> list[Prior]:
        """All that was before a touch on its way, in order, for an entry at `start`."""
        path, index = spot.path, spot.index
        kinds = [self._judge.kind(item.what) for item in path.items[: len(times)]]
        signals = [(start - ago, kind) for ago, kind in self._signals(path)]
        return [*signals, *earlier(index, times, kinds)]

    def _signals(self, path: Path) -> list[tuple[int, int]]:
        """What came before the entry: (how long before, kind), in order."""
        found = [
            (ago, self._judge.kind(signal))
            for ago, signal in assumptions.signals(path.cadences[0], fresh=path.fresh)
        ]
        return sorted(found, key=lambda pair: -pair[0])

    # -- where ranges make stops meet -------------------------------------------------------------

    def _meetings(
        self,
        path: Path,
        stops: list[Stop],
        own: Sequence[Lasts],
        left: Sequence[tuple[int, int]],
        places: Sequence[int],
        signals: Sequence[tuple[int, int]],
        jumping: bool,
    ) -> list[Meeting] | None:
        """Where stops, which are those at `places` of a path, may meet so that it matters; None if
        it cannot be told."""
        items = [path.items[place] for place in places]
        found: list[Meeting] = []
        for place, legs in left:
            leg = stops[place].legs[legs]
            assert isinstance(leg, SinceStart)
            if is_range(leg) or free_of(stops, place, legs, -1) is None:
                return None
            found.append(Meeting(place, legs, leg.base, (0,), leg.wait))
        drops = drops_of(stops) if jumping else []
        met = meetings_of(stops, own, lambda a, b: self._cares(items[a], items[b]))
        wanted = [*self._turning(signals, items, stops), *self._nears(path, items)]
        turns = _beside(stops, wanted)
        if met is None or turns is None or drops is None:
            return None
        return [*found, *drops, *met, *turns]

    def _turning(
        self, signals: Sequence[tuple[int, int]], items: Sequence[Item], stops: Sequence[Stop]
    ) -> list[Near]:
        """Where it is too late for a touch to be an answer, or nobody holds the contact any more:
        then an entry that did not object may begin to, as far as the others are still near."""
        wanted: list[Near] = []
        said = [(-1, -ago) for ago, _ in signals]
        said += [(n, 0) for n, item in enumerate(items) if isinstance(item.what, Heard)]
        given = [n for n, item in enumerate(items) if isinstance(item.what, Handover)]
        for place, item in enumerate(items):
            concern = self._judge.concern(item.what) if isinstance(item.what, Made) else None
            if concern is None:
                continue
            for _, entry in concern.counting:
                if entry.answers is not None and not concern.touch.automated:
                    wanted += [
                        (place, base, after + entry.answers.within)
                        for base, after in said
                        if not _spoken_since(items, stops, place, base)
                    ]
                if isinstance(entry, NotTheHolder):
                    wanted += [(place, base, entry.params.lapses.us - 1) for base in given]
        return wanted


def _beside(stops: Sequence[Stop], nears: Sequence[Near]) -> list[Meeting] | None:
    """Where stops come to lie so; None if it cannot be told."""
    found: list[Meeting] = []
    for place, base, after in nears:
        for one, other, by in ((place, base, after), (base, place, -after)):
            if one >= 0:
                legs = len(stops[one].legs)
                if free_of(stops, one, legs, other) is None:
                    return None
                steps = (by, by + 1) if one == place else (by, by - 1)
                found.append(Meeting(one, legs, other, steps))
    return found


def _spoken_since(items: Sequence[Item], stops: Sequence[Stop], place: int, base: int) -> bool:
    """Whether a person touches the contact after a signal and before a touch, which is no answer
    then."""
    chain = chain_of(stops, place)[:-1]
    if base >= 0 and base not in chain:
        return False
    between = chain[chain.index(base) + 1 :] if base >= 0 else chain
    return any(
        isinstance(what, Made) and not what.step.automated
        for what in (items[n].what for n in between)
    )
