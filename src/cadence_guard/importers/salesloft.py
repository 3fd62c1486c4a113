"""Salesloft: cadence imports, and the plain lists of steps that they are made from.

Days count from the start, which is day 1. The steps of one group, and those of a plain list with
the same number and different variants, are one touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cadence_guard.cadence import Cadence, CadenceFile, Unknown, Wait, Where
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._handwritten_lists import beside
from cadence_guard.importers._linear import Item, Notes, first_text
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import named, shown

FORMAT: Final = "salesloft"


def recognises(source: Source) -> bool:
    """A mapping with `step_groups` of `steps`."""
    return next(_groups(source), None) is not None


def _groups(source: Source) -> Iterator[tuple[Where, list[Any]]]:
    for where, value in source.collections:
        groups = value.get("step_groups") if isinstance(value, dict) else None
        if isinstance(groups, list) and any(
            isinstance(group, dict) and isinstance(group.get("steps"), list) for group in groups
        ):
            yield (*where, "step_groups"), groups


def _plain(source: Source) -> Iterator[tuple[Where, Mapping[str, Any]]]:
    for where, value in source.collections:
        named = isinstance(value, dict) and isinstance(value.get("cadence_name"), str)
        if named and isinstance(value.get("steps"), list):
            yield where, value


def read(source: Source) -> CadenceFile:
    """The cadences of the file."""
    told = []
    for where, groups in _groups(source):
        settings = _settings(source, where)
        notes = Notes(source)
        items = [
            item
            for index, group in enumerate(groups)
            if (item := _group(notes, (*where, index), group))
        ]
        name = first_text(settings[0] if settings else {}, "name")
        told.append(_cadence(notes, name, where, items, settings))
    for where, plain in _plain(source):
        notes = Notes(source)
        items = _steps(notes, (*where, "steps"), plain["steps"])
        settings = _settings(source, where)
        told.append(_cadence(notes, plain["cadence_name"], where, items, settings))
    return CadenceFile(FORMAT, beside(source, named(told)))


def _settings(source: Source, where: Where) -> tuple[Mapping[str, Any], Where] | None:
    """The nearest `settings` around a place, and where they are."""
    for size in range(len(where) - 1, -1, -1):
        around = linear.at(source.data, where[:size])
        if isinstance(around, dict) and isinstance(around.get("settings"), dict):
            return around["settings"], (*where[:size], "settings")
    return None


def _cadence(
    notes: Notes,
    name: str | None,
    where: Where,
    items: list[Item],
    settings: tuple[Mapping[str, Any], Where] | None,
) -> Cadence:
    notes.assume("Salesloft itself stops at an opt-out")
    if not any(unknown.what in _WHEN for unknown in notes.unknown):
        notes.assume("touches go out at any hour of their day: the file says no sending window")
    exits = {"opt_out"}
    if settings is None:
        notes.assume("a reply ends the cadence: the file has no settings")
        exits.update(linear.REPLIES)
    else:
        data, place = settings
        if linear.flag(notes, data, place, "remove_replied"):
            exits.update(linear.REPLIES)
        if linear.flag(notes, data, place, "remove_people_when_meeting_booked"):
            exits.add("meeting_booked")
    return linear.cadence(notes, name, where, items, exits, anchor="start")


def _group(notes: Notes, where: Where, group: Any) -> Item | None:
    steps = group.get("steps") if isinstance(group, dict) else None
    if not isinstance(steps, list):
        notes.missed(repr(group)[:60], where, "not a group of steps")
        return None
    told = list(linear.mappings(notes, (*where, "steps"), steps, "a step of a cadence"))
    enabled = [
        (place, step)
        for _, place, step in told
        if linear.flag(notes, step, place, "enabled") is not False
    ]
    if len(enabled) < len(told):
        notes.assume("steps that are switched off stay so")
    if not enabled:
        return None
    place, step = enabled[0]
    kinds = {str(each.get("type")) for _, each in enabled}
    if len(kinds) > 1:
        notes.missed(", ".join(sorted(kinds)), where, "a group of steps of several types")
    channel = linear.channel(notes, (*place, "type"), step.get("type"))
    title = first_text(step, "name") if len(enabled) == 1 else None
    title = title or first_text(group, "reference_id") or f"day {group.get('day')}"
    automated = linear.flag(notes, group, where, "automated") is not False and channel == "email"
    _when(notes, where, group)
    wait, waits_at = _day(notes, where, group), (*where, "day")
    return Item(title, place, channel, wait, waits_at, True, more={"automated": automated})


def _steps(notes: Notes, where: Where, steps: list[Any]) -> list[Item]:
    items: list[tuple[Item, object]] = []
    for index, place, step in linear.mappings(notes, where, steps, "a step of a cadence"):
        number = first_text(step, "step")
        channel = linear.channel(notes, (*place, "type"), step.get("type", "email"))
        _when(notes, place, step)
        wait, waits_at = _day(notes, place, step), (*place, "day")
        item = Item(number or str(index), place, channel, wait, waits_at, True)
        items.append((item, (number, wait) if "variant" in step else None))
    return linear.one_of_each(items)


_WHEN: Final = ("automated_settings", "due_immediately")


def _when(notes: Notes, where: Where, data: Mapping[str, Any]) -> None:
    """Notes what is said of when in its day a touch goes out. The first day begins at the entry, so
    what is due at once on it says nothing new."""
    for key in _WHEN:
        at_once = key == "due_immediately" and data.get("day") == 1
        if data.get(key) and not at_once:
            why = f"when it is sent is {shown(data[key])}; that is not read"
            notes.missed(key, (*where, key), why)


def _day(notes: Notes, where: Where, data: Mapping[str, Any]) -> Wait | None:
    """The wait from the start to a day, which counts from 1."""
    day = data.get("day")
    if isinstance(day, bool) or not isinstance(day, int) or day < 1:
        why = f"it is {shown(day)}; expected 1 or more"
        notes.missed("day", (*where, "day"), why)
        return Unknown(why)
    return linear.wait_of(notes, (*where, "day"), day - 1, "day")
