"""Smartlead: the sequences of a campaign, alone or with its schedule and settings beside them.

A delay counts from the previous mail, variants are one mail, and the window of the schedule is on
the clock of its own zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final

from cadence_guard._yaml12 import YamlError, load
from cadence_guard.cadence import Cadence, CadenceFile, UntilOpen, Where
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._linear import Item, Notes, first_text
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import is_whole, shown

FORMAT: Final = "smartlead"


def recognises(source: Source) -> bool:
    """A list of mappings with `seq_delay_details`."""
    return next(_sequences(source.data), None) is not None


def _sequences(data: Any) -> Iterator[tuple[Where, list[Any]]]:
    for where, value in linear.walk(data):
        if isinstance(value, list) and any(
            isinstance(step, dict) and isinstance(step.get("seq_delay_details"), dict)
            for step in value
        ):
            yield where, value


def read(source: Source) -> CadenceFile:
    """The campaigns of the file."""
    found = list(_sequences(source.data))
    told = []
    for where, steps in found:
        # alone in its file, a sequence has all settings of the file; else those around it
        scope = where[:-1] if len(found) > 1 else ()
        told.append(_cadence(source, where, steps, scope))
    return CadenceFile(FORMAT, linear.named(told))


def _cadence(source: Source, where: Where, steps: list[Any], scope: Where) -> Cadence:
    notes = Notes(source)
    settings = [
        ((*scope, *place), value)
        for place, value in linear.walk(linear.at(source.data, scope))
        if isinstance(value, dict) and "seq_number" not in value
    ]
    opens, opens_at = _window(notes, settings)
    nodes, start = linear.chain(_items(notes, where, steps), opens, opens_at)
    name = next((text for _, data in settings if (text := first_text(data, "name"))), None)
    return Cadence(
        name or PurePath(source.path).stem,
        where,
        nodes,
        start,
        exits=_exits(notes, settings),
        unknown=notes.unknown,
        assumes=notes.assumes,
    )


def _items(notes: Notes, where: Where, steps: list[Any]) -> list[Item]:
    numbered: list[tuple[float, Item]] = []
    for index, step in enumerate(steps):
        place = (*where, index)
        if not isinstance(step, dict):
            notes.missed(repr(step)[:60], place, "not a step of a sequence")
            continue
        delay = step.get("seq_delay_details")
        details = delay if isinstance(delay, dict) else {}
        key = "delayInDays" if "delayInDays" in details else "delay_in_days"
        waits_at = (*place, "seq_delay_details", key)
        wait = linear.wait_of(notes, waits_at, details.get(key), "day")
        channel = linear.channel(notes, (*place, "seq_type"), step.get("seq_type", "email"))
        title = first_text(step, "seq_number") or str(index + 1)
        order = linear.number(notes, step, place, "seq_number", index + 1)
        numbered.append((order, Item(title, place, channel, wait, waits_at)))
    return [item for _, item in sorted(numbered, key=lambda pair: pair[0])]


def _window(
    notes: Notes, settings: list[tuple[Where, dict[str, Any]]]
) -> tuple[UntilOpen | None, Where]:
    for where, data in settings:
        if "days_of_the_week" in data:
            return _open(notes, where, data, "days_of_the_week", "start_hour", "end_hour"), where
        if "scheduler_cron_value" in data:
            place = (*where, "scheduler_cron_value")
            cron = data["scheduler_cron_value"]
            if isinstance(cron, str):  # "{ tz: 'Europe/Berlin', days: [1, 2], ... }"
                try:
                    cron = load(cron).data
                except YamlError as error:
                    cron = error.problem
            if isinstance(cron, dict):
                return _open(notes, place, cron, "days", "startHour", "endHour"), place
            if cron is not None:
                why = f"it is no schedule: {shown(cron)}; {linear.ANY_HOUR}"
                notes.missed("scheduler_cron_value", place, why)
                return None, ()
    notes.assume("mails go out at any hour: the file says no sending window")
    return None, ()


def _open(
    notes: Notes, where: Where, data: dict[str, Any], days: str, start: str, end: str
) -> UntilOpen | None:
    opens = linear.clock_of(notes, (*where, start), data.get(start))
    closes = linear.clock_of(notes, (*where, end), data.get(end))
    chosen = data[days] if isinstance(data.get(days), list) else []
    strange = [day for day in chosen if not is_whole(day, 0, 7)]
    if strange:
        why = f"a day is {shown(strange[0])}; expected 1 = Monday to 7; {linear.ANY_HOUR}"
        notes.missed(days, (*where, days), why)
    if opens is None or closes is None or strange:
        return None
    zone = data.get("timezone") or data.get("tz")
    return linear.in_zone(notes, where, [([(day - 1) % 7 for day in chosen], opens, closes)], zone)


def _exits(notes: Notes, settings: list[tuple[Where, dict[str, Any]]]) -> frozenset[str]:
    notes.assume("Smartlead itself stops at an unsubscribe")
    told = ((w, at) for at, data in settings if (w := data.get("stop_lead_settings")))
    word, where = next(told, (None, ()))
    if not isinstance(word, str):
        if word is not None:
            why = f"it is {shown(word)}; expected what stops a campaign"
            notes.missed("stop_lead_settings", (*where, "stop_lead_settings"), why)
        notes.assume("Smartlead stops at any reply, as it does unless told otherwise")
        word = "reply"
    return frozenset((*linear.signals(notes, word), "opt_out"))
