"""Waits as functions of time, and a way through a cadence laid out from a start.

Each wait, in a zone, takes an instant to one that is not earlier, and is *piecewise a translation
or a constant*: from an instant on and up to a border, the end either moves along with it or stands
still. `piece` says which, and up to where. A chain of waits is such a function again, and so is
every touch of a cadence as a function of the start: `lay` follows the pieces of all its waits at
once. So nothing has to be sampled: between two borders everything is known.

On wall clocks, one definition for all waits: a wall time that is shown twice is its first instant;
one that is skipped is the instant as long after the gap begins as it lies in it (RFC 5545; Python's
`fold=0`). A wait until the wall shows something asks the wall itself: a skipped time is never
shown, a repeated one twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from cadence_guard import instants
from cadence_guard._struct import struct
from cadence_guard.cadence import (
    BusinessDays,
    Elapsed,
    LocalDays,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
    Wait,
)
from cadence_guard.instants import DAY, NEVER, PERIOD, WEEK, Hours, Zone, to_us

LATEST: Final = to_us(datetime(2200, 1, 1, tzinfo=UTC))
"""What comes later is as good as never: nothing is laid out there."""
_WORKDAYS: Final = 5
_WEEK: Final = 7
_EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday


@struct
class Upto:
    """At any instant from now on and before `wait` ends: a signal that is waited for. NEVER if that
    ends at once."""

    wait: Wait


@struct
class SinceStart:
    """Until `wait`, counted from the entry or from another stop, has ended; not at all if it has
    already."""

    wait: Wait
    base: int = -1


@struct
class Border:
    """Where `legs`, one after another, jump back, so that who begins later is through earlier: the
    jump of that `number`, from when they can begin on."""

    legs: tuple[Leg, ...]
    number: int


@struct
class Beside:
    """A range that falls as it must to end `by` after another stop, or after a wait that begins
    there; if that is not within the range, as near to it as may be. With a `Border` it is that."""

    leg: Wait | Upto
    base: int
    by: int
    wait: Wait | Border | None = None


Leg: TypeAlias = Wait | Upto | SinceStart | Beside


class Piece(NamedTuple):
    """What a wait does from one instant on and before `border`: it ends at `at`, and that moves
    along with the instant or stands still."""

    at: int
    moves: bool
    border: int


class Stop(NamedTuple):
    """A place on a way: so many waits after the stop of that index, or after the entry (-1)."""

    after: int
    legs: tuple[Leg, ...]


class Laid(NamedTuple):
    """Where the stops of a way lie, which of them move along with the start, and the next start
    for which that may be another thing. A stop that is never reached lies at NEVER. `possible` is
    False if nobody goes this way: a signal is waited for until what has come already."""

    at: list[int]
    moves: list[bool]
    border: int
    possible: bool = True


_NEVER: Final = Piece(NEVER, False, NEVER)
_UTC: Final = instants.zone("UTC")


def apply(wait: Leg, t: int, zone: Zone, *, far: bool = False) -> int:
    """When a wait that begins at `t` ends; NEVER if it does not before 2200."""
    return piece(wait, t, zone, far=far).at


def pieces(
    wait: Leg, lo: int, hi: int, zone: Zone, *, far: bool = False
) -> list[tuple[int, Piece]]:
    """What a wait does for every instant of [lo, hi): (from, piece), in order."""
    found: list[tuple[int, Piece]] = []
    while lo < hi:
        one = piece(wait, lo, zone, far=far)
        found.append((lo, one))
        lo = one.border
    return found


def piece(wait: Leg, t: int, zone: Zone, *, far: bool = False) -> Piece:
    """What a wait does from `t` on. A range ends as early as it can or, if `far`, as late.

    A wait without an end takes 400 days at most, longer than any rule looks back. Raises TypeError
    for `Unknown`, which is no function, and `SinceStart`, which needs the entry.
    """
    match wait:
        case Elapsed(low=low, high=high):
            at = t + (low if not far else low + PERIOD if high is None else high)
            return Piece(at, True, NEVER) if at < LATEST else _NEVER
        case LocalDays(days=days):
            return local_days(days, t, zone)
        case BusinessDays(days=days):
            return business_days(days, t, zone)
        case UntilOpen(hours=hours, zone=name):
            clock = zone if name is None else instants.zone(name)
            opens, closes = hours.next_open(t, (clock,))
            return Piece(t, True, closes) if opens == t else _standing(opens)
        case UntilClock(clock=clock, days=days):
            return _standing(until_clock(clock, days, t, zone))
        case UntilDay(days=days):
            return until_day(days, t, zone)
        case UntilDate(at=at, local=local):
            end = on_wall(at, zone)[0] if local and at < LATEST else at
            return _standing(end) if end > t else Piece(t, True, NEVER)
        case Upto(wait=inner):
            at, moves, border = piece(inner, t, zone, far=True)
            if at == t:
                return _NEVER._replace(border=border)  # it is over at once
            border = border if moves else at
            if not far:
                return Piece(t, True, border)
            return Piece(at - 1 if at < NEVER else at, moves, border)
        case _:
            raise TypeError(f"not a function of time: {wait!r}")


def _standing(at: int) -> Piece:
    return Piece(at, False, at + 1) if at < LATEST else _NEVER


def on_wall(local: int, zone: Zone) -> tuple[int, int]:
    """The instant at which the wall shows `local`, and the next wall time that is read by another
    offset. Shown twice, it is the first; skipped, it is as long after the gap begins as it lies in
    it."""
    _, end, offset = zone.at(local - DAY)
    while True:
        following = zone.at(end)
        border = end + max(offset, following.offset)
        if local < border:
            return local - offset, border
        end, offset = following.end, following.offset


def local_days(days: int, t: int, zone: Zone) -> Piece:
    """As many days later at the same wall time (`on_wall`); no days are no wait."""
    if not days:
        return Piece(t, True, NEVER)
    _, end, offset = zone.at(t)
    return _days_later(days, t, end, offset, zone)


def _days_later(days: int, t: int, end: int, offset: int, zone: Zone) -> Piece:
    local = t + offset + days * DAY
    if local >= LATEST:
        return _NEVER
    at, border = on_wall(local, zone)
    return Piece(at, True, min(end, t + border - local))


def business_days(days: int, t: int, zone: Zone) -> Piece:
    """As many days of Monday to Friday later at the same wall time (`on_wall`): from a Saturday,
    one such day later is Monday. No days are no wait."""
    if not days:
        return Piece(t, True, NEVER)
    _, end, offset = zone.at(t)
    local = t + offset
    weekday = (local // DAY + _EPOCH_WEEKDAY) % 7
    since_friday = max(0, weekday - 4)
    weeks, rest = divmod(days, _WORKDAYS)
    over = 2 if weekday - since_friday + rest >= _WORKDAYS else 0
    midnight = t + DAY - local % DAY
    later = weeks * 7 + rest + over - since_friday
    return _days_later(later, t, min(end, midnight), offset, zone)


def until_day(days: frozenset[int], t: int, zone: Zone) -> Piece:
    """The first of some days, today included, at the same wall time (`on_wall`); NEVER for none."""
    _, end, offset = zone.at(t)
    local = t + offset
    weekday = (local // DAY + _EPOCH_WEEKDAY) % 7
    later = next((ahead for ahead in range(7) if (weekday + ahead) % 7 in days), None)
    if later is None:
        return _NEVER
    end = min(end, t + DAY - local % DAY)
    return _days_later(later, t, end, offset, zone) if later else Piece(t, True, end)


def until_clock(clock: int, days: frozenset[int], t: int, zone: Zone) -> int:
    """The first instant from `t` on, itself included, at which the wall shows `clock` on one of the
    days; NEVER if there is none within 400 days. A time that is skipped is not shown on that day,
    and one that is shown twice counts twice."""
    limit = t + PERIOD
    while days and t < limit:
        _, end, offset = zone.at(t)
        local = t + offset
        shown = local + (clock - local) % DAY
        while shown - offset < end:
            if (shown // DAY + _EPOCH_WEEKDAY) % 7 in days:
                return shown - offset
            shown += DAY
        t = end
    return NEVER


def least(leg: Leg, shift: int = DAY) -> int:
    """What a wait takes at least, in microseconds; 0 if that depends on when it begins. `shift` is
    how far clocks are put forward or back at most."""
    match leg:
        case Elapsed(low=low):
            return low
        case LocalDays(days=days) if days:
            return max(0, days * DAY - shift)
        case BusinessDays(days=days) if days:  # from a Sunday
            return max(0, (days + 2 * ((days - 1) // _WORKDAYS)) * DAY - shift)
        case _:
            return 0


def most(leg: Leg, shift: int = DAY) -> int | None:
    """What a wait takes at most, in microseconds; None if nobody can say. (A leg that counts from
    the entry is not asked for.)"""
    match leg:
        case Elapsed(high=high):
            return high
        case LocalDays(days=days):
            return days * DAY + (shift if days else 0)
        case BusinessDays(days=days):  # from a Friday
            weekends = (days + _WORKDAYS - 1) // _WORKDAYS
            return (days + 2 * weekends) * DAY + (shift if days else 0)
        case UntilOpen(hours=hours, zone=name):
            return _longest_closed(hours, shift if name is None else DAY)
        case UntilClock(days=days) if len(days) == _WEEK:
            return 2 * DAY + shift  # tomorrow, or behind a skipped hour
        case UntilClock(days=days) if days:
            return 16 * DAY  # a week, and another one if a skipped hour is meant
        case UntilDay(days=days) if days:
            return 6 * DAY + shift
        case Upto(wait=wait):
            return most(wait, shift)
        case _:
            return None


@lru_cache(maxsize=1024)
def _longest_closed(hours: Hours, shift: int) -> int | None:
    """How long hours are closed in a row at most, also if a clock change skips an opening."""
    t, longest, shortest = 0, 0, WEEK
    while t < 2 * WEEK:
        opens, closes = hours.next_open(t, (_UTC,))
        longest, shortest = max(longest, opens - t), min(shortest, closes - opens)
        t = closes
    if longest > WEEK:
        return None
    return longest + shift if shortest > shift else 2 * (longest + DAY)


def is_range(leg: Leg) -> bool:
    """Whether it can end at several instants."""
    if isinstance(leg, SinceStart):
        leg = leg.wait
    return isinstance(leg, Upto) or (isinstance(leg, Elapsed) and leg.high != leg.low)


class Lasts(NamedTuple):
    """How long something takes at least and at most (None: nobody can say), and whether a range is
    in it."""

    low: int = 0
    high: int | None = 0
    ranged: bool = False

    def then(self, other: Lasts) -> Lasts:
        """This, and then another one."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return Lasts(self.low + other.low, high, self.ranged or other.ranged)


