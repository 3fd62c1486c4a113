"""Ranges: a wait that ends at any instant between two is a choice, and so is when a signal comes.

How the ranges of a way fall is laid out as a handful of choices: at their shortest and longest, in
every combination of those that fall freely of one another, and as they must fall for two touches to
meet. And `Reach` says which instants a stop behind a range can lie at, and from which entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from itertools import chain, combinations, product
from typing import Final, NamedTuple

from cadence_guard.cadence import Elapsed
from cadence_guard.check.layout import (
    LATEST,
    Lasts,
    Leg,
    Piece,
    SinceStart,
    Stop,
    Upto,
    is_range,
    lasts,
    lay,
    piece,
)
from cadence_guard.instants import NEVER, Zone
from cadence_guard.rules._sets import Intervals, merged

_FREE: Final = 5
"""How many ranges of a way may fall freely of one another, each at its shortest and longest."""


def wait_of(leg: Leg) -> Leg:
    """The wait within a leg."""
    return leg.wait if isinstance(leg, (SinceStart, Upto)) else leg


def ranges_of(stops: Sequence[Stop]) -> list[int]:
    """The stops with a range among their waits."""
    return [place for place, stop in enumerate(stops) if any(map(is_range, stop.legs))]


def since_start(stops: Sequence[Stop], ranged: int) -> bool:
    """Whether a wait counts from the entry behind the first range, or is one itself."""
    first = next(n for n, leg in enumerate(stops[ranged].legs) if is_range(leg))
    legs = [
        *stops[ranged].legs[first:],
        *(leg for stop in stops[ranged + 1 :] for leg in stop.legs),
    ]
    return any(isinstance(leg, SinceStart) for leg in legs)


class Choice(NamedTuple):
    """A way with ranges, and how they fall: at their longest at some stops, else at their
    shortest."""

    stops: list[Stop]
    far: frozenset[int] = frozenset()


def chain_of(stops: Sequence[Stop], place: int) -> list[int]:
    """The stops that a stop hangs on, and it itself, in order."""
    found = [place]
    while (place := stops[place].after) >= 0:
        found.append(place)
    return found[::-1]


def alone_of(stops: Sequence[Stop], places: Sequence[int]) -> list[Stop]:
    """Some stops of a way as a way; what they hang on and is none of them becomes its entry."""
    moved = {place: n for n, place in enumerate(places)}
    return [
        Stop(
            moved.get(stops[place].after, -1),
            tuple(
                replace(leg, base=moved.get(leg.base, -1)) if isinstance(leg, SinceStart) else leg
                for leg in stops[place].legs
            ),
        )
        for place in places
    ]


def modes_of(stops: Sequence[Stop], in_line: bool) -> list[frozenset[int]] | None:
    """For which stops the ranges are at their longest together, or not: in a line those of one
    stretch that hangs together. None if these are too many choices."""
    together: dict[int, list[int]] = {}
    for place in ranges_of(stops):
        key = chain_of(stops, place)[0] if in_line else place
        together.setdefault(key, []).append(place)
    if len(together) > _FREE:
        return None
    chosen = product(*([(), stretch] for stretch in together.values()))
    return [frozenset(chain.from_iterable(choice)) for choice in chosen]


def meetings_of(choices: Sequence[Choice], start: int, where: Zone) -> list[Choice]:
    """How ranges fall if what hangs on one of them comes at the same instant as something else, or
    next to it."""
    found: dict[tuple[frozenset[int], int, int], Choice] = {}
    for stops, far in choices:
        laid = lay(stops, start, where, far=far)
        for place in ranges_of(stops):
            on = [place in chain_of(stops, n) for n in range(len(stops))]
            low, high = _span(stops[place])
            now = high if place in far else low
            for one, other in product(range(len(stops)), repeat=2):
                if on[one] and not on[other] and max(laid.at[one], laid.at[other]) < NEVER:
                    for by in (-1, 0, 1):
                        value = now + laid.at[other] - laid.at[one] + by
                        key = (far - {place}, place, value)
                        if low < value < high and key not in found:
                            found[key] = Choice(_fixed(stops, place, value), far - {place})
    return list(found.values())


def _span(stop: Stop) -> tuple[int, int]:
    """Between which lengths the one range of a stop lies; (0, 0) if that is not so simple."""
    ranged: Sequence[Leg] = [
        leg.wait if isinstance(leg, Upto) else leg for leg in stop.legs if is_range(leg)
    ]
    match ranged:
        case [Elapsed(low=low, high=int(high))]:
            upto = any(isinstance(leg, Upto) for leg in stop.legs)
            return (0, high - 1) if upto else (low, high)
        case _:
            return 0, 0


def _fixed(stops: list[Stop], place: int, value: int) -> list[Stop]:
    """A way in which the range of one stop has a length."""
    legs = tuple(Elapsed(value, value) if is_range(leg) else leg for leg in stops[place].legs)
    return [*stops[:place], Stop(stops[place].after, legs), *stops[place + 1 :]]


def may_meet(stops: Sequence[Stop], own: Sequence[Lasts]) -> bool:
    """Whether two stops, one of them behind a range, can come in either order, and waits that are
    not elapsed time hang on how near they are."""
    chains = [chain_of(stops, place) for place in range(len(stops))]
    for one, other in combinations(range(len(stops)), 2):
        apart = [
            [place for place in chains[mine] if place not in chains[theirs]]
            for mine, theirs in ((one, other), (other, one))
        ]
        if not all(apart):
            continue  # one hangs on the other
        (first, waits), (second, others) = _parted(stops, own, *apart)
        if (
            (first.ranged or second.ranged)
            and not all(isinstance(leg, Elapsed) for leg in (*waits, *others))
            and not (first.high is not None and first.high < second.low)
            and not (second.high is not None and second.high < first.low)
        ):
            return True
    return False


def _parted(
    stops: Sequence[Stop], own: Sequence[Lasts], *apart: Sequence[int]
) -> Iterator[tuple[Lasts, Sequence[Leg]]]:
    """Of two ways that part: how long each lasts from there, and what its waits are. What both
    begin with is none of them."""
    first, second = (stops[each[0]].legs for each in apart)
    same = [one == other for one, other in zip(first, second, strict=False)]
    common = same.index(False) if False in same else len(same)
    if any(isinstance(leg, SinceStart) for leg in (*first[common:], *second[common:])):
        common = 0
    for each in apart:
        legs = [*stops[each[0]].legs[common:], *(leg for n in each[1:] for leg in stops[n].legs)]
        begins = reduce(Lasts.then, map(lasts, stops[each[0]].legs[common:]), Lasts())
        begins = begins if common else own[each[0]]
        waits = [leg.wait if isinstance(leg, Upto) else leg for leg in legs]
        yield reduce(Lasts.then, (own[n] for n in each[1:]), begins), waits


def filled(
    stops: Sequence[Stop], start: int, where: Zone, known: Mapping[int, int]
) -> tuple[int, ...]:
    """When all stops are, if some are known, with ranges as short as they can be."""
    times: list[int] = []
    for place, (after, legs) in enumerate(stops):
        at = times[after] if after >= 0 else start
        for leg in legs if place not in known else ():
            if isinstance(leg, SinceStart):
                base = times[leg.base] if leg.base >= 0 else start
                at = max(at, piece(leg.wait, base, where).at)
            else:
                at = piece(leg, at, where).at if at < NEVER else NEVER
        times.append(known.get(place, at))
    return tuple(times)


class Reach:
    """The instants that a stop behind a range can lie at: what is fixed first, and then wait by
    wait, as sets.
    """

    def __init__(self, stops: Sequence[Stop], starts: Intervals, where: Zone) -> None:
        self._where = where
        self._stops = stops
        place = next(n for n, stop in enumerate(stops) if any(map(is_range, stop.legs)))
        ranged = stops[place]
        first = next(n for n, leg in enumerate(ranged.legs) if is_range(leg))
        self._fixed = [*stops[:place], Stop(ranged.after, ranged.legs[:first])]
        self._place = place
        self._legs = [
            (n, leg)
            for n, stop in enumerate(stops[place:], place)
            for leg in (stop.legs[first:] if n == place else stop.legs)
        ]
        self._sets = [starts, merged(self._image(self._fixed_at, starts))]
        for _, leg in self._legs:
            self._sets.append(merged(self._image(partial(self._ends, leg), self._sets[-1])))

    @property
    def instants(self) -> Intervals:
        """All of them."""
        return self._sets[-1]

    def back(self, at: int) -> tuple[int, list[int]]:
        """An entry from which the last stop can lie at an instant, and when the stops then are."""
        times: dict[int, int] = {len(self._stops) - 1: at}
        for (place, leg), before in zip(
            reversed(self._legs), reversed(self._sets[1:-1]), strict=True
        ):
            times.setdefault(place, at)
            at = self._from(partial(self._ends, leg), before, at)
        for place in range(self._place + 1, len(self._stops)):
            times.setdefault(place, times[place - 1])  # one without a wait
        start = self._from(self._fixed_at, self._sets[0], at)
        fixed = lay(self._fixed, start, self._where).at[:-1]
        return start, [*fixed, *(times[n] for n in range(self._place, len(self._stops)))]

    def _fixed_at(self, t: int) -> tuple[Piece, Piece]:
        laid = lay(self._fixed, t, self._where)
        one = Piece(laid.at[-1], laid.moves[-1], laid.border)
        return one, one

    def _ends(self, leg: Leg, t: int) -> tuple[Piece, Piece]:
        return piece(leg, t, self._where), piece(leg, t, self._where, far=True)

    def _pieces(
        self, ends: Callable[[int], tuple[Piece, Piece]], before: Intervals
    ) -> Iterator[tuple[int, int, Piece, Piece]]:
        """The pieces of a set: from, to, and what a wait does there at its shortest and longest."""
        for t, hi in before:
            while t < hi:
                near, far = ends(t)
                border = min(near.border, far.border, hi)
                yield t, border, near, far
                t = border

    def _image(
        self, ends: Callable[[int], tuple[Piece, Piece]], before: Intervals
    ) -> Iterator[tuple[int, int]]:
        for t, border, near, far in self._pieces(ends, before):
            if near.at < NEVER:
                last = far.at + (border - t - 1 if far.moves else 0)
                yield near.at, min(last, LATEST) + 1

    def _from(self, ends: Callable[[int], tuple[Piece, Piece]], before: Intervals, at: int) -> int:
        """An instant of a set from which a wait can end at `at`."""
        found = (_source(at, *each) for each in self._pieces(ends, before))
        return next(instant for instant in found if instant is not None)


def _source(at: int, t: int, border: int, near: Piece, far: Piece) -> int | None:
    """The first instant of a piece [t, border) from which a wait can end at `at`: the shortest must
    not pass it, and the longest has to reach it."""
    first = max(t, t + at - far.at) if far.moves else t
    last = min(border - 1, t + at - near.at) if near.moves else border - 1
    reaches = far.moves or at <= far.at
    return first if near.at <= at and reaches and first <= last else None
