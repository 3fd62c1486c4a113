"""What is laid out and judged: the touches of a way, the way for one fall of its ranges, or the
rest of it behind one of them, and the starts for which nothing of that changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from cadence_guard.cadence import Cadence, Enter, Handover
from cadence_guard.check import assumptions
from cadence_guard.check.judging import Concern, Judge, Prior, months_passed
from cadence_guard.check.layout import Laid, Stop
from cadence_guard.check.paths import Heard, Made, Path, What
from cadence_guard.check.ranges import chain_of
from cadence_guard.instants import NEVER, Zone
from cadence_guard.rules import RULES
from cadence_guard.rules._sets import Intervals
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.not_the_holder import NotTheHolder
from cadence_guard.rules.unanswered_streak import ENDS, UnansweredStreak
from cadence_guard.rules.uninvited_channel import UninvitedChannel

_KEPT: Final = 65_536
"""The stops of so many cells are remembered: where a wait is until a date each is another one."""


@dataclass(eq=False, slots=True)
class Spot:
    """A touch of a way, with all that came before it there: what is judged."""

    path: Path
    index: int
    concern: Concern
    always: int = -1
    """The entries, as bits, that object whenever it is made."""
    missing: bool = False
    """Whether it is not made for some start."""
    ended: bool = False
    """Whether a signal may come before it that ends its cadence."""
    entered: Sequence[tuple[int, Cadence, int]] | None = None
    """Where its cadence was entered, and the one before it, as far as somebody asked."""

    @property
    def step(self) -> tuple[str, str]:
        """The names of its cadence and of its step."""
        return self.concern.cadence.name, self.concern.step.name

    @property
    def in_any_case(self) -> int:
        """The entries, as bits, that object to it wherever its way is gone."""
        if self.missing:
            return 0
        return self.always & ~self.concern.counted if self.ended else self.always


class Cell(NamedTuple):
    """Starts in [start, end) for which each stop moves along, or stands; `together`: all move."""

    zone: Zone
    start: int
    end: int
    laid: Laid
    together: bool

    def times(self, by: int) -> list[int]:
        """Where the stops lie for who starts so much later than the first."""
        at, moves = self.laid.at, self.laid.moves
        if not by:
            return at
        return [a + by if m else a for a, m in zip(at, moves, strict=True)]


class Counted(NamedTuple):
    """What was before a touch brings about, for all starts of a cell."""

    always: int
    """The entries, as bits, that object whenever it is made."""
    first: Sequence[tuple[int, int]]
    """How much later than the first start others object first, as bits."""


class First(NamedTuple):
    """The first start for which something was seen, and when the stops are then."""

    start: int
    zone: Zone
    times: tuple[int, ...]


@dataclass(eq=False)
class Run:
    """A way, or the rest of it from a stop on, laid out from all instants of `starts`.

    `origin` is the index of that stop in the path; None means all of it, from the entry. `way` is
    what is laid out: of the path's `stops` those at `places`.
    """

    path: Path
    origin: int | None
    stops: Sequence[Stop]
    places: Sequence[int]
    way: tuple[Stop, ...]
    kinds: tuple[int, ...]
    spots: tuple[Spot, ...]
    starts: Sequence[tuple[Zone, Intervals]]
    signals: tuple[tuple[int, int], ...]
    """Signals before the entry: (how long before, kind)."""
    far: bool | frozenset[int]
    order: tuple[int, ...]
    in_line: bool
    """Whether each stop follows the one before it, so that none overtakes another."""
    bound: bool = False
    """Whether its ranges fall freely, so that nobody knows what a signal comes before."""
    always: dict[Spot, int] = field(default_factory=dict)
    first: dict[Spot, dict[int, First]] = field(default_factory=dict)
    """Where each entry, as a bit, objects first."""
    reach: int = 0
    window: int = 0
    """How far after its start the last stop may lie."""
    shapes: dict[Hashable, dict[Spot, Counted]] = field(default_factory=dict)
    """For cells alike in all their distances, what these bring about for each of the spots."""
    shape: tuple[Cell | None, dict[Spot, Counted]] = (None, {})
    """Those of the cell asked for last."""
    streaks: dict[Spot, list[tuple[int, int, int]]] = field(default_factory=dict)
    """Which streaks are longer for what was before all of this (`longer_streaks`)."""
    midnights: tuple[object, Sequence[Sequence[int]]] = (None, ())
    """For each stop the starts at which it comes to lie at midnight, and of what cell."""
    crossed: tuple[object, list[int]] = (None, [])
    """The starts found last at which stops come to be as far from each other as matters; of what
    cell and for what spans."""

    @cached_property
    def hears(self) -> bool:
        """Whether signals come on what is laid out."""
        return any(isinstance(self.path.items[place].what, Heard) for place in self.places)

    @property
    def heard(self) -> bool:
        """Whether there are any, also before the entry."""
        return bool(self.signals) or self.hears

    @cached_property
    def exits(self) -> dict[Spot, list[tuple[int, int, int]]]:
        """The signals on what is laid out that end the cadence of a touch, or one by which that was
        entered, each with the stop that is not come to then and the one at which that cadence was
        entered; -1: before all of it. Such a touch is on another line than the signal."""
        found: dict[Spot, list[tuple[int, int, int]]] = {}
        heard = ((n, self.path.items[place].what) for n, place in enumerate(self.places))
        kinds = [(n, what.kind) for n, what in heard if isinstance(what, Heard)]
        index = self._index
        for spot in self.spots if kinds else ():
            if spot.entered is None:
                spot.entered = [*_entries(self.path, spot)]
            for place, cadence, entered in spot.entered:
                for n, kind in kinds:
                    if kind in cadence.exits and place in index:
                        end = (n, index[place], index.get(entered, -1))
                        found.setdefault(spot, []).append(end)
        return found

    def is_over(self, spot: Spot, times: Sequence[int]) -> bool:
        """Whether a signal has ended a touch's cadence before it, if the stops lie so: then it is
        not made."""
        if spot not in self.exits:
            return False
        return any(
            (times[heard], heard) < (times[stop], stop)
            and (entered < 0 or (times[entered], entered) < (times[heard], heard))
            for heard, stop, entered in self.exits[spot]
        )

    @cached_property
    def _index(self) -> dict[int, int]:
        return {place: n for n, place in enumerate(self.places)}

    def index(self, spot: Spot) -> int:
        """Where a touch is among what is laid out."""
        return self._index[spot.index]

    def is_made(self, spot: Spot, cell: Cell) -> bool:
        """Whether a touch is made for who starts in a cell. In line what comes before a signal that
        cannot come is made also on this way: on others it is not asked for again."""
        laid = cell.laid
        return laid.at[self.index(spot)] < NEVER and (laid.possible or self.path.in_line)

    def plain(self, spot: Spot) -> bool:
        """Whether a touch is judged by its distances and by the instant alone."""
        return spot.concern.plain and not self.asks_months(spot.concern)

    def asks_months(self, concern: Concern) -> bool:
        """Whether so many months after a signal, as an entry asks for, may have passed."""
        if not (concern.months and self.heard):
            return False
        oldest = max((ago for ago, _ in self.signals), default=0)
        return months_passed(concern, oldest + self.window)

    def alike(self, cell: Cell) -> dict[Spot, Counted]:
        """What is known of cells like this one: as long, with the stops as far from the start, and
        the same ones moving."""
        known, counted = self.shape
        if known is not cell:
            at, moves = cell.laid.at, cell.laid.moves
            length = 0 if cell.together else cell.end - cell.start  # no distance changes
            shape = length, tuple(moves), tuple([each - cell.start for each in at])
            if len(self.shapes) * len(at) >= _KEPT:
                self.shapes.clear()
            counted = self.shapes.setdefault(shape, {})
            self.shape = cell, counted
        return counted

    def priors(self, index: int, start: int, times: Sequence[int]) -> list[Prior]:
        """What was before a stop for who starts at `start`, so that the stops lie so; in order."""
        found = [(start - ago, kind) for ago, kind in self.signals]
        if self.in_line:
            found += zip(times[:index], self.kinds, strict=False)
        else:
            found += earlier(index, times, self.kinds)
        return found

    def see(self, spot: Spot, cell: Cell, start: int, found: int) -> None:
        """Keeps the first sight of entries, as bits, that object to a touch."""
        first = self.first.setdefault(spot, {})
        while found:
            bit = found & -found
            found ^= bit
            if bit not in first or start < first[bit].start:
                times = tuple(cell.times(start - cell.start))
                first[bit] = First(start, cell.zone, times)


class Layout(NamedTuple):
    """A way laid out from the entry, for each fall of its ranges, and behind each range."""

    stops: list[Stop]
    whole: list[Run]
    behind: dict[int, list[Run]]
    exact: bool
    """Whether that is all that matters."""
    jumps: bool = False
    """Whether it is but for where waits behind a range jump back."""
    origins: Sequence[int] = ()
    """The stops that can lie at several instants for one start: behind each there is a range."""

    def reaches(self, place: int) -> bool:
        """Whether it is known at which instants a stop can lie."""
        chain = chain_of(self.stops, place)
        return all(n in self.behind for n in self.origins if n in chain)

    @property
    def runs(self) -> list[Run]:
        """All of it."""
        return [*self.whole, *(run for runs in self.behind.values() for run in runs)]


def hanging(stops: Sequence[Stop], origin: int, left: Collection[int] = ()) -> list[int]:
    """A stop, and those that hang on it, but on none of those `left`."""
    found = [origin]
    for n in range(origin + 1, len(stops)):
        if stops[n].after in found and n not in left:
            found.append(n)
    return found


def _entries(path: Path, spot: Spot) -> Iterator[tuple[int, Cadence, int]]:
    """A touch and the stops at which one cadence after another was entered up to there, the last
    first: each with the cadence it is in, and the stop at which that was entered (-1: none)."""
    place, cadence = spot.index, spot.concern.cadence
    while place >= 0:
        entered = path.items[place].stop.after
        while entered >= 0 and not _enters(path.items[entered].what, cadence):
            entered = path.items[entered].stop.after
        yield place, cadence, entered
        place = entered
        if place >= 0:
            enter = path.items[place].what
            assert isinstance(enter, Enter)
            cadence = next(one for one in path.cadences if one.nodes.get(enter.id) is enter)


def _enters(what: What, cadence: Cadence) -> bool:
    return isinstance(what, Enter) and what.cadence == cadence.name


def earlier(index: int, times: Sequence[int], kinds: Sequence[int]) -> list[Prior]:
    """The stops before one of them, in the order of time; at equal instants as they stand."""
    now = (times[index], index)
    found = sorted((at, place) for place, at in enumerate(times) if (at, place) < now)
    return [(at, kinds[place]) for at, place in found]


def longer_streaks(run: Run, spot: Spot, judge: Judge) -> Iterator[tuple[int, int, int]]:
    """The entries that make a touch wait longer for what was before a run: each as a bit, with how
    long (microseconds) after which stop."""
    if run.origin is None or not run.in_line:
        return
    whats = [item.what for item in run.path.items[: spot.index]]
    concerns = [judge.concern(what) if isinstance(what, Made) else None for what in whats]
    ends = (n for n, what in enumerate(whats) if isinstance(what, Heard) and what.kind in ENDS)
    answered = max(ends, default=-1)
    for bit, entry in spot.concern.counting:
        if isinstance(entry, UnansweredStreak):
            streak = [
                n
                for n, concern in enumerate(concerns)
                if concern is not None and concern.counted & bit and n > answered
            ]
            within = [n for n in streak if n in run.places]
            if within and entry.gap(len(streak)) > entry.gap(len(within)):
                yield bit, entry.gap(len(streak)), bisect_left(run.places, within[-1])


def judged_without(spot: Spot, origin: int, hanging: Collection[int] | None = None) -> int:
    """The entries, as bits, that can judge a touch without what was before a stop; if the stops
    `hanging` on that are given, without all others, which may be gone at once with them."""
    path, items = spot.path, spot.path.items
    places = range(origin, spot.index + 1) if hanging is None else hanging
    last = spot.index + 1 if hanging is None else len(items)
    before = [items[n].what for n in range(last) if n not in places]
    heard = any(isinstance(what, Heard) for what in before) or any(
        assumptions.signals(path.cadences[0], fresh=path.fresh)
    )
    # beside it, a signal may come between its touches
    ended = hanging is not None and any(
        isinstance(what, Heard) and what.kind in ENDS for what in before
    )
    handed = any(isinstance(what, Handover) for what in before)
    answers = heard and any(
        isinstance(what := items[n].what, Made) and not what.step.automated for n in places
    )
    allowed = 0
    for bit, entry in spot.concern.entries:
        if (
            (handed and isinstance(entry, NotTheHolder))
            or (heard and isinstance(entry, (MissingConsent, UninvitedChannel)))
            or (ended and isinstance(entry, UnansweredStreak))
            or (answers and entry.answers is not None)
            or type(entry) is not RULES.get(entry.name)
        ):
            continue
        allowed |= bit
    return allowed
