"""Objects to a contact point of which nobody can say how we got it.

## Why

A number that nobody gave us is a number somebody took.

## Parameters

`channels`, `purposes`, `teams`, `tags`, `effect`.

## Policy

    unknown-source: {channels: [call, sms]}

## Refused

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","points":[{"kind":"phone","value":"+15125550143","use":"work"}]}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}

## Allowed

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","points":[{"kind":"phone","value":"+15125550143","source":"public"}]}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}

## Source

Regulation (EU) 2016/679 art. 14(2)(f): from which source the personal data originate.
"""

from __future__ import annotations

from cadence_guard.history import Case
from cadence_guard.instants import NEVER
from cadence_guard.rules._rule import NOT_EVER, Fact, Objection, OpenStretch, Selecting, Spans


class UnknownSource(Fact):
    code = "CG202"
    name = "unknown-source"
    spans = Spans()
    hears = frozenset()

    class Params(Selecting):
        pass

    def next_open(self, t: int, case: Case) -> OpenStretch:
        known = case.point is None or (case.about_point("source") or "unknown") != "unknown"
        return (t, NEVER) if known else NOT_EVER

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("nobody can say how we got this point", ("source",))
