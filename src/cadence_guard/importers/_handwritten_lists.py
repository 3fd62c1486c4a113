"""Where in a hand-written file its lists of touches are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from cadence_guard._struct import struct
from cadence_guard.cadence import Cadence, NotUnderstood, Where
from cadence_guard.importers import _handwritten_words as theirs
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._handwritten_words import Data, anchor_of, holds, means_of
from cadence_guard.importers._linear import first_text, snake
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import children

MOST: Final = 20_000
"""The most touches of a file."""
MOST_LISTS: Final = 2_000
"""The most lists of touches of a file."""

_WAYS: Final = (*theirs.CHANNEL_KEYS, *theirs.KIND_KEYS)
_BESIDE: Final = "a list of touches beside those that are read; not understood"


@struct
class Found:
    """A list of touches, or what stands for one: `steps`, `touches`, `follow-ups` or `counted`."""

    where: Where
    kind: str
    entries: Sequence[tuple[Where, Any]]


def vocabulary(source: Source) -> set[str]:
    mappings = (value for _, value in source.collections if isinstance(value, dict))
    return {name for mapping in mappings for name in map(snake, mapping) if name in theirs.OUTREACH}


def find(data: Any, but: Collection[Where] = ()) -> Iterator[Found]:
    """The lists of touches of a file, in its order. Nothing is looked for inside of one, nor at the
    places that `but` names."""
    stack: list[tuple[Where, Any]] = [((), data)]
    while stack:
        where, value = stack.pop()
        if where in but:
            continue
        if found := _steps(where, value) or _days(where, value) or _counted(where, value):
            yield found
        else:
            stack += [*children(where, value)][::-1]


def beside(source: Source, cadences: Sequence[Cadence]) -> tuple[Cadence, ...]:
    """The cadences that a reader of one tool found in a file; the first tells of the lists of
    touches that stand beside them, and that nobody read."""
    read = {cadence.where for cadence in cadences}
    around = {where[:depth] for where in read for depth in range(len(where))}
    told = read | {unknown.where for cadence in cadences for unknown in cadence.unknown}
    untold = [
        NotUnderstood(last_name(found.where) or "a list", found.where, _BESIDE)
        for found in find(source.data, told)
        if found.where not in around
    ]
    first, *rest = cadences
    return replace(first, unknown=(*first.unknown, *untold[:MOST_LISTS])), *rest


def _steps(where: Where, value: Any) -> Found | None:
    """A list of steps, or a mapping with a number for each."""
    if isinstance(value, dict):
        if not value or not all(key.isdecimal() and len(key) < 10 for key in value):
            return None
        told = [((*where, key), value[key]) for key in sorted(value, key=int)]
    else:
        told = [((*where, index), entry) for index, entry in enumerate(value)]
    entries = _spelt_out(told)
    steps = [entry for _, entry in entries if isinstance(entry, dict)]
    delays = {snake(key) for step in steps for key in step if anchor_of(snake(key)) is not None}
    planned = _is_planned(where)
    if any(is_a_wait(step) for step in steps) and any(means_of(step) for step in steps):
        is_plan = True
    elif not delays:
        named = planned or (where == () and entries != told)
        is_plan = len(steps) > 1 and named and all(linear.means(s.get("channel")) for s in steps)
    elif delays <= theirs.WEAK:
        is_plan = any(means_of(step) or holds(step, theirs.WRITTEN) for step in steps)
    else:
        signs = theirs.WRITTEN + theirs.MESSAGE + theirs.NUMBERS
        is_plan = planned or any(means_of(step) or holds(step, signs) for step in steps)
    return Found(where, "steps", entries) if is_plan else None


def _spelt_out(told: list[tuple[Where, Any]]) -> list[tuple[Where, Any]]:
    """The entries of a list, with a `channel` in those that have it for a key."""
    made = [_touch(*entry) for entry in told]
    added = [step["channel"] for (_, old), (_, step) in zip(told, made, strict=True) if step != old]
    return made if any(linear.is_channel(way, clear=True) for way in added) else told


def _touch(where: Where, entry: Any) -> tuple[Where, Any]:
    """`{email: intro}`, `{day: 3, email: intro}` or `{email: {day: 3}}` as a step that names its
    channel; whatever else it is, as it is."""
    if not isinstance(entry, dict) or not entry.keys().isdisjoint(_WAYS):
        return where, entry
    ways = [key for key in entry if linear.is_channel(key, clear=len(entry) > 1)]
    if len(ways) != 1:
        return where, entry
    way, value = ways[0], entry[ways[0]]
    rest = {key: entry[key] for key in entry if key != way}
    if isinstance(value, dict) and not rest:
        return (*where, way), {"channel": way, **value}
    if value is None and not rest:
        return where, {"channel": way}
    placed = not rest or any(
        key in theirs.NUMBERS or anchor_of(snake(key)) is not None for key in rest
    )
    is_text = isinstance(value, str) and any(map(str.isalpha, value))
    if placed and is_text and not theirs.is_address(value):
        return where, {"channel": way, "template": value, **rest}
    return where, entry


def is_a_wait(step: Data) -> bool:
    """Whether an entry is a wait of its own: `{type: wait, days: 3}`, `{wait: 3 days}` alone."""
    if len(step) == 1:
        return snake(next(iter(step))) in theirs.WAIT_KINDS
    kind = first_text(step, *theirs.KIND_KEYS)
    return kind is not None and snake(kind) in theirs.WAIT_KINDS and any(map(is_time, step))


def is_time(key: str) -> bool:
    """Whether it is a key of a wait of its own."""
    name = snake(key)
    known = key in theirs.AMOUNT_KEYS or linear.unit_of(key) is not None
    return known or name in theirs.WAIT_KINDS or anchor_of(name) is not None


def _days(where: Where, value: Any) -> Found | None:
    """A list such as `followup_days: [3, 7, 14]`."""
    if not isinstance(value, list) or not any(isinstance(each, int | float) for each in value):
        return None
    name = last_name(where)
    told = theirs.DAY_LIST.fullmatch(name)
    delays = name in ("days", "delays") or anchor_of(name) is not None
    if not (told and any(told.groups())) and not (delays and _is_planned(where)):
        return None
    entries = [((*where, index), entry) for index, entry in enumerate(value)]
    return Found(where, "follow-ups" if told and told[1] else "touches", entries)


def _counted(where: Where, value: Any) -> Found | None:
    """`followup: {max_attempts: 2, delay_days: 7}`."""
    if not isinstance(value, dict) or not theirs.FOLLOW_UPS.fullmatch(last_name(where)):
        return None
    count = next((value[key] for key in theirs.COUNTS if key in value), None)
    delay = next((key for key in value if anchor_of(snake(key)) is not None), None)
    if delay is None or not isinstance(count, int) or not 1 <= count <= 1000:
        return None
    return Found(where, "counted", [((*where, delay), value[delay])] * count)


def _is_planned(where: Where) -> bool:
    return not theirs.PLAN.isdisjoint(snake(key) for key in where if isinstance(key, str))


def last_name(where: Where) -> str:
    return snake(where[-1]) if where and isinstance(where[-1], str) else ""


def lists_of(source: Source) -> list[Found]:
    """The lists of touches of a file. Raises CadenceError for more touches than anybody plans."""
    plans: list[Found] = []
    count = 0
    for found in find(source.data):
        plans.append(found)
        count += len(found.entries)
        if count > MOST:
            raise source.error(found.where, f"more than {MOST:,} touches")
        if len(plans) > MOST_LISTS:
            raise source.error(found.where, f"more than {MOST_LISTS:,} lists of touches")
    return plans
