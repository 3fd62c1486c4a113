"""The brute force beside the proof of cadences together: every combination of starts and ways.

As slow and literal as `brute`, which lays out each cadence and judges: the walks of several
cadences are shuffled into one, and every touch is judged against all that came before it. Of
touches at one instant those of the others come first, which is the worst order there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations, product
from typing import Any
from zoneinfo import ZoneInfo

from cadence_guard.cadence import Cadence
from check.brute import TICK, Entry, Key, Made, Walk, Walker, objects, search

SPACING = ("too-soon", "not-the-holder", "overlapping-cadence")
"""The rules that ask for one other touch only."""


@dataclass
class Together:
    """What becomes of cadences together, and of none of them alone."""

    refused: dict[Key, tuple[Walk, ...]] = field(default_factory=dict)
    """The touches refused, each with the walks it was seen on, its own last."""
    spaced: dict[tuple[frozenset[str], int], tuple[Walk, ...]] = field(default_factory=dict)
    """The cadences that can come too near to each other for an entry."""


def counted(entry: Entry) -> Entry | None:
    """What of an entry counts touches; None if nothing does."""
    if entry["rule"] in ("over-cap", "pressure", "unanswered-streak"):
        return entry
    if entry["rule"] == "missed-calls":
        return {key: value for key, value in entry.items() if key != "gap"}
    return None


def spaced(entry: Entry) -> Entry | None:
    """What of an entry spaces touches; None if nothing does."""
    if entry["rule"] == "missed-calls":
        return {**entry, "max": 1000} if "gap" in entry else None
    return entry if entry["rule"] in SPACING else None


def combinations_of(
    cadences: Sequence[Cadence],
    starts: Sequence[Sequence[datetime]],
    zone: ZoneInfo,
    tick: timedelta,
    turns: int,
) -> Iterator[tuple[Walk, ...]]:
    """The walks of all cadences for all combinations of starts, `starts` being those to combine."""
    walkers = [Walker(cadence, zone, tick, turns) for cadence in cadences]
    known: dict[tuple[int, datetime], list[Walk]] = {}
    for chosen in starts:
        ways = []
        for place, (walker, start) in enumerate(zip(walkers, chosen, strict=True)):
            if (place, start) not in known:
                known[place, start] = list(dict.fromkeys(walker.walks(start)))
            ways.append(known[place, start])
        yield from product(*ways)


def search_together(
    cadences: Sequence[Cadence],
    entries: Sequence[Entry],
    starts: Iterable[Sequence[datetime]],
    alone: Iterable[datetime],
    zones: Iterable[str],
    tick: timedelta = TICK,
    turns: int = 6,
) -> Together:
    """What the entries say of cadences together, over all combinations of `starts` and of ways.
    `alone` are the starts over which each is judged by itself."""
    found = Together()
    starts, alone, zones = list(starts), list(alone), list(zones)
    broken: set[Key] = set()
    for cadence in cadences:
        own = search(cadence, entries, alone, zones, tick, turns)
        broken |= {key for key, said in own.items() if said.refused}
    for name in zones:
        zone = ZoneInfo(name)
        for walks in combinations_of(cadences, starts, zone, tick, turns):
            for place, cadence in enumerate(cadences):
                others = [walk for n, walk in enumerate(walks) if n != place]
                _refused(cadence, walks[place], others, entries, zone, broken, found)
            for one, other in combinations(range(len(cadences)), 2):
                for first, second in ((one, other), (other, one)):
                    names = frozenset((cadences[one].name, cadences[other].name))
                    _spaced(names, walks[first], walks[second], entries, zone, found)
    return found


def _refused(
    cadence: Cadence,
    own: Walk,
    others: Sequence[Walk],
    entries: Sequence[Entry],
    zone: ZoneInfo,
    broken: set[Key],
    found: Together,
) -> None:
    line = sorted((event for walk in (*others, own) for event in walk), key=_at)
    for index, event in enumerate(line):
        if not isinstance(event, Made) or event.cadence is not cadence:
            continue
        for place, entry in enumerate(entries):
            key = (cadence.name, event.step.name, place)
            counting = counted(entry)
            if counting is None or key in broken or key in found.refused:
                continue
            if objects(counting, line, index, zone):
                found.refused[key] = (*others, own)


def _spaced(
    names: frozenset[str],
    before: Walk,
    own: Walk,
    entries: Sequence[Entry],
    zone: ZoneInfo,
    found: Together,
) -> None:
    for place, entry in enumerate(entries):
        spacing = spaced(entry)
        if spacing is None or (names, place) in found.spaced:
            continue
        for event in own:
            if isinstance(event, Made):
                line = [*(each for each in before if each.at <= event.at), event]
                if objects(spacing, line, len(line) - 1, zone):
                    found.spaced[names, place] = (before, own)


def _at(event: Any) -> datetime:
    at: datetime = event.at
    return at
