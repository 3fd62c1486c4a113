"""Ranges: a wait that ends at any instant between two is a choice, and so is when a signal comes.

How the ranges of a way fall is laid out as a handful of choices: at their shortest and longest, in
every combination of those that fall freely of one another, and as they must fall for two touches to
meet. And `Reach` says which instants a stop behind a range can lie at, and from which entry.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from itertools import chain, combinations, product
from typing import Final, NamedTuple

from cadence_guard.cadence import BusinessDays, Elapsed, LocalDays, UntilDate, UntilDay, Wait
from cadence_guard.check.layout import (
    LATEST,
    Beside,
    Border,
    Lasts,
    Leg,
    Piece,
    SinceStart,
    Stop,
    Upto,
    as_waits,
    is_range,
    lasts,
    lay,
    least,
    most,
    piece,
)
from cadence_guard.instants import DAY, NEVER, PERIOD, WEEK, Zone
from cadence_guard.rules._sets import Intervals, merged

_LOOSE: Final = 60 * DAY
"""What may take longer is not taken as a range of any length up to that."""


class Limits(NamedTuple):
    """How many ranges of a way may fall freely of one another, each at its shortest and longest,
    and how many ways for them to fall are looked at."""

    free: int
    falls: int


FEW: Final = Limits(free=5, falls=120)
MANY: Final = Limits(free=7, falls=600)
"""The same where it is worth more."""


def wait_of(leg: Leg) -> Leg:
    """The wait within a leg."""
    if isinstance(leg, Beside):
        leg = leg.leg
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
    """A way with ranges, and how they fall: at their longest at some stops, as they are `Beside`
    something, else at their shortest."""

    stops: list[Stop]
    far: frozenset[int] = frozenset()
    order: tuple[int, ...] = ()
    """One in which each stop comes behind those it asks for, if they do not stand so."""


class Meeting(NamedTuple):
    """Where a stop may come beside another one: how ranges fall then is to be looked at.

    `stop` is one that hangs on a range, or so many of its `legs`; it meets the stop `base`, or a
    wait from there, as much later as each of `by`. With `borders`, the range ends at each of the
    first so many borders of what its legs do.
    """

    stop: int
    legs: int
    base: int
    by: tuple[int, ...]
    wait: Wait | None = None
    borders: int = 0


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


def modes_of(
    stops: Sequence[Stop], together: bool, limits: Limits = FEW
) -> list[frozenset[int]] | None:
    """For which stops the ranges are at their longest, or not: together, those of one stretch that
    hangs together. None if these are too many choices."""
    by_stretch: dict[int, list[int]] = {}
    for place in ranges_of(stops):
        key = chain_of(stops, place)[0] if together else place
        by_stretch.setdefault(key, []).append(place)
    if len(by_stretch) > limits.free:
        return None
    chosen = product(*([(), stretch] for stretch in by_stretch.values()))
    return [frozenset(chain.from_iterable(choice)) for choice in chosen]


def free_of(stops: Sequence[Stop], place: int, legs: int, base: int) -> list[int] | None:
    """The ranges that a stop, or so many of its legs, hangs on and another one does not. None if
    what comes behind one of them is not elapsed time alone."""
    besides = frozenset(chain_of(stops, base) if base >= 0 else ())
    apart = [n for n in chain_of(stops, place) if n not in besides]
    found: list[int] = []
    for n in apart:
        ranged = [leg for leg in stops[n].legs[: legs if n == place else None] if is_range(leg)]
        if ranged:
            found.append(n)
        if len(ranged) > 1 or any(isinstance(leg, SinceStart) for leg in ranged):
            return None
    behind = _behind(stops, found[0], place, legs) if found else ()
    return found if all(isinstance(leg, Elapsed) for _, leg in behind) else None


def _behind(stops: Sequence[Stop], ranged: int, place: int, legs: int) -> Iterator[tuple[int, Leg]]:
    """The legs behind the range of a stop up to so many legs of one that hangs on it, each with
    its stop."""
    passed = False
    for n in chain_of(stops, place):
        for leg in stops[n].legs[: legs if n == place else None]:
            if passed:
                yield n, leg
            passed = passed or (n == ranged and is_range(leg))


def falls_of(
    stops: list[Stop],
    modes: Sequence[frozenset[int]],
    meetings: Sequence[Meeting],
    limits: Limits = FEW,
) -> list[Choice] | None:
    """How ranges fall: in each of the modes, and with some of them so that some stops meet. None if
    these are too many."""
    found = [Choice(stops, far) for far in modes]
    known = {(choice.far, frozenset[tuple[int, Beside]]()) for choice in found}
    fallen = [dict[int, Beside]() for _ in found]
    freed = [(meeting, place) for meeting in meetings for place in _freed(stops, meeting)]
    for choice, beside in zip(found, fallen, strict=True):
        for meeting, place in freed:
            for one in _besides(choice, beside, meeting, place):
                others = {**beside, place: one}
                others_there = sum(map(is_range, stops[place].legs)) > 1
                far = choice.far if others_there else choice.far - {place}
                key = far, frozenset(others.items())
                if key in known:
                    continue
                known.add(key)
                moved = [*choice.stops]
                moved[place] = _fallen(stops[place], one)
                stands = not choice.order and max(_asks(moved[place])) < place
                order = () if stands else _order(moved)
                if order is None:
                    continue  # each of them would hang on the other
                if len(found) >= limits.falls:
                    return None
                found.append(Choice(moved, far, order))
                fallen.append(others)
    return found


def _freed(stops: Sequence[Stop], meeting: Meeting) -> Sequence[int]:
    """The ranges that can fall for a meeting."""
    if not meeting.borders:
        return free_of(stops, meeting.stop, meeting.legs, meeting.base) or ()
    return [n for n in chain_of(stops, meeting.stop) if _before(stops, n, meeting)]


def _before(stops: Sequence[Stop], place: int, meeting: Meeting) -> bool:
    """Whether a stop has a range among the legs that a meeting is about."""
    legs = stops[place].legs[: meeting.legs if place == meeting.stop else None]
    return any(map(is_range, legs))


def _besides(
    choice: Choice, beside: Mapping[int, Beside], meeting: Meeting, place: int
) -> Iterator[Beside]:
    """How the range of a stop falls for a meeting, if the other ranges fall as chosen."""
    if place in beside:
        return
    leg = next(leg for leg in choice.stops[place].legs if is_range(leg))
    assert isinstance(leg, (Elapsed, Upto))
    for n in chain_of(choice.stops, meeting.stop):
        if n in beside and place in chain_of(choice.stops, n):
            return  # which sets when it is
    legs: list[Leg] = []
    later = 0
    for n, each in _behind(choice.stops, place, meeting.stop, meeting.legs):
        if isinstance(each, Elapsed):
            high = each.low + PERIOD if each.high is None else each.high
            length = high if n in choice.far else each.low
            each = Elapsed(length, length)
            later += length
        legs.append(each)
    for by in meeting.by:
        if not meeting.borders:
            yield Beside(leg, meeting.base, by - later, meeting.wait)
        for number in range(meeting.borders):
            yield Beside(leg, -1, by, Border(tuple(legs), number))


def drops_of(stops: Sequence[Stop]) -> list[Meeting] | None:
    """Where a wait behind a range may end the earlier the later it begins: over a weekend, or a
    clock change. It does where one of its pieces ends, so the ranges before it are to end there,
    and right before. None if that is too often, or depends on another stop."""
    found: list[Meeting] = []
    for place, stop in enumerate(stops):
        for n, leg in enumerate(stop.legs):
            if not isinstance(leg, (LocalDays, BusinessDays, UntilDay)):
                continue
            meeting = Meeting(place, n + 1, -1, (0, -1), borders=1)
            ranges = _freed(stops, meeting)
            legs = [
                each
                for k in chain_of(stops, place)
                for each in stops[k].legs[: n + 1 if k == place else None]
            ]
            if not ranges:
                continue
            first = next(k for k, each in enumerate(legs) if is_range(each))
            behind = legs[first:]
            widths = [_width(each) for each in behind if is_range(each)]
            if len(widths) > len(ranges) or None in widths:
                return None
            if any(isinstance(each, SinceStart) for each in behind):
                return None
            width = sum(width or 0 for width in widths)
            jumps = sum(_jumps(each, width) for each in behind)
            found.append(meeting._replace(borders=jumps))
    return found


def _jumps(leg: Leg, width: int) -> int:
    """How often a wait can jump back within so long a time: into a Saturday and a Sunday, into a
    day that it waits for, or where clocks are changed."""
    clocks = 2 + width // (90 * DAY)
    match leg:
        case LocalDays():
            return clocks
        case BusinessDays():
            return clocks + 2 * (1 + width // WEEK)
        case UntilDay(days=days):
            return clocks + len(days) * (1 + width // WEEK)
        case _:
            return 0


def _width(leg: Leg) -> int | None:
    """How wide an elapsed range is."""
    return leg.high - leg.low if isinstance(leg, Elapsed) and leg.high is not None else None


def _fallen(stop: Stop, one: Beside) -> Stop:
    """A stop whose first range falls beside something."""
    first = next(n for n, leg in enumerate(stop.legs) if is_range(leg))
    return Stop(stop.after, (*stop.legs[:first], one, *stop.legs[first + 1 :]))


def _asks(stop: Stop) -> set[int]:
    """The stops that one has to know of."""
    return {stop.after, *(leg.base for leg in stop.legs if isinstance(leg, (SinceStart, Beside)))}


def _order(stops: Sequence[Stop]) -> tuple[int, ...] | None:
    """An order in which each stop comes behind those it asks for; None if there is none."""
    asks = [_asks(stop) for stop in stops]
    order: list[int] = []
    known, left = {-1}, list(range(len(stops)))
    while left:
        rest: list[int] = []
        for n in left:
            if asks[n] <= known:
                known.add(n)
                order.append(n)
            else:
                rest.append(n)
        if len(rest) == len(left):
            return None
        left = rest
    return tuple(order)


def meetings_of(
    stops: Sequence[Stop], own: Sequence[Lasts], care: Callable[[int, int], bool]
) -> list[Meeting] | None:
    """Where two stops, one of them behind a range that the other does not hang on, can come in
    either order, and somebody cares for it. None if that hangs on a range and on the clock at
    once."""
    found: list[Meeting] = []
    chains = [chain_of(stops, place) for place in range(len(stops))]
    within = [frozenset(chain) for chain in chains]
    for pair in combinations(range(len(stops)), 2):
        if pair[0] in within[pair[1]]:
            continue  # one hangs on the other
        apart = [[n for n in chains[a] if n not in within[b]] for a, b in (pair, pair[::-1])]
        first, second = (reduce(Lasts.then, (own[n] for n in each)) for each in apart)
        if (
            not (first.ranged or second.ranged)
            or (first.high is not None and first.high < second.low)
            or (second.high is not None and second.high < first.low)
            or not care(*pair)
        ):
            continue
        for one, other in (pair, pair[::-1]):
            legs = len(stops[one].legs)
            if free_of(stops, one, legs, other) is None:
                return None
            found.append(Meeting(one, legs, other, (0, 1) if one < other else (-1, 0)))
    return found


def unbound(stops: Sequence[Stop], start: int, shift: int) -> list[Stop] | None:
    """A way on which each wait behind a range is a range itself, from the least it can take to the
    most, whatever it hangs on, for entries from `start` on, if clocks are put forward or back by
    `shift` at most. So it can fall in every way that the
    real one can, and in others. None if one may take too long for that to tell anything."""
    found: list[Stop] = []
    own: list[Lasts] = []
    ranged: list[bool] = []
    for after, legs in stops:
        free = after >= 0 and ranged[after]
        mine = Lasts()
        kept: list[Leg] = []
        for leg in legs:
            free = free or is_range(leg)
            since, at = mine, after
            while isinstance(leg, SinceStart) and at not in (leg.base, -1):
                since, at = own[at].then(since), stops[at].after
            loose = _loose(leg, since, start, shift)
            if isinstance(leg, SinceStart) and at != leg.base:
                loose = Elapsed(0, None)
            if free and (loose.high is None or loose.high > _LOOSE) and leg != loose:
                return None
            kept.append(loose if free else leg)
            mine = mine.then(lasts(loose))
        found.append(as_waits(Stop(after, tuple(kept))))
        own.append(mine)
        ranged.append(free)
    return found


def _loose(leg: Leg, since: Lasts, start: int, shift: int) -> Elapsed:
    """The least and the most that a wait can take; `since` is how long it is after the stop that it
    counts from, if it counts from one."""
    wait = leg.wait if isinstance(leg, SinceStart) else leg
    low, high = least(wait, shift), most(wait, shift)
    if isinstance(wait, UntilDate):
        high = max(0, wait.at - start + DAY)
    if not isinstance(leg, SinceStart):
        return Elapsed(low, high)
    low = 0 if since.high is None else max(0, low - since.high)
    return Elapsed(low, None if high is None else max(0, high - since.low))


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


def reached(stops: Sequence[Stop], chain: Sequence[int]) -> bool:
    """Whether `Reach` knows the instants of the last stop of a chain: behind a range no wait counts
    from another stop, or it and all before it are elapsed time."""
    ranged = False
    for n in chain:
        for place, leg in enumerate(stops[n].legs):
            if isinstance(leg, SinceStart) and (ranged or is_range(leg)):
                fixed = isinstance(leg.wait, Elapsed) and not is_range(leg)
                before = leg.base < 0 or not ranges_of(
                    [stops[k] for k in chain_of(stops, leg.base)]
                )
                if is_range(leg) or not (fixed or before) or free_of(stops, n, place, -1) is None:
                    return False
            ranged = ranged or is_range(leg)
    return True


def image(
    leg: Leg, before: Intervals, where: Zone, spend: Callable[[int], None] = lambda _: None
) -> Intervals:
    """The instants at which a wait can end that begins at one of a set; `spend` is told how many
    pieces are looked at."""
    return merged(_image(partial(_ends, leg, where), before, spend))


def _ends(leg: Leg, where: Zone, t: int) -> tuple[Piece, Piece]:
    return piece(leg, t, where), piece(leg, t, where, far=True)


def _pieces(
    ends: Callable[[int], tuple[Piece, Piece]], before: Intervals, spend: Callable[[int], None]
) -> Iterator[tuple[int, int, Piece, Piece]]:
    """The pieces of a set: from, to, and what a wait does there at its shortest and longest."""
    for t, hi in before:
        count = 0
        while t < hi:
            near, far = ends(t)
            border = min(near.border, far.border, hi)
            yield t, border, near, far
            t, count = border, count + 1
        spend(count)


def _image(
    ends: Callable[[int], tuple[Piece, Piece]], before: Intervals, spend: Callable[[int], None]
) -> Iterator[tuple[int, int]]:
    for t, border, near, far in _pieces(ends, before, spend):
        if near.at < NEVER:
            last = far.at + (border - t - 1 if far.moves else 0)
            yield near.at, min(last, LATEST) + 1


class Common:
    """The sets that the reaches of several stops have in common, for the same starts in the same
    zone. `spend` is told how many pieces are looked at."""

    def __init__(self, spend: Callable[[int], None]) -> None:
        self.spend = spend
        self._known: dict[Hashable, tuple[int, Intervals]] = {}

    def of(self, key: Hashable, image: Iterator[tuple[int, int]]) -> tuple[int, Intervals]:
        """The set of that name, made of an `image` if it is not known, and a number for it."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self._known), merged(image)
        return known


