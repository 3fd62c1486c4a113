"""Objects when another team holds the contact, or has just touched it: the baton.

A handoff holds for `lapses` from its instant, or until its own `until`, or until the next handoff;
while it holds, every team but the one it names objects, and what others did before does not count.
With none in force, a touch objects if another team touched the contact within `for`. Touches
without a team belong to one team of their own. It looks back only.

## Why

Marketing and sales ran two journeys of one person. After a clash both are stopped and have to agree.

## Parameters

`for` (30d unless said), `lapses` (90d unless said), `channels`, `purposes`, `teams`, `tags`,
`effect`.

## Policy

    not-the-holder: {for: 30d, lapses: 90d}

## Refused

    {"event":"touch","contact":"c-1","at":"2026-03-03T15:00:00Z","channel":"email","to":"a@b.example","team":"marketing","purpose":"sales","outcome":"sent"}
    {"event":"touch","contact":"c-1","at":"2026-03-04T15:00:00Z","channel":"email","to":"a@b.example","team":"sales","purpose":"sales"}

## Allowed

    {"event":"touch","contact":"c-1","at":"2026-03-03T15:00:00Z","channel":"email","to":"a@b.example","team":"marketing","purpose":"sales","outcome":"sent"}
    {"event":"handoff","contact":"c-1","at":"2026-03-04T14:00:00Z","from":"marketing","to":"sales","because":"asked for a demo"}
    {"event":"touch","contact":"c-1","at":"2026-03-04T15:00:00Z","channel":"email","to":"a@b.example","team":"sales","purpose":"sales"}
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import Annotated

from pydantic import Field

from cadence_guard.history import Case
from cadence_guard.instants import FIRST, NEVER, Duration, to_datetime, to_text
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
from cadence_guard.rules._sets import walk

Hold = tuple[int, int, str]
"""[start, end) in which a team holds the contact."""
_start = itemgetter(0)


class NotTheHolder(Rule):
    code = "CG601"
    name = "not-the-holder"
    hears = frozenset((NEW_MIX,))

    class Params(Selecting):
        for_: Annotated[Elapsed, Field(alias="for")] = Duration.parse("30d")
        lapses: Elapsed = Duration.parse("90d")

    def set_up(self, params: Params) -> None:
        self.within = params.for_.us
        self.lapses = params.lapses.us
        self.looks_back = self.within
        self.spans = Spans.of(params.for_, params.lapses)
        self._key = one("team", self.selection)

    def next_open(self, t: int, case: Case) -> OpenStretch:
        line, team, batons = case.me.line, case.team, case.me.batons
        groups = line.grouped(self._key, self.counts, _team, t - self.within)
        if not batons:
            last = FIRST
            for other, at in groups.items():
                if other != team and at[-1] > last:
                    last = at[-1]
            if last <= t:  # nothing of others lies ahead
                return max(t, last + self.within), NEVER
        others: list[Instants] = [at for other, at in groups.items() if other != team]
        holds = self._holds(case)
        return walk(lambda t: self._piece(t, case, others, holds), t)

    def _piece(
        self, t: int, case: Case, others: list[Instants], holds: list[Hold]
    ) -> tuple[int, int, int]:
        """(opens, closes, border) of the piece of time from `t` on with one holder or none."""
        place = bisect_right(holds, t, key=_start)
        if place and t < holds[place - 1][1]:
            _, end, team = holds[place - 1]
            return (t, end, end) if team == case.team else (NEVER, NEVER, end)
        border = holds[place][0] if place < len(holds) else NEVER
        opens = t
        while opens < border:
            last, following = last_and_next(others, opens)
            if last is None or last + self.within <= opens:
                return opens, min(following, border), border
            opens = last + self.within
        return NEVER, NEVER, border

    def _holds(self, case: Case) -> list[Hold]:
        batons = case.me.batons
        following = [*(baton.at for baton in batons[1:]), NEVER]
        return [
            (
                baton.at,
                min(baton.at + self.lapses if baton.until is None else baton.until, end),
                baton.to,
            )
            for baton, end in zip(batons, following, strict=False)
        ]

    def quiet(self, t: int, case: Case) -> Crowd | None:
        if case.me.batons:
            return None
        return FREE if case.me.line.mix.has_no_team_but(case.team) else Crowd(1, self.within)

    def objection(self, t: int, case: Case) -> Objection:
        for start, end, team in self._holds(case):
            if start <= t < end:
                at = to_text(to_datetime(start))
                return Objection(
                    f"the contact was handed to {team!r} at {at}",
                    facts={"holder": team, "since": at},
                )
        touches = [
            touch
            for touch in counted(self, case.me.line, t - self.within + 1, t)
            if touch.form.team != case.team
        ]
        other = touches[-1].form.team
        whose = f"team {other!r}" if other else "somebody without a team"
        message = (
            f"{whose} touched the contact within {self.params.for_.text} and handed nothing over"
        )
        return Objection(
            message, facts={"touches": [touch.id for touch in touches], "holder": other}
        )


def _team(message: Message) -> str | None:
    return message.form.team
