"""Objects while the contact has asked for a pause, on every channel.

A pause ends at its `until`, else at the next `resumed` or `invited`. Every pause counts by itself,
and it holds at once.

## Why

Pause dates that are stored and never read were broken for years in a well-known tool.

## Parameters

`effect`.

## Policy

    paused: {}

## Refused

    {"event":"signal","contact":"c-1","at":"2026-03-02T10:00:00Z","kind":"paused","until":"2026-04-01T00:00:00Z"}
    {"event":"touch","contact":"c-1","at":"2026-03-31T23:59:59Z","channel":"email","to":"a@b.example","purpose":"sales"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2026-03-02T10:00:00Z","kind":"paused","until":"2026-04-01T00:00:00Z"}
    {"event":"touch","contact":"c-1","at":"2026-04-01T00:00:00Z","channel":"email","to":"a@b.example","purpose":"sales"}
"""

from __future__ import annotations

from cadence_guard.history import Case
from cadence_guard.instants import FIRST, NEVER
from cadence_guard.rules._rule import Fact, Objection, OpenStretch, Spans


class Paused(Fact):
    code = "CG402"
    name = "paused"
    spans = Spans()
    hears = frozenset(("paused", "resumed", "invited"))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        memo = case.view.memo
        if (until := memo.get(self)) is None:
            until = memo[self] = self._until(case)
        return max(t, until), NEVER

    @staticmethod
    def _until(case: Case) -> int:
        """When the last pause ends."""
        last, resumed = FIRST, NEVER
        for said in reversed(case.me.said):
            if said.kind in ("resumed", "invited"):
                resumed = said.at
            elif said.kind == "paused":
                last = max(last, resumed if said.until is None else said.until)
        return last

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("the contact asked for a pause")
