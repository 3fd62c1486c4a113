"""Objects when the same cadence step is sent again within a time, before or after.

A touch without a step is not judged. A missed call may be tried again. A periodic mailing gives
each issue a step of its own.

## Why

Two workers in the same second, a re-enrolment, a list imported twice: the same mail again and again.

## Parameters

`per` (a duration), `channels`, `purposes`, `teams`, `tags`, `effect`.

## Policy

    repeated-message: {per: 90d}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-02T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","cadence":"drip","step":"one","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-04-02T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","cadence":"drip","step":"one"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-02T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","cadence":"drip","step":"one","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-04-02T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","cadence":"drip","step":"two"}
"""

from __future__ import annotations

from operator import attrgetter

from cadence_guard.history import Case
from cadence_guard.instants import NEVER
from cadence_guard.lines import Form
from cadence_guard.rules._counting import counted, crowded
from cadence_guard.rules._rule import (
    Crowd,
    Elapsed,
    Objection,
    OpenStretch,
    Rule,
    Selecting,
    Spans,
    one,
)


class RepeatedMessage(Rule):
    code = "CG305"
    name = "repeated-message"
    hears = frozenset()

    class Params(Selecting):
        per: Elapsed

    def set_up(self, params: Params) -> None:
        self.per = params.per.us
        self.looks_back = self.per
        self.spans = Spans.of(params.per)
        self._key = one("message", self.selection)

    def counts(self, form: Form) -> bool:
        return not form.missed and super().counts(form)

    def next_open(self, t: int, case: Case) -> OpenStretch:
        touch = case.touch
        if touch.step is None:
            return t, NEVER
        line, since = case.me.line, t - self.per
        near = line.near(since)
        if near is not None and touch.step not in map(_step, near):
            return t, NEVER  # mostly
        groups = line.grouped(self._key, self.counts, _message, since)
        at = groups.get((touch.cadence, touch.step))
        return crowded(at, t, 1, self.per) if at else (t, NEVER)

    def quiet(self, t: int, case: Case) -> Crowd | None:
        return Crowd(1, self.looks_back)

    def objection(self, t: int, case: Case) -> Objection:
        message = (case.touch.cadence, case.touch.step)
        near = counted(self, case.me.line, t - self.per + 1, t + self.per - 1)
        same = [touch.id for touch in near if _message(touch.message) == message]
        facts = {"touches": same, "per": self.params.per.text}
        return Objection(f"the same step within {self.params.per.text}", facts=facts)


_step = attrgetter("step")
_message = attrgetter("cadence", "step")
