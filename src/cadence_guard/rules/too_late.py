"""Objects when the touch's own `not_after` has passed.

A touch that had to wait may have lost its sense: then it is not to be made any more.

## Why

"Cancel an email queued by the frequency rule if it is no longer relevant."

## Parameters

`effect`.

## Policy

    too-late: {}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:01Z","channel":"email","to":"a@b.example","purpose":"sales","not_after":"2026-03-09T10:00:00Z"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","not_after":"2026-03-09T10:00:00Z"}
"""

from __future__ import annotations

from cadence_guard.history import Case
from cadence_guard.instants import NEVER, to_text, to_us
from cadence_guard.rules._rule import NOT_EVER, Fact, Objection, OpenStretch, Spans


class TooLate(Fact):
    code = "CG404"
    name = "too-late"
    spans = Spans()
    hears = frozenset()

    def next_open(self, t: int, case: Case) -> OpenStretch:
        limit = case.touch.not_after
        if limit is None:
            return t, NEVER
        closes = to_us(limit) + 1
        return (t, closes) if t < closes else NOT_EVER

    def objection(self, t: int, case: Case) -> Objection:
        assert case.touch.not_after is not None
        return Objection(f"it was not to be made after {to_text(case.touch.not_after)}")
