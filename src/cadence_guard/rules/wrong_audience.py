"""Objects to a customer in a prospect cadence, and to a footprint treated as intent.

A touch with `audience: prospects` to somebody who has bought; or a touch of purpose `sales` by call,
sms, whatsapp, voicemail or social that was started by a footprint (`because: visited`,
`trial_started`, ...).

## Why

A former customer who fetches a file is not a lead.

## Parameters

`effect`.

## Policy

    wrong-audience: {}

## Refused

    {"event":"signal","contact":"c-1","at":"2024-05-10T15:00:00Z","kind":"purchased"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","audience":"prospects"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2024-05-10T15:00:00Z","kind":"purchased"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","audience":"customers"}
"""

from __future__ import annotations

from cadence_guard.history import Case
from cadence_guard.instants import NEVER
from cadence_guard.rules._rule import NOT_EVER, Fact, Objection, OpenStretch, Spans
from cadence_guard.words import FOOTPRINTS

_PERSONAL = ("call", "sms", "whatsapp", "voicemail", "social")


class WrongAudience(Fact):
    code = "CG604"
    name = "wrong-audience"
    spans = Spans()
    hears = frozenset(("purchased",))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        if _footprint_as_intent(case):
            return NOT_EVER
        if case.touch.audience != "prospects":
            return t, NEVER
        bought = min((said.at for said in case.me.said if said.kind == "purchased"), default=NEVER)
        return (t, bought) if t < bought else NOT_EVER

    def objection(self, t: int, case: Case) -> Objection:
        touch = case.touch
        if _footprint_as_intent(case):
            message = f"{touch.because!r} is a footprint, no invitation to a sales {case.channel}"
            return Objection(message, facts={"because": touch.because})
        return Objection("the contact is a customer, and this is for prospects")


def _footprint_as_intent(case: Case) -> bool:
    return (
        case.purpose == "sales" and case.touch.because in FOOTPRINTS and case.channel in _PERSONAL
    )
