"""When an event of a Mautic campaign happens, as Mautic's own scheduler would have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Final, NamedTuple

from cadence_guard.cadence import (
    Elapsed,
    Label,
    Unknown,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
    Wait,
)
from cadence_guard.importers._marketing import Gathered
from cadence_guard.importers._mautic_exports import Event, rows_of
from cadence_guard.importers._values import (
    LONGEST,
    identifier,
    is_whole,
    seconds_of,
    shown,
    unknown_word,
)
from cadence_guard.instants import DAY, HOUR, MINUTE, SECOND, Hours, parse_instant, to_us

_MODES: Final = ("immediate", "interval", "date", "optimized")
_UNITS: Final = {"s": SECOND, "i": MINUTE, "h": HOUR, "d": DAY}
_MONTHS: Final = {"m": 1, "y": 12}
_MOST_MONTHS: Final = 1200
AT_ONCE: Final = Elapsed(0, 0)
_EVERY_DAY: Final = frozenset(range(7))
_CLOCK: Final = re.compile(r"(?:\d{4}-\d\d-\d\d[T ])?([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d.*)?")
_DATE: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?"
)
_OFFSET: Final = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_DAYS: Final = (
    "trigger_restricted_dow",  # the column of the property below
    "trigger_restricted_days_of_week",
)
_PHP_VALUE: Final = re.compile(r'i:[0-9]{1,3};(?:i:(-?[0-9]{1,3})|s:[0-9]{1,2}:"(-?[0-9]{1,3})");')
_PHP: Final = re.compile(rf"a:[0-9]{{1,3}}:\{{(?:{_PHP_VALUE.pattern})*\}}")
_HOURLY: Final = (
    "if the hour of {those} of {name} has passed when the interval is over, Mautic does not wait"
    " for the next day"
)
_TURNED: Final = "the hours of {those} of {name} span midnight: Mautic swaps them"
_UNHELD: Final = (
    "Mautic does not look at the hours of {those} of {name}, which is an action on a 'no' path"
)
_BEST: Final = "the best time for {those} of {name} may be any in the day or week"
_ZONELESS: Final = "the date of {those} of {name} is in UTC, as Mautic keeps dates"


class Trigger(NamedTuple):
    """When an event happens, seen from its parent: a wait, and then hours that hold it back."""

    wait: Wait
    then: tuple[Wait, ...] = ()


class Timed(Gathered):
    """The events of a campaign, and what is read of when they happen."""

    def __init__(self, name: str, events: Mapping[str, Event]) -> None:
        super().__init__(name)
        self.events = events

    def trigger(self, event: Event) -> Trigger:
        mode = event.get("trigger_mode")
        if event.get("event_type") == "decision" or mode in (None, "", "immediate"):
            return Trigger(AT_ONCE)
        if mode == "interval":
            wait = self._interval(event)
            self.waits.append(Label(event.label, event.where, seconds_of(wait), None))
            return Trigger(wait, self._hours(event))
        if mode == "date":
            return Trigger(self._date(event))
        if mode == "optimized":
            self.assume(_BEST, event.label)
            window = event.get("trigger_window")
            if window not in (None, "", 0, "0", 1, "1"):
                why = f"the window is {shown(window)}; expected 0, a day, or 1, a week"
                self.missed(event.label, (*event.where, "trigger_window"), why)
            return Trigger(Elapsed(0, DAY if window in (0, "0", None, "") else 7 * DAY))
        why = unknown_word(mode, _MODES, "trigger mode")
        return Trigger(self.unknown_wait(event.label, (*event.where, "trigger_mode"), why))

    def _interval(self, event: Event) -> Elapsed | Unknown:
        number, unit = event.get("trigger_interval"), event.get("trigger_interval_unit")
        if isinstance(number, str) and re.fullmatch(r"[0-9]{1,9}", number):
            number = int(number)
        short = unit.casefold() if isinstance(unit, str) else ""
        if short in _UNITS and is_whole(number, 0, LONGEST // _UNITS[short]):
            return Elapsed(number * _UNITS[short], number * _UNITS[short])
        if short in _MONTHS and is_whole(number, 0, _MOST_MONTHS // _MONTHS[short]):
            fewest, most = _days_in(number * _MONTHS[short])
            return Elapsed(fewest * DAY, most * DAY)
        if short in _UNITS or short in _MONTHS:
            at = (*event.where, "trigger_interval")
            why = f"the interval is {shown(number)}; expected a whole number, at most 100 years"
        else:
            at = (*event.where, "trigger_interval_unit")
            why = unknown_word(unit, (*_UNITS, *_MONTHS), "unit of an interval")
        return self.unknown_wait(event.label, at, why)

    def _date(self, event: Event) -> Wait:
        value = event.get("trigger_date")
        if value in (None, ""):
            return AT_ONCE
        if (at := _instant(value)) is not None:
            if not _OFFSET.search(value):
                self.assume(_ZONELESS, event.label)
            return UntilDate(at)
        why = f"the date is {shown(value)}; expected one such as 2026-03-02 16:00:00"
        return self.unknown_wait(event.label, (*event.where, "trigger_date"), why)

    def _hours(self, event: Event) -> tuple[Wait, ...]:
        """What holds an event back after its interval, on the contact's clock."""
        hour = self._clock(event, "trigger_hour")
        start = self._clock(event, "trigger_restricted_start_hour")
        stop = self._clock(event, "trigger_restricted_stop_hour")
        days = self._days(event)
        if hour is not None:
            opens, closes = hour, DAY
        elif start is not None and stop is not None:
            opens, closes = min(start, stop), max(start, stop)
        else:
            opens, closes = 0, DAY
        if (opens, closes, days) == (0, DAY, _EVERY_DAY):
            return ()
        if self._unheld(event):
            self.assume(_UNHELD, event.label)
            return ()
        if hour is not None:
            self.assume(_HOURLY, event.label)
        elif opens != start and start is not None and stop is not None:
            self.assume(_TURNED, event.label)
        return _held(opens, closes, days)

    def _unheld(self, event: Event) -> bool:
        """Whether it is an action on the "no" path of a decision."""
        parent = self.events.get(identifier(event.parent) or "")
        kinds = parent and parent.get("event_type"), event.get("event_type")
        return kinds == ("decision", "action") and event.get("decision_path") == "no"

    def _clock(self, event: Event, name: str) -> int | None:
        value = event.get(name)
        if value in (None, ""):
            return None
        if isinstance(value, str) and (match := _CLOCK.fullmatch(value)):
            return int(match[1]) * HOUR + int(match[2]) * MINUTE
        why = f"it is {shown(value)}; expected a time of day such as 09:00"
        self.missed(event.label, (*event.where, name), why)
        return None

    def _days(self, event: Event) -> frozenset[int]:
        """The days on which it may happen, 0 = Monday; Mautic has 0 for Sunday, -1 for workdays."""
        name, value = next(
            ((name, row) for name in _DAYS if (row := event.get(name)) is not None),
            (_DAYS[0], None),
        )
        if isinstance(value, str) and _PHP.fullmatch(value):  # as the database keeps a list
            value = [number or word for number, word in _PHP_VALUE.findall(value)]
        if value in (None, "", "[]"):
            return _EVERY_DAY
        found: set[int] = set()
        for day in rows_of(value) if isinstance(value, (dict, list)) else [value]:
            number = int(day) if isinstance(day, str) and re.fullmatch("-?[0-9]", day) else day
            if not is_whole(number, -1, 6):
                why = f"a day is {shown(day)}; expected a number from 0 (Sunday) to 6"
                self.missed(event.label, (*event.where, name), why)
            elif number < 0:
                found.update(range(5))
            else:
                found.add((number - 1) % 7)
        return frozenset(found) or _EVERY_DAY


