"""Objects to another call after calls that left no message.

A call was missed when its outcome is `no_answer`, `busy` or `unknown`. Outcome `voicemail` left a
message. Objects when `max` calls were missed within `per` before this one, or the last missed one
is less than `gap` back. Only calls are judged. It looks back only.

## Why

He kept calling without leaving messages: missed calls on a private phone are what a stalker does.

## Parameters

`max` (0 or more), `per`, `gap` (durations), `purposes`, `teams`, `tags`, `effect`.

## Policy

    missed-calls: {max: 2, per: 14d, gap: 3d}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-11T15:00:00Z","channel":"call","to":"+15125550143","purpose":"sales","outcome":"no_answer"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T17:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-11T15:00:00Z","channel":"call","to":"+15125550143","purpose":"sales","outcome":"voicemail"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T17:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated

from pydantic import Field

from cadence_guard.history import Case
from cadence_guard.instants import NEVER
from cadence_guard.lines import Form, Instants
from cadence_guard.rules._counting import counted
from cadence_guard.rules._rule import (
    NOT_EVER,
    Crowd,
    Elapsed,
    Objection,
    OpenStretch,
    Rule,
    Selecting,
    Spans,
    one,
)


class MissedCalls(Rule):
    code = "CG304"
    name = "missed-calls"
    hears = frozenset()
    channels = frozenset(("call",))

    class Params(Selecting):
        max: Annotated[int, Field(ge=0)]
        per: Elapsed
        gap: Elapsed | None = None

    def set_up(self, params: Params) -> None:
        self.max = params.max
        self.per = params.per.us
        self.gap = params.gap.us if params.gap else 0
        self.looks_back = max(self.per, self.gap)
        self.spans = Spans.of(params.per, params.gap)
        self._key = one("missed", self.selection)

    def counts(self, form: Form) -> bool:
        return form.missed and super().counts(form)

    def next_open(self, t: int, case: Case) -> OpenStretch:
        if self.max == 0:
            return NOT_EVER
        at = case.me.line.pick(self._key, self.counts)
        opens = self._clear(at, t)
        for index in range(bisect_right(at, opens), len(at)):
            if self._clear(at, at[index]) > at[index]:
                return opens, at[index]
        return opens, NEVER

    def _clear(self, at: Instants, t: int) -> int:
        """The first instant at or after `t` that no missed call before it keeps closed."""
        while index := bisect_right(at, t):
            until = at[index - 1] + self.gap
            if index >= self.max:
                until = max(until, at[index - self.max] + self.per)
            if until <= t:
                break
            t = until
        return t

    def quiet(self, t: int, case: Case) -> Crowd | None:
        return None if self.max == 0 else Crowd(1, self.looks_back)

    def objection(self, t: int, case: Case) -> Objection:
        missed = counted(self, case.me.line, t - self.looks_back + 1, t)
        facts = {
            "touches": [touch.id for touch in missed],
            "max": self.max,
            "per": self.params.per.text,
        }
        recent = [touch for touch in missed if t - touch.at < self.per]
        if len(recent) >= self.max:
            number = len(recent)
            return Objection(
                f"{number} calls within {self.params.per.text} left no message", facts=facts
            )
        return Objection(f"the last call left no message; wait {self.params.gap.text}", facts=facts)
