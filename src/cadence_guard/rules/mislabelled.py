"""Objects to a promotional touch that calls itself transactional to pass.

A touch that carries one of `tags` and whose purpose is one of `purposes`.

## Why

The sender grades itself: a promotion that calls itself critical went out at three in the morning.

## Parameters

`tags` (`promotional`, `urgent` unless said), `purposes` (`transactional`, `service` unless said),
`channels`, `teams`, `effect`.

## Policy

    mislabelled: {}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-12T10:00:00Z","channel":"email","to":"a@b.example","purpose":"transactional","tags":["promotional"]}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-12T10:00:00Z","channel":"email","to":"a@b.example","purpose":"transactional","tags":["helpful"]}
"""

from __future__ import annotations

from cadence_guard.history import Case
from cadence_guard.rules._rule import (
    NOT_EVER,
    Objection,
    OpenStretch,
    Purposes,
    Rule,
    Selecting,
    Spans,
    Words,
)


class Mislabelled(Rule):
    code = "CG706"
    name = "mislabelled"
    spans = Spans()
    hears = frozenset()

    class Params(Selecting):
        tags: Words = ("promotional", "urgent")
        purposes: Purposes = ("transactional", "service")

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return NOT_EVER  # tags and purposes have chosen the touch already

    def objection(self, t: int, case: Case) -> Objection:
        tags = [tag for tag in case.touch.tags if tag in self.params.tags]
        message = f"a touch tagged {', '.join(tags)} that calls itself {case.purpose}"
        return Objection(message, facts={"tags": tags})
