"""Objects on dates on which nobody is to be contacted.

A date is a day of the contact's wall calendar, in every zone the contact could be in; if nothing is
known of the zone, anywhere on earth.

## Why

Nobody wants a countdown on the day of a funeral, an election or a feast.

## Parameters

`dates`: a list of dates and of `{from, to}` (both included), `channels`, `purposes`, `teams`,
`tags`, `effect`.

## Policy

    blackout: {dates: ["2026-12-24", {from: "2026-12-31", to: "2027-01-01"}]}

## Refused

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","time_zone":"America/Chicago"}
    {"event":"touch","contact":"c-1","at":"2026-12-25T05:59:59Z","channel":"email","to":"a@b.example","purpose":"sales"}

## Allowed

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","time_zone":"America/Chicago"}
    {"event":"touch","contact":"c-1","at":"2026-12-25T06:00:00Z","channel":"email","to":"a@b.example","purpose":"sales"}
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from cadence_guard.history import Case
from cadence_guard.instants import ANYWHERE, DAY, Zone, day_number, local_period
from cadence_guard.rules._rule import Fact, Objection, OpenStretch, Selecting, Spans
from cadence_guard.rules._sets import Intervals, closed_in, merged

Dates = tuple[date, date]


def _parse_date(value: Any) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        value = date.fromisoformat(value)
    if type(value) is date and 1970 <= value.year <= 2199:
        return value
    raise ValueError(f"{value!r} is not a date; expected one such as 2026-12-24, 1970 to 2199")


def parse_dates(value: Any) -> Dates:
    """A date, or `{from, to}` with both ends included."""
    if not isinstance(value, dict):
        day = _parse_date(value)
        return day, day
    if set(value) != {"from", "to"}:
        raise ValueError("expected a date, or both 'from' and 'to'")
    first, last = _parse_date(value["from"]), _parse_date(value["to"])
    if last < first:
        raise ValueError(f"'to' {last} is before 'from' {first}")
    return first, last


def dump_dates(dates: Dates) -> Any:
    """The dates as they are written in a policy."""
    first, last = (day.isoformat() for day in dates)
    return first if first == last else {"from": first, "to": last}


if TYPE_CHECKING:
    from typing import TypeAlias

    DateList: TypeAlias = tuple[Dates, ...]
else:
    _schema = WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "object"}]})
    _dates = Annotated[Dates, PlainValidator(parse_dates), PlainSerializer(dump_dates), _schema]
    DateList = Annotated[tuple[_dates, ...], Field(strict=False, min_length=1)]


class Blackout(Fact):
    code = "CG403"
    name = "blackout"
    hears = frozenset()

    class Params(Selecting):
        dates: DateList

    def set_up(self, params: Params) -> None:
        self._days = [(day_number(first), day_number(last)) for first, last in params.dates]
        self._closed: dict[str, Intervals] = {}
        self.spans = Spans(calendar=frozenset(("day",)))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        zones = case.zones or ANYWHERE
        if len(zones) == 1:
            return closed_in(self._in(zones[0]), t)
        return closed_in(merged(span for zone in zones for span in self._in(zone)), t)

    def _in(self, zone: Zone) -> Intervals:
        """The dates as instants: all those at which the wall shows one of them."""
        closed = self._closed.get(zone.name)
        if closed is None:
            pieces: list[tuple[int, int]] = []
            for first, last in self._days:
                t = max((first - 2) * DAY, 0)
                while t < (last + 3) * DAY:
                    day, border = local_period(t, "day", zone)
                    if first <= day <= last:
                        if day >= first + 2:  # every clock shows one of them for long
                            border = max(border, (last - 2) * DAY)
                        pieces.append((t, border))
                    t = border
            closed = self._closed[zone.name] = merged(pieces)
        return closed

    def objection(self, t: int, case: Case) -> Objection:
        zones = case.zones or ANYWHERE
        day = next(
            zone.local_date(t) for zone in zones if closed_in(self._in(zone), t)[0] != t
        ).isoformat()
        needs = () if len(case.zones) == 1 else ("time_zone",)
        return Objection(f"{day} is a day on which nobody is to be contacted", needs, {"date": day})
