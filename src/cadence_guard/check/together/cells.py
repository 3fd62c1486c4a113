"""The ways of cadences, and the pieces of their starts.

A `Cell` holds starts for which every touch of a way moves along with the start, or stands, and the
touches keep their order: in it, everything is known from when they are at its first start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

from cadence_guard.cadence import Cadence
from cadence_guard.check.judging import Concern
from cadence_guard.check.layout import Leg, SinceStart, Stop, Upto, is_range, lay
from cadence_guard.check.paths import Heard, Item, Path, What
from cadence_guard.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Zone, local_period
from cadence_guard.rules._sets import Intervals
from cadence_guard.rules.unanswered_streak import ENDS


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way, or the rest of it behind a range from the stop `origin` on."""

    cadence: Cadence
    path: Path
    stops: tuple[Stop, ...]
    concerns: tuple[Concern | None, ...]
    ends: frozenset[int]
    """The stops at which the contact speaks, so that a streak ends."""
    in_line: bool
    shared: int = 0
    """How many of its first stops are those of another way."""
    origin: int | None = None
    far: bool | frozenset[int] = False
    """Whether its ranges are as long as can be, or the stops at which they are."""
    marks: frozenset[int] = frozenset()
    """Stops that are looked at besides its touches and answers."""

    @property
    def whole(self) -> bool:
        """Whether it is all of a way, its ranges as short as can be."""
        return self.origin is None and not self.far

    @property
    def speaks(self) -> bool:
        """Whether the contact says something on it that ends a streak."""
        return any(
            isinstance(item.what, Heard) and item.what.kind in ENDS for item in self.path.items
        )


@dataclass(slots=True, eq=False)
class Member:
    """A member of a group: a cadence, or several that are joined, so that a person is on one of
    their ways at a time."""

    cadences: tuple[Cadence, ...]
    ways: list[Way]

    @property
    def name(self) -> str:
        """What it is called in words."""
        return self.cadences[0].name

    @property
    def answers(self) -> bool:
        """Whether a person makes a touch of it."""
        return any(
            not c.touch.automated for way in self.ways for c in way.concerns if c is not None
        )


class Cell(NamedTuple):
    """Starts from `start` to `last` for which each stop moves along, or stands, and the stops that
    are looked at keep their order. `at` is when they are at `start`."""

    start: int
    last: int
    at: list[int]
    moves: list[bool]
    order: list[int]

    def at_last(self, index: int) -> int:
        """When a stop is at the last start."""
        return self.at[index] + (self.last - self.start if self.moves[index] else 0)

    def start_for(self, stop: int, t: int, first: int | None, within: int) -> int:
        """A start at which one stop is at `t`, or not later, and the other one less than `within`
        before `t`: the latest, or if the stop stands a round one."""
        if self.moves[stop]:
            return min(self.last, self.start + t - self.at[stop])
        if first is None:
            return self.last
        low = self.start
        if self.moves[first]:
            low = max(low, low + t - within + 1 - self.at[first])
        return round_in(low, self.last)

    def moved(self, by: int) -> Cell:
        """The same starts so much later."""
        at = [at + by if at < NEVER else at for at in self.at]
        return Cell(self.start + by, self.last + by, at, self.moves, self.order)

    def part(self, start: int, last: int) -> Cell:
        """Those of the starts from `start` to `last`."""
        by = start - self.start
        at = [at + by if moves else at for at, moves in zip(self.at, self.moves, strict=True)]
        return Cell(start, last, at, self.moves, self.order)

    def nearer(self, first: int, last: int, within: int) -> bool:
        """Whether two stops can come nearer than that."""
        if self.moves[first] == self.moves[last]:
            return self.at[last] - self.at[first] < within
        return self.at[last] - self.at_last(first) < within


class Region(NamedTuple):
    """Instants [low, high) in a zone that have to be judged. `usual`: no clocks are changed."""

    where: Zone
    low: int
    high: int
    usual: bool


def cells_of(way: Way, where: Zone, low: int, high: int) -> Iterator[Cell]:
    """The pieces of the starts in [low, high)."""
    while low < high:
        laid = lay(way.stops, low, where, far=way.far)
        border = min(laid.border, high)
        kept = [
            n
            for n, at in enumerate(laid.at)
            if at < NEVER and (way.concerns[n] is not None or n in way.ends or n in way.marks)
        ]
        cuts = {low}
        if not way.in_line:  # one stop may overtake another
            for one, other in combinations(kept, 2):
                if laid.moves[one] != laid.moves[other]:
                    apart = laid.at[other] - laid.at[one]
                    meet = low + (apart if laid.moves[one] else -apart)
                    cuts.update(cut for cut in (meet, meet + 1) if low < cut < border)
        piece = Cell(low, border - 1, laid.at, laid.moves, [])
        for cut, following in pairwise((*sorted(cuts), border)):
            cell = piece.part(cut, following - 1)
            yield cell._replace(order=sorted(kept, key=lambda n: (cell.at[n], n)))
        low = border


def by_borders(cell: Cell, used: Sequence[int], unit: str, where: Zone) -> Iterator[Cell]:
    """A cell by parts, in each of which no touch comes into another period."""
    cuts = {cell.start}
    for n in used:
        if cell.moves[n]:
            t = local_period(cell.at[n], unit, where)[1]
            while t <= cell.at_last(n):
                cuts.add(cell.start + t - cell.at[n])
                t = local_period(t, unit, where)[1]
    for low, following in pairwise((*sorted(cuts), cell.last + 1)):
        yield cell.part(low, following - 1)


def rest_of(t: int, unit: str, where: Zone) -> Intervals:
    """What is left of a local day, week or month from `t` on: more than one stretch if the clocks
    are set back over midnight."""
    number, border = local_period(t, unit, where)
    found = [(t, border)]
    outside = border
    while border < outside + DAY:
        t = border
        now, border = local_period(t, unit, where)
        if now == number:
            if found[-1][1] == t:
                found[-1] = (found[-1][0], border)
                outside = border
            else:
                found.append((t, border))
    return found


def round_in(low: int, high: int) -> int:
    """An instant from `low` to `high`: the first whole hour, minute or second there is."""
    for unit in (HOUR, MINUTE, SECOND):
        if (whole := -(-low // unit) * unit) <= high:
            return whole
    return low


def distinct(
    paths: Sequence[Path], apart: tuple[type[What], ...] = (Heard,)
) -> list[tuple[Path, int]]:
    """Ways, each with how many of its stops an earlier one has as well; none that a longer one
    begins like, since who goes round a loop once more has gone round. Where the contact may speak,
    a way on which they do not is one of its own; `apart` is what that is so of."""
    if any(isinstance(item.what, apart) for path in paths for item in path.items):
        return [(path, 0) for path in paths]
    known: dict[tuple[int, Item], int] = {}
    ended: dict[int, Path] = {}
    for path in paths:
        place = -1 - path.fresh
        for item in path.items:
            place = known.setdefault((place, item), len(known))
        ended[place] = path
    inner = {place for place, _ in known}
    seen: set[int] = set()
    found: list[tuple[Path, int]] = []
    for end, path in ended.items():
        if end not in inner:
            place, shared = -1 - path.fresh, 0
            for item in path.items:
                place = known[place, item]
                shared += place in seen
                seen.add(place)
            found.append((path, shared))
    return found


def ranged(way: Way) -> bool:
    """Whether a wait of a way can end at several instants."""
    return any(is_range(leg) for item in way.path.items for leg in item.stop.legs)


def wait_of(leg: Leg) -> Leg:
    """The wait within a leg."""
    return leg.wait if isinstance(leg, (SinceStart, Upto)) else leg
