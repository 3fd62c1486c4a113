"""The wait that grows so that a touch comes later: where it stands, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cadence_guard._struct import struct
from cadence_guard.cadence import (
    BusinessDays,
    Cadence,
    Elapsed,
    Enter,
    LocalDays,
    Node,
    Pause,
    Step,
    Wait,
    Where,
)
from cadence_guard.check import assumptions
from cadence_guard.check.before import book_before
from cadence_guard.check.fix.edits import BEFORE, Edit, grown, unit_of
from cadence_guard.check.fix.graph import is_slot
from cadence_guard.check.fix.routes import Route, is_retry, legs_of, loops_around, times_of
from cadence_guard.check.layout import Leg, SinceStart, apply, lay
from cadence_guard.check.paths import Made, Path
from cadence_guard.check.proof import Objected
from cadence_guard.instants import HOUR, NEVER, PERIOD, WEEK, to_datetime

_SAMPLES: Final = range(0, WEEK, 2 * HOUR)
"""Starts, counted from the one the proof names, that are looked at before it is asked again."""


@struct
class Grows:
    """The wait that is lengthened: where it stands, what it is, and how it grows.

    `behind` is how many waits come between it and the touch. A wait of None is one yet to be put
    there.
    """

    where: Where
    wait: Wait | None
    since_start: bool
    behind: int

    @property
    def unit(self) -> int:
        """What it grows by, in microseconds."""
        return unit_of(self.wait)

    def legs(self, legs: tuple[Leg, ...], amount: int) -> tuple[Leg, ...]:
        """The legs to the touch, with this wait so many units longer."""
        place = len(legs) - self.behind
        before, behind = legs[:place], legs[place:]
        longer = grown(self.wait, amount)
        if self.since_start or not isinstance(longer, Elapsed):
            own = before[-1]
            leg: Leg = SinceStart(longer, own.base) if isinstance(own, SinceStart) else longer
            return (*before[:-1], leg, *behind)
        more = longer.low - (self.wait.low if isinstance(self.wait, Elapsed) else 0)
        return (*before, Elapsed(more, more), *behind)


# -- where ---------------------------------------------------------------------------------------


def wait_before(
    cadence: Cadence, path: Path, index: int, route: Route | None, edits: Mapping[Where, Edit]
) -> Grows:
    """The wait to lengthen so that a stop comes later: the last on its way that no other turn of a
    loop has to itself. If there is none, where one is to be put; `edits` are those that were put
    already."""
    node = node_of(path, index)
    if isinstance(node, Step) and is_retry(path, index):
        return Grows((*node.where, "retry", "every"), node.every, False, 0)
    put, slot = Grows((*node.where, BEFORE), None, False, 0), None
    origin, nodes = route or Route((), ())
    loops = loops_around(node.where) & loops_around(origin)
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        if not isinstance(node, Pause):
            break
        behind = len(legs_of(nodes[place + 1 :]))
        fits = loops_around(node.where) <= loops
        if is_slot(node):
            slot = slot or (Grows(node.where, None, False, behind) if fits else None)
        elif not _is_until(cadence, node, path, index):
            if fits:
                return Grows(node.where, node.wait, node.since_start, behind)
        else:  # what makes it later comes before it
            put, slot = Grows((*node.where, BEFORE), None, False, behind + 1), None
    known = edits.get(put.where)
    return slot or (replace(put, wait=known.new) if known else put)


def _is_until(cadence: Cadence, pause: Pause, path: Path, index: int) -> bool:
    """Whether a wait ends at a time of its own: if it is counted from the entry, and comes again
    and again up to a stop, it does as well."""
    if isinstance(pause.wait, (Elapsed, LocalDays, BusinessDays)):
        return pause.since_start and times_of(cadence, path, index, pause.where) > 1
    return True


def node_of(path: Path, index: int) -> Node:
    """The node of a stop that a wait can make later: a step, or where a cadence is entered."""
    what = path.items[index].what
    if isinstance(what, Made):
        return what.step
    assert isinstance(what, Enter)  # at nothing else is a touch
    return what


# -- how long ------------------------------------------------------------------------------------


def amounts(
    objected: Objected, index: int, grows: Grows, cadence: Cadence, end: int
) -> Iterator[int]:
    """By how many units the wait before a stop has to grow for the touch to be free, for the start
    that was named and others near it that are before `end`."""
    path, zone = objected.path, objected.zone
    times = objected.times
    near = _ends(objected, index, objected.start, times, path.items[index].stop.legs, far=False)
    yield _amount(objected, index, grows, objected.start, times, far=near != times[index])
    way = [item.stop for item in path.items]
    hours = cadence.entry_hours
    for offset in _SAMPLES:
        start = objected.start + offset
        if start < end and (
            path.fresh or hours is None or hours.next_open(start, (zone,))[0] == start
        ):
            laid = tuple(lay(way, start, zone).at)
            yield _amount(objected, index, grows, start, laid, far=False)


def free_at(objected: Objected, start: int, times: Sequence[int]) -> int:
    """When the entry lets a touch of a way pass, if all that was before it stays as it is."""
    index = objected.index
    book = book_before(objected.path, start, times, index, objected.zone)
    touch = assumptions.touch_of(objected.cadence, objected.step)
    touch = touch.model_copy(update={"at": to_datetime(times[index])})
    return objected.entry.next_open(times[index], book.case(touch, times[index]))[0]


def _amount(
    objected: Objected, index: int, grows: Grows, start: int, times: Sequence[int], *, far: bool
) -> int:
    """By how many units the wait has to grow for one start; 0 if it need not or cannot."""
    at = times[objected.index]
    free = free_at(objected, start, times) if at < NEVER else at
    if free in (at, NEVER):
        return 0
    due = times[index] + free - at
    legs = objected.path.items[index].stop.legs
    low, high = 0, PERIOD // grows.unit
    while high - low > 1:
        middle = (low + high) // 2
        ends = _ends(objected, index, start, times, grows.legs(legs, middle), far=far)
        low, high = (low, middle) if ends >= due else (middle, high)
    return high


def _ends(
    objected: Objected,
    index: int,
    start: int,
    times: Sequence[int],
    legs: Sequence[Leg],
    *,
    far: bool,
) -> int:
    """When a stop is come to from the one before it, by these legs."""
    after = objected.path.items[index].stop.after

    def place(of: int) -> int:
        return start if of < 0 else times[of]

    at = place(after)
    for leg in legs:
        if at == NEVER:
            break
        if isinstance(leg, SinceStart):
            at = max(at, apply(leg.wait, place(leg.base), objected.zone, far=far))
        else:
            at = apply(leg, at, objected.zone, far=far)
    return at
