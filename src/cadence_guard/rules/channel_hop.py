"""Objects to another channel after a refusal or an opt-out on one.

Set off by `declined`, `hung_up`, `opt_out` and `complained`; not by `not_now`, by a withdrawal, or
by an opt-out that names a purpose and no channel. The refused channel is the signal's, else that of
the touch it answers, else unknown: then every channel is another one. A later `invited`, or a
consent by the contact, ends it for the channel it names.

## Why

Selling phone calls after an e-mail opt-out is a feature elsewhere.

## Parameters

`for` (a duration), `channels`, `purposes`, `teams`, `tags`, `effect`.

## Policy

    channel-hop: {for: 180d}

## Refused

    {"event":"signal","contact":"c-1","at":"2026-03-10T19:01:00Z","kind":"opt_out","channel":"email"}
    {"event":"touch","contact":"c-1","at":"2026-03-11T10:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2026-03-10T19:01:00Z","kind":"opt_out","channel":"email"}
    {"event":"signal","contact":"c-1","at":"2026-03-11T09:00:00Z","kind":"invited","channel":"call"}
    {"event":"touch","contact":"c-1","at":"2026-03-11T10:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cadence_guard.history import Case, Said
from cadence_guard.instants import to_datetime, to_text
from cadence_guard.rules._refusals import CoolDown, ways_back
from cadence_guard.rules._rule import Objection, Selecting, Span, Spans

_KINDS = frozenset(("declined", "hung_up", "opt_out", "complained"))


class ChannelHop(CoolDown):
    code = "CG502"
    name = "channel-hop"
    hears = _KINDS | {"invited"}

    class Params(Selecting):
        for_: Annotated[Span, Field(alias="for")]

    def set_up(self, params: Params) -> None:
        self.lasts = params.for_
        self.spans = Spans.of(params.for_)

    def ends(self, case: Case) -> list[tuple[int, Said]]:
        refusals = [
            said
            for said in case.me.said
            if said.kind in _KINDS
            and said.channel != case.channel
            and not (said.kind == "opt_out" and said.purpose and not said.channel)
        ]
        return [
            (min(self.lasts.after(said.at, case.zones, latest=True), back), said)
            for said, back in zip(refusals, ways_back(refusals, case), strict=True)
        ]

    def objection(self, t: int, case: Case) -> Objection:
        said = self.last(case)
        at = to_text(to_datetime(said.at))
        where = f"on {said.channel}" if said.channel else "on a channel we do not know"
        message = f"{said.kind!r} {where} at {at}; trying {case.channel} instead is no answer to it"
        facts = {"kind": said.kind, "channel": said.channel, "at": at}
        return Objection(message, ("consent",), facts)
