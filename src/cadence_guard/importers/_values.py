"""Values of foreign files, which may be anything, and how messages show them."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, TypeGuard
from zoneinfo import available_timezones

from cadence_guard.cadence import Cadence, Elapsed, Wait, Where
from cadence_guard.instants import DAY, SECOND, Zone, zone
from cadence_guard.words import expected

LONGEST: Final = 100 * 366 * DAY
"""Microseconds of the longest wait that is read."""
DEEPEST: Final = 100
"""Levels of lists and mappings that are looked into."""
_SHOWN: Final = 3


def identifier(value: Any) -> str | None:
    """An id as text, since YAML and databases write some as numbers; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value) or None


def mapping(value: Any) -> Mapping[str, Any]:
    """The mapping, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """The text; None in place of an empty one and of anything else."""
    return value if isinstance(value, str) and value else None


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole(value: Any, first: int, last: int) -> TypeGuard[int]:
    """Whether it is a whole number from `first` to `last`."""
    return isinstance(value, int) and not isinstance(value, bool) and first <= value <= last


def shown(value: Any) -> str:
    """A value as a message shows it: short, and however deep it is."""
    return reprlib.repr(value)


def short(value: Any) -> str:
    """The beginning of a value, as it is written."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def seconds_of(wait: Wait) -> float | None:
    """The seconds of a wait that always lasts as long; None for every other."""
    return wait.low / SECOND if isinstance(wait, Elapsed) and wait.low == wait.high else None


def unknown_word(value: Any, known: Iterable[str], what: str) -> str:
    """The sentence for what should be one of some words and is not."""
    return expected(value[:60] if isinstance(value, str) else shown(value), known, what)


def some(labels: Sequence[str], most: int = _SHOWN) -> str:
    """The first labels of a list, `most` at the most, and how many more there are."""
    more = len(labels) - most
    listed = ", ".join(map(repr, labels[:most]))
    return f"{listed} and {more} more" if more > 0 else listed


def walk(data: Any) -> Iterator[tuple[Where, Any]]:
    """All mappings and lists of a file with their places, in its order, to a sane depth."""
    top: list[tuple[Where, Any]] = [((), data)] if isinstance(data, dict | list) else []
    stack = [iter(top)]
    while stack:
        for where, value in stack[-1]:
            yield where, value
            stack.append(children(where, value))
            break
        else:
            stack.pop()


def children(where: Where, value: Any) -> Iterator[tuple[Where, Any]]:
    """The mappings and lists right below a place."""
    if len(where) < DEEPEST and isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, below in pairs:
            if isinstance(below, dict | list):
                yield (*where, key), below


@lru_cache(maxsize=1024)
def zone_named(name: str) -> Zone | None:
    """The zone of that name, None if there is none: at once, since nobody looks for the nearest."""
    try:
        return zone(name) if name in zone_names() else None
    except ValueError:  # some names are of no place
        return None


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """The names of the tz database."""
    return frozenset(available_timezones())


class Ids:
    """Names that are given once. One that is taken gets a number, and how often that happens does
    not slow it down."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def fresh(self, label: str) -> str:
        """The label, or the first numbered one that is not taken; taken from now on."""
        found = label
        while found in self._taken:
            number = self._next.get(label, 2)
            self._next[label] = number + 1
            found = f"{label} ({number})"
        self._taken.add(found)
        return found


def named(cadences: Iterable[Cadence]) -> tuple[Cadence, ...]:
    """The cadences, with a number behind the name of each whose name another had before."""
    names = Ids()
    return tuple(replace(each, name=names.fresh(each.name)) for each in cadences)
