"""Objects when a cap would be broken: a number of touches in a rolling window or a calendar unit.

A cap of `max` per `per` holds for every window of that length that contains the new touch, touches
booked for later included: Thursday may be booked before Tuesday. Two touches exactly `per` apart
are in no common window. A calendar cap counts the local day, ISO week or month of the contact, in
every zone the contact could be in. `max: 0` means never.

`scope: account` counts the touches filed under the account the contact has now (without an account,
the contact's own); `scope: point` every touch to the point, whoever the contact. A `meeting` is
neither judged nor counted, nor is a touch by a person that answers.

## Why

Every tool caps its own channel. The person gets the sum. A counter that only looks back is
wrong as soon as touches are booked out of order.

## Parameters

`max` (0 or more; 0 needs no window), one of `per` (`30m 20h 7d 2w`) and `calendar` (`day week month`), `scope`
(`contact`, `point`, `account`), `channels`, `purposes`, `teams`, `tags`, `effect`.

## Policy

    over-cap: {channels: [email], max: 1, per: 7d}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-02T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T09:59:59Z","channel":"email","to":"a@b.example","purpose":"sales"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-02T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales"}
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cadence_guard.history import Case
from cadence_guard.instants import ANYWHERE, DAY, NEVER, Zone, in_each, local_period
from cadence_guard.lines import Instants, Line
from cadence_guard.rules._counting import counted, crowded, two_sided, window_facts
from cadence_guard.rules._rule import (
    NOT_EVER,
    Crowd,
    Elapsed,
    Objection,
    OpenStretch,
    Rule,
    Selecting,
    Spans,
)
from cadence_guard.words import CHANNELS

_LONGEST = {"day": 2 * DAY, "week": 9 * DAY, "month": 33 * DAY}


class OverCap(Rule):
    code = "CG301"
    name = "over-cap"
    spans = Spans()
    hears = frozenset()

    channels = frozenset(CHANNELS) - {"meeting"}

    class Params(Selecting):
        max: Annotated[int, Field(ge=0)]
        per: Elapsed | None = None
        calendar: Literal["day", "week", "month"] | None = None
        scope: Literal["contact", "point", "account"] = "contact"

        @model_validator(mode="after")
        def _one_window(self) -> OverCap.Params:
            if self.max == 0 and self.per is None and self.calendar is None:
                return self  # never needs no window
            if (self.per is None) == (self.calendar is None):
                raise ValueError("expected one of 'per' (7d) and 'calendar' (day, week, month)")
            return self

    def set_up(self, params: Params) -> None:
        self.max = params.max
        self.calendar = params.calendar
        self.per = params.per.us if params.per else 0
        self.scope = params.scope
        if params.per:
            self.spans = Spans.of(params.per)
            self.looks_back = self.per
            self._search = partial(crowded, limit=self.max, within=self.per)
        elif params.calendar:
            self.spans = Spans(calendar=frozenset((params.calendar,)))
            self.looks_back = _LONGEST[params.calendar]

    def next_open(self, t: int, case: Case) -> OpenStretch:
        line = self._line(case)
        if self.max == 0:  # never, but for an answer, which no cap judges
            return two_sided(self, line, t, case, _never)
        at = line.at
        if len(at) < self.max or at[-self.max] <= t - self.looks_back:
            return t, NEVER  # too few touches of any kind
        if self.calendar is None:
            return two_sided(self, line, t, case, self._search)
        zones = case.zones or ANYWHERE
        return two_sided(self, line, t, case, partial(self._full_periods, zones))

    def _line(self, case: Case) -> Line:
        if self.scope == "contact":
            return case.me.line
        return case.account_line if self.scope == "account" else case.point_line

    def _full_periods(self, zones: tuple[Zone, ...], at: Instants, t: int) -> OpenStretch:
        if not at:
            return t, NEVER
        return in_each(zones, t, partial(self._next_period, at), at[-1])

    def _next_period(self, at: Instants, t: int, where: Zone) -> OpenStretch:
        """The first stretch of local periods that are not full."""
        assert self.calendar is not None
        found, limit = NEVER, max(t, at[-1]) + self.looks_back
        while t < limit:  # from there on there is nothing to be counted
            number, border = local_period(t, self.calendar, where)
            if self._count(at, t, number, where) >= self.max:
                if found < NEVER:
                    return found, t
            elif found == NEVER:
                found = t
            t = border
        return min(found, t), NEVER

    def _count(self, at: Instants, t: int, number: int, where: Zone) -> int:
        assert self.calendar is not None
        near = at[bisect_left(at, t - self.looks_back) : bisect_right(at, t + self.looks_back)]
        return sum(local_period(a, self.calendar, where)[0] == number for a in near)

    def quiet(self, t: int, case: Case) -> Crowd | None:
        if self.max == 0 or self._line(case) is not case.me.line:
            return None
        return Crowd(self.max, self.looks_back)

    def objection(self, t: int, case: Case) -> Objection:
        who = {"contact": "the contact", "point": "this point", "account": "the account"}[
            self.scope
        ]
        span = f"per {self.params.per.text}" if self.params.per else f"a {self.calendar}"
        if self.max == 0:
            per = {"per": self.params.per.text} if self.params.per else {}
            facts = {"touches": [], "max": 0, **per}
            return Objection("such a touch is never allowed (max 0)", facts=facts)
        line = self._line(case)
        if self.params.per:
            facts = window_facts(self, line, t, self.max, self.per, self.params.per.text)
        else:
            facts = {
                "touches": self._in_period(t, case, line),
                "max": self.max,
                "calendar": self.calendar,
            }
        message = f"{who} has its {self.max} {span} ({self._what()}) already"
        return Objection(message, () if case.zones or self.params.per else ("time_zone",), facts)

    def _what(self) -> str:
        """What it counts, in words."""
        params = self.params
        said = [", ".join(params.channels)] if params.channels else []
        for word, chosen in (
            ("tagged", params.tags),
            ("by", params.teams),
            ("for", params.purposes),
        ):
            if chosen:
                said.append(f"{word} {' or '.join(chosen)}")
        return "; ".join(said) or "all channels"

    def _in_period(self, t: int, case: Case, line: Line) -> list[Any]:
        assert self.calendar is not None
        near = counted(self, line, t - self.looks_back, t + self.looks_back)
        return [
            touch.id
            for touch in near
            if any(
                local_period(touch.at, self.calendar, zone)[0]
                == local_period(t, self.calendar, zone)[0]
                for zone in case.zones or ANYWHERE
            )
        ]


def _never(at: Instants, t: int) -> OpenStretch:
    return NOT_EVER
