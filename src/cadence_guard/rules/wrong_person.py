"""Objects when this point was reported to belong to somebody else.

The report means the signal's point, else the point of the touch it answers, else every point of
the channel's kind (no channel either: every point). It holds at once, for every contact who has the
point, until a later grant with evidence names the point.

## Why

"Wrong number" is not a missed call. The next dial reaches the same stranger.

## Parameters

None: it is part of every ruleset and cannot be switched off.

## Policy

    wrong-person: {}

## Refused

    {"event":"signal","contact":"c-1","at":"2026-03-02T10:00:00Z","kind":"wrong_person","point":"+15125550143"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"sms","to":"+15125550143","purpose":"service"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2026-03-02T10:00:00Z","kind":"wrong_person","point":"+15125550143"}
    {"event":"consent","contact":"c-1","at":"2026-03-05T10:00:00Z","status":"granted","purpose":"service","point":"+15125550143","evidence":"call 17"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"sms","to":"+15125550143","purpose":"service"}
"""

from __future__ import annotations

from cadence_guard.history import Case, No
from cadence_guard.instants import NEVER, to_datetime, to_text
from cadence_guard.rules._permission import all_open, hardest, named_since, standing
from cadence_guard.rules._rule import Objection, OpenStretch, Rule, Spans
from cadence_guard.rules._sets import Intervals
from cadence_guard.words import CHANNEL_KIND


class WrongPerson(Rule):
    code = "CG204"
    name = "wrong-person"
    spans = Spans()
    always_on = True
    by_noes = True

    def next_open(self, t: int, case: Case) -> OpenStretch:
        if not case.noes:
            return t, NEVER
        return all_open([self._after(no, case) for no in hardest(self._reports(case))], t)

    @staticmethod
    def _reports(case: Case) -> list[No]:
        return [no for no in case.noes if no.kind == "wrong_person" and _means(no, case)]

    @staticmethod
    def _after(no: No, case: Case) -> Intervals:
        since = named_since(no, case)
        return [(since, NEVER)] if since < NEVER else []

    def objection(self, t: int, case: Case) -> Objection:
        no = standing(self._reports(case), t, self._after, case)[-1]
        at = to_text(to_datetime(no.at))
        message = f"this point was reported at {at} to belong to somebody else"
        return Objection(message, ("consent",), {"at": at})


def _means(no: No, case: Case) -> bool:
    if case.point is not None and case.point in no.points:
        return True
    kind = CHANNEL_KIND[no.channel] if no.channel else None
    mine = not no.named and no.contact == case.me.contact
    return mine and kind in (None, CHANNEL_KIND[case.channel])