def lasts(leg: Leg) -> Lasts:
    """How long a wait lasts."""
    return Lasts(least(leg), most(leg), is_range(leg))


class Settled(NamedTuple):
    """A way whose waits from the entry are settled as far as may be; how long each stop is after
    the one it hangs on; and the waits that are not, as (stop, place among its legs)."""

    stops: list[Stop]
    own: list[Lasts]
    open: list[tuple[int, int]]


def settled(way: Sequence[Stop]) -> Settled:
    """The same way without waits that are counted from the entry and yet hang on a range, as far
    as it does not depend on how that falls: those that end later, whatever happens, count from the
    entry alone, and those that end earlier are left out."""
    stops: list[Stop] = []
    own: list[Lasts] = []
    left: list[tuple[int, int]] = []
    for place, (after, legs) in enumerate(way):
        kept: list[Leg] = []
        mine = Lasts()
        for leg in legs:
            if isinstance(leg, SinceStart) and leg.base == after and not kept:
                leg = leg.wait  # it begins where it is counted from
            if not isinstance(leg, SinceStart):
                kept.append(leg)
                mine = mine.then(lasts(leg))
                continue
            since, at = mine, after
            while at not in (leg.base, -1):
                since, at = own[at].then(since), stops[at].after
            wait = lasts(leg.wait)
            known = at == leg.base
            if known and not (since.ranged or wait.ranged):
                kept.append(leg)
                low = wait.low if leg.base == after else 0
                mine = Lasts(max(mine.low, low), _longer(mine.high, wait.high))
            elif known and since.high is not None and wait.low >= since.high:
                after, mine = leg.base, wait
                kept = list[Leg]((leg.wait,))
                left = [each for each in left if each[0] != place]
            elif not known or wait.high is None or wait.high > since.low:
                left.append((place, len(kept)))
                kept.append(leg)
                mine = Lasts(mine.low, _longer(mine.high, wait.high), ranged=True)
        stops.append(Stop(after, tuple(kept)))
        own.append(mine)
    return Settled(stops, own, left)


