"""Smartlead: the sequences of a campaign, alone or with its schedule and settings beside them.

A delay counts from the previous mail, variants are one mail, and the window of the schedule is on
the clock of its own zone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

from cadence_guard._yaml12 import YamlError, load
from cadence_guard.cadence import Cadence, CadenceFile, UntilOpen, Where
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._handwritten_lists import beside
from cadence_guard.importers._linear import Item, Notes, first_text
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import is_whole, named, shown

FORMAT: Final = "smartlead"


def recognises(source: Source) -> bool:
    """A list of mappings with `seq_delay_details`."""
    return next(_sequences(source), None) is not None


def _sequences(source: Source) -> Iterator[tuple[Where, list[Any]]]:
    for where, value in source.collections:
        if isinstance(value, list) and any(
            isinstance(step, dict) and isinstance(step.get("seq_delay_details"), dict)
            for step in value
        ):
            yield where, value


def read(source: Source) -> CadenceFile:
    """The campaigns of the file."""
    found = list(_sequences(source))
    settings = _Settings(source)
    told = []
    for where, steps in found:
        # alone in its file, a sequence has all settings of the file; else those around it
        scope = where[:-1] if len(found) > 1 else ()
        told.append(_cadence(settings, where, steps, scope))
    return CadenceFile(FORMAT, beside(source, named(told)))


class _Settings:
    """The mappings of a file that say a name, a window, or what stops it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._places = source.collections
        self._index = {where: index for index, (where, _) in enumerate(self._places)}
        self._saying: dict[str, list[int]] = {key: [] for key in ("name", "window", "stop")}
        for index, (_, data) in enumerate(self._places):
            if isinstance(data, dict) and "seq_number" not in data:
                if first_text(data, "name") is not None:
                    self._saying["name"].append(index)
                if "days_of_the_week" in data or _cron(data) is not None:
                    self._saying["window"].append(index)
                if data.get("stop_lead_settings"):
                    self._saying["stop"].append(index)

    def first(self, what: str, scope: Where) -> tuple[Where, dict[str, Any]] | None:
        """The first mapping at a place, or below it, that says something."""
        saying = self._saying[what]
        # What is below a place comes right after it.
        after = bisect_left(saying, self._index[scope])
        if after == len(saying):
            return None
        where, data = self._places[saying[after]]
        return (where, data) if where[: len(scope)] == scope else None


def _cron(data: dict[str, Any]) -> Any:
    """The schedule as the API gives it back, a mapping or the text of one; None if there is none,
    and the text of what is wrong with it."""
    cron = data.get("scheduler_cron_value")
    if not isinstance(cron, str):
        return cron
    try:
        return load(cron).data  # "{ tz: 'Europe/Berlin', days: [1, 2], ... }"
    except YamlError as error:
        return error.problem


def _cadence(settings: _Settings, where: Where, steps: list[Any], scope: Where) -> Cadence:
    notes = Notes(settings.source)
    opens, opens_at = _window(notes, settings.first("window", scope))
    items = _items(notes, where, steps)
    _, named = settings.first("name", scope) or ((), {})
    exits = _exits(notes, settings.first("stop", scope))
    name = first_text(named, "name")
    return linear.cadence(notes, name, where, items, exits, opens=opens, opens_at=opens_at)


def _items(notes: Notes, where: Where, steps: list[Any]) -> list[Item]:
    numbered: list[tuple[float, Item]] = []
    for number, place, step in linear.mappings(notes, where, steps, "a step of a sequence"):
        delay = step.get("seq_delay_details")
        details = delay if isinstance(delay, dict) else {}
        key = "delayInDays" if "delayInDays" in details else "delay_in_days"
        waits_at = (*place, "seq_delay_details", key)
        wait = linear.wait_of(notes, waits_at, details.get(key), "day")
        channel = linear.channel(notes, (*place, "seq_type"), step.get("seq_type", "email"))
        title = first_text(step, "seq_number") or str(number)
        order = linear.number(notes, step, place, "seq_number", number)
        numbered.append((order, Item(title, place, channel, wait, waits_at)))
    return [item for _, item in sorted(numbered, key=lambda pair: pair[0])]


def _window(
    notes: Notes, said: tuple[Where, dict[str, Any]] | None
) -> tuple[UntilOpen | None, Where]:
    if said is None:
        notes.assume("mails go out at any hour: the file says no sending window")
        return None, ()
    where, data = said
    if "days_of_the_week" in data:
        return _open(notes, where, data, "days_of_the_week", "start_hour", "end_hour"), where
    place, cron = (*where, "scheduler_cron_value"), _cron(data)
    if isinstance(cron, dict):
        return _open(notes, place, cron, "days", "startHour", "endHour"), place
    why = f"it is no schedule: {shown(cron)}; {linear.ANY_HOUR}"
    notes.missed("scheduler_cron_value", place, why)
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


def _exits(notes: Notes, said: tuple[Where, dict[str, Any]] | None) -> frozenset[str]:
    notes.assume("Smartlead itself stops at an unsubscribe")
    where, data = said or ((), {})
    word = data.get("stop_lead_settings")
    if not isinstance(word, str):
        if word is not None:
            why = f"it is {shown(word)}; expected what stops a campaign"
            notes.missed("stop_lead_settings", (*where, "stop_lead_settings"), why)
        notes.assume("Smartlead stops at any reply, as it does unless told otherwise")
        word = "reply"
    return frozenset((*linear.signals(notes, word), "opt_out"))
