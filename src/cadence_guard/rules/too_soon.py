"""Objects when the minimum gap to the touch before or after would be too short.

Every touch counts, made or booked, whatever the team. Exactly `gap` apart is free. A `meeting` is
neither judged nor counted, nor is a touch by a person that answers.

## Why

A cap is volume, not pacing: four mails in one morning keep a cap of four per week.

## Parameters

`gap` (`30m 20h 7d 2w`), `channels`, `purposes`, `teams`, `tags`, `effect`.

## Policy

    too-soon: {gap: 20h}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-02T16:01:00Z","channel":"email","to":"a@b.example","purpose":"sales","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-03T12:00:59Z","channel":"sms","to":"+15125550143","purpose":"sales"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-02T16:01:00Z","channel":"email","to":"a@b.example","purpose":"sales","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-03T12:01:00Z","channel":"sms","to":"+15125550143","purpose":"sales"}
"""

from __future__ import annotations

from functools import partial

from cadence_guard.history import Case
from cadence_guard.instants import NEVER
from cadence_guard.rules._counting import counted, crowded, two_sided
from cadence_guard.rules._rule import Crowd, Elapsed, Objection, OpenStretch, Rule, Selecting, Spans
from cadence_guard.words import CHANNELS


class TooSoon(Rule):
    code = "CG302"
    name = "too-soon"
    hears = frozenset()

    channels = frozenset(CHANNELS) - {"meeting"}

    class Params(Selecting):
        gap: Elapsed

    def set_up(self, params: Params) -> None:
        self.gap = params.gap.us
        self.looks_back = self.gap
        self.spans = Spans.of(params.gap)
        self._search = partial(crowded, limit=1, within=self.gap)

    def next_open(self, t: int, case: Case) -> OpenStretch:
        line = case.me.line
        if not line.at or line.at[-1] <= t - self.gap:
            return t, NEVER  # no touch of any kind is so near
        return two_sided(self, line, t, case, self._search)

    def quiet(self, t: int, case: Case) -> Crowd | None:
        return Crowd(1, self.looks_back)

    def objection(self, t: int, case: Case) -> Objection:
        gap = self.params.gap.text
        near = counted(self, case.me.line, t - self.gap + 1, t + self.gap - 1)
        when = "booked for then" if all(touch.at > t for touch in near) else "made"
        facts = {"touches": [touch.id for touch in near], "gap": gap}
        return Objection(f"less than {gap} from another touch {when}", facts=facts)
