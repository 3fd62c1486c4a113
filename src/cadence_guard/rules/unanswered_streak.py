"""Objects when touches went unanswered, by a gap that grows with their number.

`after: n` holds from the touch that follows n unanswered ones; the largest step reached applies,
counted from the last touch. An answer (`replied`, `invited`, `meeting_booked`, `purchased`) begins
a new streak; a refusal is none. The line is judged with the new touch in it, so a touch that would
make a booked one come too early is refused as well. It looks back 400 days.

## Why

"The only way to stop email sequences is by responding": silence has to stop them too.

## Parameters

`steps`: a list of `{after, gap}`, both growing; `gap` is a duration or `never`. `channels`,
`purposes`, `teams`, `tags`, `effect`.

## Policy

    unanswered-streak: {steps: [{after: 1, gap: 7d}]}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-02T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-08T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-02T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","outcome":"sent"}
    {"event":"signal","contact":"c-1","at":"2026-03-02T12:00:00Z","kind":"replied","channel":"email"}
    {"event":"touch","contact":"c-1","at":"2026-03-08T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales"}
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import partial
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cadence_guard.history import Case, Said
from cadence_guard.instants import NEVER, PERIOD, Duration
from cadence_guard.lines import Instants
from cadence_guard.rules._counting import counted, two_sided
from cadence_guard.rules._rule import Crowd, Elapsed, Objection, OpenStretch, Rule, Selecting, Spans
from cadence_guard.rules._sets import walk

ENDS = frozenset(("replied", "invited", "meeting_booked", "purchased"))


class Step(BaseModel):
    model_config = ConfigDict(
        frozen=True, defer_build=True, extra="forbid", strict=True, arbitrary_types_allowed=True
    )

    after: Annotated[int, Field(ge=1)]
    gap: Elapsed | Literal["never"]

    @property
    def us(self) -> int:
        return self.gap.us if isinstance(self.gap, Duration) else NEVER


class UnansweredStreak(Rule):
    code = "CG303"
    name = "unanswered-streak"
    hears = frozenset()
    looks_back = PERIOD

    class Params(Selecting):
        steps: Annotated[tuple[Step, ...], Field(strict=False, min_length=1)]

        @model_validator(mode="after")
        def _growing(self) -> UnansweredStreak.Params:
            for one, other in pairwise(self.steps):
                if other.after <= one.after:
                    raise ValueError(
                        f"steps: after {other.after} stands after {one.after}; sort them"
                    )
                if other.us < one.us:
                    raise ValueError(
                        f"steps: the gap falls at after {other.after}; gaps may not fall"
                    )
            return self

    def set_up(self, params: Params) -> None:
        self._after = [step.after for step in params.steps]
        self._gaps = [0, *(step.us for step in params.steps)]
        gaps = {gap for gap in self._gaps if 0 < gap < NEVER}
        self.spans = Spans(elapsed=frozenset((*gaps, PERIOD)))

    def gap(self, unanswered: int) -> int:
        """How long after the last of so many unanswered touches the next one waits
        (microseconds)."""
        return self._gaps[bisect_right(self._after, unanswered)]

    def next_open(self, t: int, case: Case) -> OpenStretch:
        line = case.me.line
        at: Instants = line.at
        ends = self._ends(case)
        if not at or (at[-1] <= t and (not ends or ends[-1].at <= t)):
            # Nothing lies ahead: touches of any kind since the last answer are at least as many.
            since = bisect_left(at, ends[-1].at) if ends else 0
            if since == len(at) or at[-1] + self.gap(len(at) - since) <= t:
                return t, NEVER
            if case.touch.automated:
                at = line.pick(self.selection, self.counts, self.answers)
                low = self._rank(case, ends[-1], at) if ends else 0
                if low == len(at):
                    return t, NEVER
                opens = at[-1] + self.gap(len(at) - low)
                if at[low] > max(t, opens) - PERIOD:  # none of them is too old to count by then
                    return max(t, opens), NEVER
        return two_sided(self, line, t, case, partial(self._search, case))

    def _search(self, case: Case, at: Instants, t: int) -> OpenStretch:
        if not at:
            return t, NEVER
        ends = self._ends(case)

        def piece(t: int) -> tuple[int, int, int]:
            low, high, border = self._streak(case, ends, at, t)
            return self._within(at[low:high], t, border)

        return walk(piece, t)

    @staticmethod
    def _ends(case: Case) -> list[Said]:
        memo = case.view.memo
        if (ends := memo.get(ENDS)) is None:
            ends = memo[ENDS] = [said for said in case.me.said if said.kind in ENDS]
        return ends

    def _streak(self, case: Case, ends: list[Said], at: Instants, t: int) -> tuple[int, int, int]:
        """(low, high, border): the touches at[low:high] of the streak a touch at `t` falls in, and
        the next instant that begins another."""
        index = bisect_right(ends, t, key=_at)
        low = self._rank(case, ends[index - 1], at) if index else 0
        low = max(low, bisect_right(at, t - PERIOD))
        if index == len(ends):
            return low, len(at), NEVER
        return low, max(low, self._rank(case, ends[index], at)), ends[index].at

    def _rank(self, case: Case, end: Said, at: Instants) -> int:
        """How many of the counted touches are earlier than a signal."""
        rank = bisect_right(at, end.at)
        if rank and at[rank - 1] == end.at:  # at equal instants the order of the lines decides
            tied = counted(self, case.me.line, end.at, end.at)
            rank -= sum(touch not in end.before for touch in tied)
        return rank

    def _within(self, streak: Instants, t: int, border: int) -> tuple[int, int, int]:
        """The free part at or after `t` of the piece of time that begins at `t`: (opens, closes,
        border), where nothing about the streak changes before `border`."""
        before = bisect_right(streak, t)
        ahead = len(streak) - before
        opens = max(t, streak[before - 1] + self.gap(before)) if before else t
        closes = NEVER
        if streak and (ahead or opens > t):
            # Old touches leave the streak, and with fewer of them a smaller gap applies.
            border = min(border, self._leaves(streak, before, ahead))
        if ahead:
            border = min(border, streak[before])
            closes = streak[before] - self.gap(before + 1) + 1
            later = streak[before:]
            if any(
                after - touch < self.gap(before + 1 + place)
                for place, (touch, after) in enumerate(pairwise(later), 1)
            ):
                closes = t
        if opens >= min(closes, border):
            return NEVER, NEVER, border
        return opens, min(closes, border), border

    def _leaves(self, streak: Instants, before: int, ahead: int) -> int:
        """When so many touches will be 400 days old that another gap may apply."""
        if ahead or not before:
            return streak[0] + PERIOD
        step = bisect_right(self._after, before)
        return streak[before - self._after[step - 1]] + PERIOD if step else NEVER

    def quiet(self, t: int, case: Case) -> Crowd | None:
        return Crowd(1, min(max(self._gaps), PERIOD))

    def objection(self, t: int, case: Case) -> Objection:
        index = bisect_right(ends := self._ends(case), t, key=_at)
        since = ends[index - 1].at if index else 0
        touches = [
            touch
            for touch in counted(self, case.me.line, max(since, t - PERIOD + 1), t)
            if not index or not ends[index - 1].follows(touch)
        ]
        gap = self.gap(len(touches))
        facts = {"touches": [touch.id for touch in touches], "unanswered": len(touches)}
        if touches and t - touches[-1].at < gap:
            text = next(s.gap for s in reversed(self.params.steps) if s.after <= len(touches))
            wait = "no more of them" if gap == NEVER else f"the next one waits {text.text}"
            return Objection(
                f"{len(touches)} touches in a row without an answer: {wait}", facts=facts
            )
        return Objection(
            "a touch booked for later would follow too soon in the streak", facts=facts
        )


def _at(said: Said) -> int:
    return said.at
