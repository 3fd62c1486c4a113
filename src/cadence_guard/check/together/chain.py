"""Entries of one person into one cadence, each so long after the one before it.

The starts are not free of one another then, but each only minds the next one. So they are chosen
from the last to the first: of two ways to have so many touches, the one whose earliest entry is the
later leaves more room for those before it, and nothing else matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple, TypeAlias

from cadence_guard.check.together.sights import Sight


class Entry(NamedTuple):
    """An entry, with how many touches it has in the window; `near`: one of them near. (`sight` is
    None where that is a bound.)"""

    start: int
    many: int
    near: bool
    sight: Sight | None = None


Latest: TypeAlias = Callable[[int, int, bool], Entry | None]
"""From an instant, a number, and whether one has to be near: the latest entry up to that instant
that has so many touches."""
Own: TypeAlias = Callable[[int], Iterable[Entry]]
"""The entries up to an instant that make the touch judged, each the latest of its kind."""


class Chain(NamedTuple):
    """Entries, the last one first; `own` makes the touch judged."""

    own: Entry
    others: tuple[Entry, ...]


class _State(NamedTuple):
    """Entries chosen so far. The next one has to be at `room` or before."""

    room: int
    own: Entry | None
    others: tuple[Entry, ...]


def chained(
    limit: int, again: int, t: int, latest: Latest, own: Own, *, near: bool
) -> Chain | None:
    """Entries up to `t`, `again` apart at least, that have `limit` touches before the touch judged,
    not all of them its own entry's; with `near` one of them near. None if there are none."""
    best: dict[tuple[bool, bool, int], _State] = {(False, not near, 0): _State(t, None, ())}

    def reach(state: tuple[bool, bool, int], room: int, one: _State) -> None:
        known = best.get(state)
        if known is None or known.room < room:
            best[state] = one._replace(room=room)

    for placed, count, soon in product((False, True), range(limit + 1), (False, True)):
        state = best.get((placed, soon, count))
        if state is None:
            continue
        if placed and soon and count == limit:
            assert state.own is not None
            return Chain(state.own, state.others)
        for asks in (False,) if soon else (False, True):
            for many in range(1, max(1, limit - count) + 1):
                one = latest(state.room, many, asks)
                if one is None:
                    break
                after = (placed, soon or asks, min(limit, count + many))
                others = (*state.others, one)
                reach(after, one.start - again, state._replace(others=others))
        for mine in () if placed else own(state.room):
            most = limit if state.others else limit - 1  # somebody else's is asked for
            after = (True, soon or mine.near, min(most, count + mine.many))
            reach(after, mine.start - again, state._replace(own=mine))
    return None
