"""Objects to more urgent, countdown or promotional touches than allowed, and to a moved deadline.

Each of `caps` counts the touches that carry one of its `tags`, both ways, as over-cap does. With
`moved_deadline: true`, a deadline later than the earliest one announced before for the same offer
is refused; announcements are remembered for 400 days.

## Why

A countdown that starts again is a lie. A share of pitches can be diluted by any mail; counting
cannot.

## Parameters

`caps`: a list of `{tags, max, per}`, `moved_deadline` (true or false), `channels`, `purposes`,
`teams`, `tags`, `effect`.

## Policy

    pressure: {caps: [{tags: [urgent], max: 1, per: 14d}], moved_deadline: true}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-03T15:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","offer":"spring","deadline":"2026-03-10T00:00:00Z","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-11T15:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","offer":"spring","deadline":"2026-03-20T00:00:00Z"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-03T15:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","tags":["urgent"],"outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-17T15:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","tags":["urgent"]}
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cadence_guard.history import Case
from cadence_guard.instants import NEVER, PERIOD, to_datetime, to_text, to_us
from cadence_guard.lines import Form
from cadence_guard.rules._counting import crowded
from cadence_guard.rules._rule import (
    FREE,
    NOT_EVER,
    Crowd,
    Elapsed,
    Objection,
    OpenStretch,
    Rule,
    Selecting,
    Spans,
)
from cadence_guard.rules._sets import closed_in, merged

if TYPE_CHECKING:
    from typing import TypeAlias

    Tags: TypeAlias = tuple[str, ...]
else:
    Tags = Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=1)
    ]


class PressureCap(BaseModel):
    model_config = ConfigDict(
        frozen=True, defer_build=True, extra="forbid", strict=True, arbitrary_types_allowed=True
    )

    tags: Tags
    max: Annotated[int, Field(ge=0)]
    per: Elapsed


class Pressure(Rule):
    code = "CG702"
    name = "pressure"
    hears = frozenset()

    class Params(Selecting):
        caps: Annotated[tuple[PressureCap, ...], Field(strict=False)] = ()
        moved_deadline: bool = False

        @model_validator(mode="after")
        def _says_something(self) -> Pressure.Params:
            if not self.caps and not self.moved_deadline:
                raise ValueError("expected 'caps', or 'moved_deadline: true'")
            return self

    def set_up(self, params: Params) -> None:
        self.caps = params.caps
        self._tagged = [(frozenset(cap.tags), cap.max, cap.per.us) for cap in params.caps]
        self._caps_on = lru_cache(maxsize=256)(self._find_caps)
        self.moved = params.moved_deadline
        spans = {within for _, _, within in self._tagged} | ({PERIOD} if self.moved else set())
        self.looks_back = max(spans)
        self.spans = Spans(elapsed=frozenset(spans))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        touch = case.touch
        deadlines = self.moved and touch.offer is not None and touch.deadline is not None
        caps = self._caps_on(touch.tags) if touch.tags else []
        if not caps and not deadlines:
            return t, NEVER
        while True:
            opens, closes = t, NEVER
            if deadlines:
                announced = merged((at, at + PERIOD) for at, _ in self._announced(case))
                opens, closes = closed_in(announced, t)
            for tags, limit, within in caps:
                first, last = self._capped(t, case, tags, limit, within)
                opens, closes = max(opens, first), min(closes, last)
            if opens == NEVER:
                return NOT_EVER
            if opens == t:
                return t, closes
            t = opens

    def _find_caps(self, worn: tuple[str, ...]) -> list[tuple[frozenset[str], int, int]]:
        """The caps that are about a touch with these tags."""
        return [cap for cap in self._tagged if not cap[0].isdisjoint(worn)]

    def _capped(
        self, t: int, case: Case, tags: frozenset[str], limit: int, within: int
    ) -> OpenStretch:
        if limit == 0:
            return NOT_EVER
        at = case.me.line.at
        if len(at) < limit or at[-limit] <= t - within:
            return t, NEVER  # too few touches of any kind

        def tagged(form: Form) -> bool:
            return not tags.isdisjoint(form.tags) and self.counts(form)

        return crowded(case.me.line.pick((tags, self.selection), tagged), t, limit, within)

    def _announced(self, case: Case) -> list[tuple[int, int]]:
        """When earlier deadlines of the same offer were announced, and these deadlines."""
        touch = case.touch
        assert touch.deadline is not None
        deadline = to_us(touch.deadline)
        return [
            (past.at, announced)
            for past, offer, announced in case.me.offers
            if offer == touch.offer
            and announced < deadline
            and past.form.outcome != "failed"
            and self.counts(past.form)
        ]

    def quiet(self, t: int, case: Case) -> Crowd | None:
        caps = self._caps_on(case.touch.tags)
        if any(limit == 0 for _, limit, _ in caps):
            return None
        announced = self.moved and case.touch.offer is not None
        return Crowd(1, self.looks_back) if caps or announced else FREE

    def objection(self, t: int, case: Case) -> Objection:
        for cap, (tags, limit, within) in zip(self.caps, self._tagged, strict=True):
            if tags.isdisjoint(case.touch.tags):
                continue
            if self._capped(t, case, tags, limit, within)[0] != t:
                near = [
                    touch.id
                    for touch in case.me.line.between(t - within + 1, t + within - 1)
                    if self.counts(touch.form) and not tags.isdisjoint(touch.form.tags)
                ]
                kinds = " or ".join(cap.tags)
                message = f"more than {cap.max} {kinds} touches per {cap.per.text}"
                return Objection(
                    message, facts={"touches": near, "max": cap.max, "per": cap.per.text}
                )
        first = min(announced for at, announced in self._announced(case) if at <= t < at + PERIOD)
        at = to_text(to_datetime(first))
        return Objection(
            f"the deadline of {case.touch.offer!r} was {at} before", facts={"deadline": at}
        )
