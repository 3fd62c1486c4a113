"""Objects to a private contact point without consent given for that point.

A point of use `private`, or of unknown use, needs a grant in force of the touch's purpose that names
the point; or one that names its channel, when the contact gave the point (`given_by_contact`,
`trial_form`, `web_form`). E-mail is not among the default channels: a consumer's address is
private, and the form that asked for it names the channel.

## Why

He called on a private number that only friends and family use. No other tool refuses "private
number, source unknown".

## Parameters

`channels` (call, sms, whatsapp and voicemail unless said), `unknown` (`closed` unless said: a point
of unknown use counts as private), `purposes`, `teams`, `tags`, `effect`.

## Policy

    private-point: {}

## Refused

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","points":[{"kind":"phone","value":"+15125550143","use":"private","source":"enriched"}]}
    {"event":"consent","contact":"c-1","at":"2026-03-02T00:00:00Z","status":"granted","purpose":"sales","channel":"call"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}

## Allowed

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","points":[{"kind":"phone","value":"+15125550143","use":"private","source":"enriched"}]}
    {"event":"consent","contact":"c-1","at":"2026-03-02T00:00:00Z","status":"granted","purpose":"sales","point":"+15125550143"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}
"""

from __future__ import annotations

from typing import Literal

from cadence_guard.history import Case, Grant
from cadence_guard.instants import NEVER
from cadence_guard.rules._permission import grant_covers, in_force
from cadence_guard.rules._rule import Channels, Fact, Objection, OpenStretch, Selecting, Spans
from cadence_guard.rules._sets import merged, open_in

_GIVEN = ("given_by_contact", "trial_form", "web_form")


class PrivatePoint(Fact):
    code = "CG201"
    name = "private-point"
    spans = Spans()
    hears = frozenset()

    class Params(Selecting):
        channels: Channels = ("call", "sms", "whatsapp", "voicemail")
        unknown: Literal["closed", "open"] = "closed"

    def set_up(self, params: Params) -> None:
        self.unknown = params.unknown

    def next_open(self, t: int, case: Case) -> OpenStretch:
        if case.point is None:
            return t, NEVER
        use = case.about_point("use") or "unknown"
        if use != "private" and (use != "unknown" or self.unknown == "open"):
            return t, NEVER
        given = case.about_point("source") in _GIVEN
        grants = (grant for grant in case.me.grants if _opens(grant, case, given))
        return open_in(merged(in_force(case, grants)), t)

    def objection(self, t: int, case: Case) -> Objection:
        use = case.about_point("use") or "unknown"
        needs = ["consent"]
        if use == "unknown":
            needs.append("use")
        if (case.about_point("source") or "unknown") == "unknown":
            needs.append("source")
        what = "a private point" if use == "private" else "a point that may be private"
        return Objection(f"{what}, and no consent names it", tuple(needs), {"use": use})


def _opens(grant: Grant, case: Case, given: bool) -> bool:
    named = grant.point is not None or (given and grant.channel is not None)
    return named and grant_covers(grant, case)
