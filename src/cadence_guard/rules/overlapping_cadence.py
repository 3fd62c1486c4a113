"""Objects when the contact is active in another cadence that does not share.

Another cadence touched the contact within `for`. Judged for automated touches with a cadence; all
touches of other cadences count. It looks back only, and holds both ways: each stops the other.

## Why

Two good cadences are one bad one for the person who is in both.

## Parameters

`for` (14d unless said), `share`: a list of groups of cadences that may run for one person at once,
`channels`, `purposes`, `teams`, `tags`, `effect`.

## Policy

    overlapping-cadence: {for: 14d, share: [[drip, webinar]]}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-03T15:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","cadence":"drip","step":"one","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-10T15:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","cadence":"rep","step":"one"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-03T15:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","cadence":"drip","step":"one","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-10T15:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","cadence":"webinar","step":"one"}
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated

from pydantic import Field

from cadence_guard.history import Case
from cadence_guard.instants import NEVER, Duration
from cadence_guard.lines import Instants, Message
from cadence_guard.rules._counting import counted, last_and_next
from cadence_guard.rules._rule import (
    FREE,
    NEW_MIX,
    Crowd,
    Elapsed,
    Objection,
    OpenStretch,
    Rule,
    Selecting,
    Spans,
    one,
)

_Group = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=2)
]


class OverlappingCadence(Rule):
    code = "CG602"
    name = "overlapping-cadence"
    hears = frozenset((NEW_MIX,))

    class Params(Selecting):
        for_: Annotated[Elapsed, Field(alias="for")] = Duration.parse("14d")
        share: Annotated[tuple[_Group, ...], Field(strict=False)] = ()

    def set_up(self, params: Params) -> None:
        self.within = params.for_.us
        self.looks_back = self.within
        self.spans = Spans.of(params.for_)
        self._key = one("cadence", self.selection)
        self._share = [frozenset(group) for group in params.share]

    def _clashes(self, cadence: str | None, other: Hashable) -> bool:
        return (
            other is not None
            and cadence != other
            and not any(cadence in group and other in group for group in self._share)
        )

    def next_open(self, t: int, case: Case) -> OpenStretch:
        cadence = case.touch.cadence
        if cadence is None or not case.touch.automated:
            return t, NEVER
        line, since = case.me.line, t - self.within
        near = line.near(since)
        if near is not None and not [past for past in near if past.cadence != cadence]:
            return t, NEVER  # mostly
        groups = line.grouped(self._key, self.counts, _cadence, since)
        others: list[Instants] = []
        for other, at in groups.items():
            if other != cadence and at[-1] > t - self.within and self._clashes(cadence, other):
                others.append(at)
        while others:
            last, following = last_and_next(others, t)
            if last is None or last + self.within <= t:
                return t, following
            t = last + self.within
        return t, NEVER

    def quiet(self, t: int, case: Case) -> Crowd | None:
        cadence = case.touch.cadence
        if cadence is None or case.me.line.mix.has_no_cadence_but(cadence):
            return FREE
        return Crowd(1, self.looks_back)

    def objection(self, t: int, case: Case) -> Objection:
        touches = [
            touch
            for touch in counted(self, case.me.line, t - self.within + 1, t)
            if self._clashes(case.touch.cadence, touch.message.cadence)
        ]
        other = touches[-1].message.cadence
        message = f"cadence {other!r} touched the contact within {self.params.for_.text}"
        return Objection(
            message, facts={"touches": [touch.id for touch in touches], "cadence": other}
        )


def _cadence(message: Message) -> str | None:
    return message.cadence
