"""The brute force beside entering again: every choice of entries far enough apart, and of ways.

As slow and literal as `brute`: the walks of several entries into one cadence are shuffled into one,
and each touch of each entry is judged against all that came before it. Of touches at one instant
those of the other entries come first, which is the worst order there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations, pairwise, product
from zoneinfo import ZoneInfo

from cadence_guard.cadence import Cadence
from check.brute import TICK, Entry, Key, Made, Walk, Walker, objects, search


def chosen(
    starts: Sequence[datetime], again: timedelta, most: int
) -> Iterator[tuple[datetime, ...]]:
    """Two entries or more, up to `most`, each so long after the one before it."""
    for number in range(2, most + 1):
        for some in combinations(starts, number):
            if all(later - one >= again for one, later in pairwise(some)):
                yield some


def search_again(
    cadence: Cadence,
    entries: Sequence[Entry],
    starts: Sequence[datetime],
    again: timedelta,
    zone: ZoneInfo,
    *,
    most: int,
    tick: timedelta = TICK,
    alone: Iterable[datetime] | None = None,
    turns: int = 6,
) -> dict[Key, tuple[datetime, ...]]:
    """The touches that an entry of the policy refuses beside other entries into the cadence, and
    not alone, each with the entries for which it does. `alone` are the starts over which one entry
    is judged by itself, `starts` unless said."""
    own = search(cadence, entries, starts if alone is None else alone, [zone.key], tick, turns)
    broken = {key for key, said in own.items() if said.refused}
    walker = Walker(cadence, zone, tick, turns)
    walks = {start: list(dict.fromkeys(walker.walks(start))) for start in starts}
    found: dict[Key, tuple[datetime, ...]] = {}
    for some in chosen(starts, again, most):
        for taken in product(*(walks[start] for start in some)):
            for place in range(len(some)):
                others = [walk for n, walk in enumerate(taken) if n != place]
                for key in _refused(taken[place], others, entries, zone):
                    if key not in broken:
                        found.setdefault(key, some)
    return found


def manageable(cadence: Cadence, start: datetime, zone: ZoneInfo, tick: timedelta) -> int:
    """How many entries can be gone through at once: fewer, the more ways there are."""
    ways = len(set(Walker(cadence, zone, tick, 6).walks(start)))
    return 3 if ways <= 2 else 2 if ways <= 12 else 0


def _refused(
    own: Walk, others: Sequence[Walk], entries: Sequence[Entry], zone: ZoneInfo
) -> Iterator[Key]:
    line = sorted((event for walk in (*others, own) for event in walk), key=lambda event: event.at)
    mine = set(map(id, own))
    for index, event in enumerate(line):
        if isinstance(event, Made) and id(event) in mine:
            for place, entry in enumerate(entries):
                if objects(entry, line, index, zone):
                    yield event.cadence.name, event.step.name, place
