"""Objects outside the hours and days of a channel, in every zone the contact could be in.

Windows are a predicate on the wall clock: open iff the local time lies in a window of the local
day. `from` is in, `to` is out; one over midnight belongs to the day it opens. A skipped hour never
opens, a repeated one opens twice. All candidate zones must be open: the declared one alone, else
those of the point's region, the contact's region, the country, the phone number.

## Why

An unknown time zone switches quiet hours off in most products.

## Parameters

`windows`: a list of `{days, from, to}` (days `mon` to `sun`, all unless said; `24:00` may be
written), `unknown` (nothing known of the zone: `closed`, unless `open`), `channels`, `purposes`,
`teams`, `tags`, `effect`.

## Policy

    outside-hours: {channels: [call], windows: [{days: [mon, tue, wed, thu, fri], from: "09:00", to: "18:00"}]}

## Refused

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","time_zone":"America/Chicago"}
    {"event":"touch","contact":"c-1","at":"2026-03-14T17:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}

## Allowed

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","time_zone":"America/Chicago"}
    {"event":"touch","contact":"c-1","at":"2026-03-13T17:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from cadence_guard._model import listed
from cadence_guard.history import Case
from cadence_guard.instants import DAY, DAYS, HOUR, MINUTE, NEVER, Hours, parse_clock, to_datetime
from cadence_guard.rules._rule import NOT_EVER, Fact, Objection, OpenStretch, Selecting, Spans

if TYPE_CHECKING:
    from typing import TypeAlias

    Clock: TypeAlias = int
    Days: TypeAlias = tuple[str, ...]
else:
    Clock = Annotated[
        int,
        PlainValidator(parse_clock),
        PlainSerializer(lambda us: f"{us // HOUR:02d}:{us % HOUR // MINUTE:02d}"),
        WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"}),
    ]
    Days = Annotated[tuple[listed("day", DAYS), ...], Field(strict=False, min_length=1)]


class Window(BaseModel):
    model_config = ConfigDict(
        frozen=True, defer_build=True, extra="forbid", strict=True, populate_by_name=True
    )

    days: Days = DAYS
    from_: Annotated[Clock, Field(alias="from")]
    to: Clock

    @model_validator(mode="after")
    def _has_a_length(self) -> Window:
        if self.from_ == self.to:
            raise ValueError("'from' and 'to' are the same; write 00:00 to 24:00 for the whole day")
        if self.from_ == DAY:
            raise ValueError("'from' may not be 24:00; write 00:00")
        return self


class OutsideHours(Fact):
    code = "CG401"
    name = "outside-hours"
    hears = frozenset()

    class Params(Selecting):
        windows: Annotated[tuple[Window, ...], Field(strict=False, min_length=1)]
        unknown: Literal["closed", "open"] = "closed"

    def set_up(self, params: Params) -> None:
        self.hours = Hours(
            ([DAYS.index(day) for day in window.days], window.from_, window.to)
            for window in params.windows
        )
        self.spans = Spans(clock=frozenset(self.hours.edges()))
        self._nowhere = NOT_EVER if params.unknown == "closed" else None

    def next_open(self, t: int, case: Case) -> OpenStretch:
        zones = case.zones
        if zones:
            return self.hours.next_open(t, zones)
        return self._nowhere or (t, NEVER)

    def objection(self, t: int, case: Case) -> Objection:
        if not case.zones:
            return Objection("nothing is known of the contact's time zone", ("time_zone",))
        shut = next(zone for zone in case.zones if self.hours.next_open(t, (zone,))[0] != t)
        local = to_datetime(t + shut.at(t).offset)
        message = f"it is {local:%a %H:%M} in {shut.name}, outside the hours for {case.channel}"
        more = len(case.zones) - 1
        if more:
            message += f" ({more} more zones are possible)"
        needs = ("time_zone",) if more else ()
        return Objection(message, needs, {"zone": shut.name, "local": f"{local:%Y-%m-%dT%H:%M:%S}"})