def _longer(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def joined(one: Leg, other: Leg) -> Elapsed | None:
    """Two elapsed waits, one after the other, as one."""
    if not isinstance(one, Elapsed) or not isinstance(other, Elapsed):
        return None
    high = None if one.high is None or other.high is None else one.high + other.high
    return Elapsed(one.low + other.low, high)


def as_waits(stop: Stop) -> Stop:
    """The same stop, with an elapsed time in which a signal comes as the range it is."""
    legs: list[Leg] = []
    for leg in stop.legs:
        if isinstance(leg, Upto) and isinstance(leg.wait, Elapsed):
            high = leg.wait.high
            leg = Elapsed(0, None if high is None else max(high - 1, 0))
        if legs and (both := joined(legs[-1], leg)):
            legs[-1] = both
        else:
            legs.append(leg)
    return Stop(stop.after, tuple(legs))


def _border(border: Border, begins: Piece, ends: Piece, start: int, zone: Zone) -> Piece:
    """Where some waits jump back, from something on that moves or stands, and before another."""
    t, number = begins.at, border.number
    value, end = _composed(border.legs, t, zone) if t < NEVER else (NEVER, NEVER)
    until = start + end - t if begins.moves and end < NEVER else NEVER
    while end <= ends.at:
        last = _composed(border.legs, end - 1, zone)[0]
        t = end
        value, end = _composed(border.legs, t, zone)
        if value < last:
            if not number:
                return Piece(t, False, min(until, begins.border))
            number -= 1
    if ends.moves and end < NEVER:
        until = min(until, start + end - ends.at)
    return Piece(NEVER, False, min(until, begins.border, ends.border))


def _composed(legs: Sequence[Leg], t: int, zone: Zone) -> tuple[int, int]:
    """Where some waits end that begin at an instant, and up to where that piece of them lasts."""
    at, moves, end = t, True, NEVER
    for leg in legs:
        if at < NEVER:
            one = piece(leg, at, zone)
            if moves and one.border < NEVER:
                end = min(end, t + one.border - at)
            at, moves = one.at, moves and one.moves
    return at, end


def _later(one: Piece, other: Piece, start: int) -> Piece:
    """The later of two, and the first start for which that may be another thing."""
    border = min(one.border, other.border)
    if other.at > one.at:
        overtakes = one.moves and not other.moves
        return other._replace(
            border=min(border, start + other.at - one.at) if overtakes else border
        )
    overtakes = other.moves and not one.moves
    return one._replace(border=min(border, start + one.at - other.at + 1) if overtakes else border)


def _sooner(one: Piece, other: Piece, start: int) -> Piece:
    """The same for the earlier one."""
    border = min(one.border, other.border)
    if other.at < one.at:
        overtakes = other.moves and not one.moves
        return other._replace(
            border=min(border, start + one.at - other.at) if overtakes else border
        )
    overtakes = one.moves and not other.moves
    return one._replace(border=min(border, start + other.at - one.at + 1) if overtakes else border)


def _since(wait: Leg, begins: Piece, start: int, zone: Zone, *, far: bool = False) -> Piece:
    """A wait that begins at something that moves or stands; borders are starts."""
    if begins.at == NEVER:
        return _NEVER
    at, moves, border = piece(wait, begins.at, zone, far=far)
    if not begins.moves:
        return Piece(at, False, begins.border)
    border = start + border - begins.at if border < NEVER else NEVER
    return Piece(at, moves, min(border, begins.border))


def _held(
    leg: SinceStart | Beside, mine: Piece, base: Piece, start: int, zone: Zone, *, far: bool
) -> Piece:
    """Where a wait ends that begins at `mine` and is held against another time, counted from
    `base`."""
    if isinstance(leg, SinceStart):
        return _later(mine, _since(leg.wait, base, start, zone, far=far), start)
    first = _since(leg.leg, mine, start, zone)
    last = _since(leg.leg, mine, start, zone, far=True)
    if isinstance(leg.wait, Border):
        base = _border(leg.wait, first, last, start, zone)
    elif leg.wait is not None:
        base = _since(leg.wait, base, start, zone)
    wanted = base._replace(at=base.at + leg.by) if base.at < NEVER else base
    return _sooner(_later(first, wanted, start), last, start)


def lay(
    way: Sequence[Stop],
    start: int,
    zone: Zone,
    *,
    far: bool | Collection[int] = False,
    order: Sequence[int] = (),
) -> Laid:
    """Where the stops of a way lie for an entry at `start`. Ranges are as short as they can be or,
    if `far`, as long; `far` may also name the stops for which they are. `order` is one in which
    each stop comes behind those it asks for; without one they stand so."""
    count = len(way)
    times = [NEVER] * count
    moving = [False] * count
    border, possible = NEVER, True
    for place in order or range(count):
        after, legs = way[place]
        long = far if isinstance(far, bool) else place in far
        at, moves = (start, True) if after < 0 else (times[after], moving[after])
        for leg in legs:
            if at == NEVER:
                break
            possible = possible and not _is_void(leg, at, zone)
            if isinstance(leg, (SinceStart, Beside)):
                since = (start, True) if leg.base < 0 else (times[leg.base], moving[leg.base])
                mine, base = Piece(at, moves, NEVER), Piece(*since, NEVER)
                at, moves, until = _held(leg, mine, base, start, zone, far=long)
                border = min(border, until)
                continue
            one = piece(leg, at, zone, far=long)
            if moves:
                if one.border < NEVER:
                    border = min(border, start + one.border - at)
                moves = one.moves
            at = one.at
        times[place], moving[place] = at, moves
    return Laid(times, moving, border, possible)


def _is_void(leg: Leg, t: int, zone: Zone) -> bool:
    """Whether no signal can come in a wait for it that begins at `t`: it is over at once."""
    leg = leg.leg if isinstance(leg, Beside) else leg
    return isinstance(leg, Upto) and piece(leg, t, zone).at == NEVER