class Reach:
    """The instants that a stop behind a range can lie at: what is fixed first, and then wait by
    wait, as sets. The stops are a chain, each hangs on the one before it.

    A wait that counts from another stop and may be over cannot be followed as a set; what comes up
    to it is elapsed time (`reached`), so all between the shortest and the longest is reached.
    """

    def __init__(
        self,
        stops: Sequence[Stop],
        starts: Intervals,
        where: Zone,
        common: Common | None = None,
    ) -> None:
        common = common or Common(lambda _: None)
        self._spend = common.spend
        self._where = where
        self._stops = stops
        legs = [
            (n, place, leg) for n, stop in enumerate(stops) for place, leg in enumerate(stop.legs)
        ]
        first = next(k for k, (_, _, leg) in enumerate(legs) if is_range(leg))
        for k in range(first, len(legs)):
            if isinstance(legs[k][2], SinceStart):
                first = k + 1
        place, cut = legs[first][:2] if first < len(legs) else (len(stops) - 1, len(stops[-1].legs))
        self._fixed = [*stops[:place], Stop(stops[place].after, stops[place].legs[:cut])]
        self._place = place
        self._legs = [(n, leg) for n, _, leg in legs[first:]]
        number, reached = common.of(tuple(self._fixed), _image(self._fixed_at, starts, self._spend))
        self._sets = [starts, reached]
        for _, leg in self._legs:
            image_ = _image(self._ends(leg), reached, self._spend)
            number, reached = common.of((number, leg), image_)
            self._sets.append(reached)

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
            at = self._from(self._ends(leg), before, at)
        for place in range(self._place + 1, len(self._stops)):
            times.setdefault(place, times[place - 1])  # one without a wait
        start = self._from(self._fixed_at, self._sets[0], at)
        fixed = self._fallen(start, at)[:-1]
        return start, [*fixed, *(times[n] for n in range(self._place, len(self._stops)))]

    def _fallen(self, start: int, at: int) -> list[int]:
        """When the stops up to the last that is fixed are, if that lies at an instant."""
        stops, far = self._fixed, frozenset[int]()
        for place in ranges_of(stops):
            longer = lay(stops, start, self._where, far=far | {place}).at
            if longer[-1] > at:
                stop = self._shortened(stops, place, start, far, longer[-1] - at)
                stops = [*stops[:place], stop, *stops[place + 1 :]]
                break
            far |= {place}
        return lay(stops, start, self._where, far=far).at

    def _shortened(
        self, stops: Sequence[Stop], place: int, start: int, far: frozenset[int], by: int
    ) -> Stop:
        """A stop whose ranges are so much less than at their longest."""
        after, legs = stops[place]

        def shorter(n: int) -> Elapsed:
            before = [*stops[:place], Stop(after, legs[:n])]
            begins = lay(before, start, self._where, far=far).at[-1]
            near, last = self._ends(legs[n])(begins)
            length = max(near.at, last.at - by) - begins
            return Elapsed(length, length)

        return Stop(
            after, tuple(shorter(n) if is_range(leg) else leg for n, leg in enumerate(legs))
        )

    def _fixed_at(self, t: int) -> tuple[Piece, Piece]:
        near = lay(self._fixed, t, self._where)
        far = lay(self._fixed, t, self._where, far=True)
        border = min(near.border, far.border)
        return (
            Piece(near.at[-1], near.moves[-1], border),
            Piece(far.at[-1], far.moves[-1], border),
        )

    def _ends(self, leg: Leg) -> Callable[[int], tuple[Piece, Piece]]:
        return partial(_ends, leg, self._where)

    def _from(self, ends: Callable[[int], tuple[Piece, Piece]], before: Intervals, at: int) -> int:
        """An instant of a set from which a wait can end at `at`."""
        found = (_source(at, *each) for each in _pieces(ends, before, self._spend))
        return next(instant for instant in found if instant is not None)


def _source(at: int, t: int, border: int, near: Piece, far: Piece) -> int | None:
    """The first instant of a piece [t, border) from which a wait can end at `at`: the shortest must
    not pass it, and the longest has to reach it."""
    first = max(t, t + at - far.at) if far.moves else t
    last = min(border - 1, t + at - near.at) if near.moves else border - 1
    reaches = far.moves or at <= far.at
    return first if near.at <= at and reaches and first <= last else None
