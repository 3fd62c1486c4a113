"""Instantly: campaigns of its API, version 2.

The `delay` of a step is the time before the NEXT mail, as its API says; a `delay_days`, which some
payloads have, is the time before the step itself. Variants are one mail. Each schedule is on the
clock of its own zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cadence_guard.cadence import Cadence, CadenceFile, UntilOpen, Wait, Where
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._handwritten_lists import beside
from cadence_guard.importers._linear import Item, Notes, first_text
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import named, shown

FORMAT: Final = "instantly"
_SIGNS: Final = ("campaign_schedule", "email_gap", "link_tracking", "stop_on_auto_reply")
_DAYS: Final = {str(day): (day - 1) % 7 for day in range(7)}
"""Days as Instantly counts them, "0" = Sunday, and as we do."""


def recognises(source: Source) -> bool:
    """A mapping with `sequences` of `steps` and a setting that only Instantly has."""
    return next(_campaigns(source), None) is not None


def _campaigns(source: Source) -> Iterator[tuple[Where, dict[str, Any]]]:
    for where, value in source.collections:
        if isinstance(value, dict) and any(sign in value for sign in _SIGNS):
            sequences = value.get("sequences")
            if isinstance(sequences, list) and any(
                isinstance(each, dict) and isinstance(each.get("steps"), list) for each in sequences
            ):
                yield where, value


def read(source: Source) -> CadenceFile:
    """The campaigns of the file."""
    told = [_cadence(source, where, data) for where, data in _campaigns(source)]
    return CadenceFile(FORMAT, beside(source, named(told)))


def _cadence(source: Source, where: Where, data: dict[str, Any]) -> Cadence:
    notes = Notes(source)
    lists = [
        ((*where, "sequences", index, "steps"), each["steps"])
        for index, each in enumerate(data["sequences"])
        if isinstance(each, dict) and isinstance(each.get("steps"), list)
    ]
    for place, _ in lists[1:]:
        notes.missed("sequences", place[:-1], "Instantly sends only the first sequence")
    opens = _window(notes, where, data.get("campaign_schedule"))
    items = _items(notes, *lists[0])
    return linear.cadence(
        notes,
        first_text(data, "name", "id"),
        lists[0][0],
        items,
        _exits(notes, where, data),
        opens=opens,
        opens_at=(*where, "campaign_schedule"),
    )


def _items(notes: Notes, where: Where, steps: list[Any]) -> list[Item]:
    items = []
    due: tuple[Wait | None, Where] | None = None
    for number, place, step in linear.mappings(notes, where, steps, "a step of a sequence"):
        if number > 1 and due is None and "delay_days" not in step:
            notes.assume("where no delay is said, the next mail comes at once")
        wait, waits_at = due or (None, place)
        if "delay_days" in step:
            waits_at = (*place, "delay_days")
            wait = linear.wait_of(notes, waits_at, step["delay_days"], "day")
        due = None
        if "delay" in step:
            notes.assume("the delay of a step is the time before the next one, as Instantly says")
            unit = linear.unit_of(step.get("delay_unit", "days"))
            due = linear.wait_of(notes, (*place, "delay"), step["delay"], unit), (*place, "delay")
        variants = step.get("variants")
        tried = [v for v in variants if isinstance(v, dict)] if isinstance(variants, list) else []
        at = (*place, "variants")
        off = [linear.flag(notes, each, (*at, n), "v_disabled") for n, each in enumerate(tried)]
        channel = linear.channel(notes, (*place, "type"), step.get("type", "email"))
        if off and all(off):
            channel = None
        items.append(Item(str(number), place, channel, wait, waits_at))
    return items


def _window(notes: Notes, where: Where, schedule: Any) -> UntilOpen | None:
    schedules = schedule.get("schedules") if isinstance(schedule, dict) else None
    if not isinstance(schedules, list) or not schedules:
        if schedule not in (None, {}, {"schedules": []}):
            why = f"it is no list of schedules; {linear.ANY_HOUR}"
            notes.missed("schedules", (*where, "campaign_schedule"), why)
        notes.assume("mails go out at any hour: the file says no sending window")
        return None
    if schedule.get("start_date") or schedule.get("end_date"):
        notes.assume("the campaign may start on any day, whatever its dates")
    windows: list[tuple[list[int], int, int]] = []
    zones: list[object] = []
    listed_at = (*where, "campaign_schedule", "schedules")
    for _, place, each in linear.mappings(notes, listed_at, schedules, "a schedule"):
        timing = each.get("timing")
        hours = timing if isinstance(timing, dict) else {}
        opens = linear.clock_of(notes, (*place, "timing", "from"), hours.get("from"))
        closes = linear.clock_of(notes, (*place, "timing", "to"), hours.get("to"))
        chosen = _chosen(notes, place, each.get("days"))
        if opens is None or closes is None or chosen is None:
            return None
        windows.append((chosen, opens, closes))
        zones.append(each.get("timezone"))
    place = (*where, "campaign_schedule")
    if any(zone != zones[0] for zone in zones):
        why = f"schedules in several time zones; {linear.ANY_HOUR}"
        notes.missed("schedules", (*place, "schedules"), why)
        return None
    return linear.in_zone(notes, place, windows, zones[0] if zones else None)


def _chosen(notes: Notes, where: Where, days: Any) -> list[int] | None:
    """The days that are chosen; None, and noted, if one of them is none."""
    chosen = []
    for key in days if isinstance(days, dict) else ():
        if key not in _DAYS:
            why = f"a day is {shown(key)}; expected 0 to 6; {linear.ANY_HOUR}"
            notes.missed("days", (*where, "days", key), why)
            return None
        if linear.flag(notes, days, (*where, "days"), key):
            chosen.append(_DAYS[key])
    return chosen


def _exits(notes: Notes, where: Where, data: dict[str, Any]) -> frozenset[str]:
    notes.assume("Instantly itself stops at an unsubscribe")
    exits = {"opt_out"}
    if linear.flag(notes, data, where, "stop_on_reply"):
        exits.update(linear.REPLIES)
    if linear.flag(notes, data, where, "stop_on_auto_reply"):
        exits.add("auto_replied")
    return frozenset(exits)