def _instant(value: Any) -> int | None:
    """A date of the database or of an export; without an offset it is UTC."""
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, clock, offset = match.groups()
    try:
        return to_us(parse_instant(f"{day}T{clock}{offset or 'Z'}"))
    except ValueError:
        return None


@cache
def _held(opens: int, closes: int, days: frozenset[int]) -> tuple[Wait, ...]:
    """The waits for hours, and then for a day: Mautic keeps the time of day it has come to."""
    hours: tuple[Wait, ...] = ()
    if opens == closes:  # a window without length opens at an instant
        hours = (UntilClock(opens),)
    elif (opens, closes) != (0, DAY):
        words = " to ".join(f"{at // HOUR:02}:{at // MINUTE % 60:02}" for at in (opens, closes))
        hours = (UntilOpen(Hours([(_EVERY_DAY, opens, closes)]), words),)
    return hours if days == _EVERY_DAY else (*hours, UntilDay(days))


@cache
def _days_in(months: int) -> tuple[int, int]:
    """The fewest and the most days that so many months in a row can have."""
    starts = range(1970 * 12, 2200 * 12 - months)
    lengths = [_ordinal(start + months) - _ordinal(start) for start in starts]
    return min(lengths), max(lengths)


def _ordinal(month: int) -> int:
    return date(month // 12, month % 12 + 1, 1).toordinal()
