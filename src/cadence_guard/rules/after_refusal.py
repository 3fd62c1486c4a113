"""Objects for a cool-down after a refusal, graded by what was said, on all channels and teams.

Every refusal counts by itself, the latest end wins, and it holds at once. A later `invited`, or a
consent by the contact, ends it for the channel it names (a point names the channels of its kind;
nothing named: all).

## Why

She said she was busy and hung up; he mailed to "pick up our conversation".

## Parameters

`not_now`, `declined`, `hung_up` (durations, at least one), `channels`, `purposes`, `teams`, `tags`,
`effect`.

## Policy

    after-refusal: {not_now: 2d, declined: 180d, hung_up: 180d}

## Refused

    {"event":"signal","contact":"c-1","at":"2026-03-10T19:01:00Z","kind":"hung_up","channel":"call"}
    {"event":"touch","contact":"c-1","at":"2026-03-10T20:15:00Z","channel":"email","to":"a@b.example","purpose":"sales"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2026-03-10T19:01:00Z","kind":"not_now","channel":"call"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T19:01:00Z","channel":"email","to":"a@b.example","purpose":"sales"}
"""

from __future__ import annotations

from pydantic import model_validator

from cadence_guard.history import Case, Said, channel_named
from cadence_guard.instants import FIRST, NEVER, Duration, to_datetime, to_text
from cadence_guard.rules._rule import Fact, Objection, OpenStretch, Selecting, Span, Spans


def way_back(refusal: Said, case: Case) -> int:
    """When a later invitation or consent ends a refusal for the touch's channel."""
    invited = (
        said.at
        for said in case.me.said
        if said.kind == "invited"
        and (said.at, said.order) > (refusal.at, refusal.order)
        and channel_named(said.channel, said.point, case.channel)
    )
    granted = (
        grant.start
        for grant in case.me.grants
        if (grant.at, grant.order) > (refusal.at, refusal.order)
        and channel_named(grant.channel, grant.point, case.channel)
    )
    return min((*invited, *granted), default=NEVER)


class AfterRefusal(Fact):
    code = "CG501"
    name = "after-refusal"

    class Params(Selecting):
        not_now: Span | None = None
        declined: Span | None = None
        hung_up: Span | None = None

        @model_validator(mode="after")
        def _says_something(self) -> AfterRefusal.Params:
            if not (self.not_now or self.declined or self.hung_up):
                raise ValueError("expected at least one of 'not_now', 'declined' and 'hung_up'")
            return self

    def set_up(self, params: Params) -> None:
        cool = {"not_now": params.not_now, "declined": params.declined, "hung_up": params.hung_up}
        self._cool: dict[str, Duration] = {kind: long for kind, long in cool.items() if long}
        self.spans = Spans.of(*self._cool.values())
        self.hears = frozenset((*self._cool, "invited"))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        memo = case.view.memo
        key = (self, case.channel, case.point)
        if (until := memo.get(key)) is None:
            until = memo[key] = max((end for end, _ in self._ends(case)), default=FIRST)
        return max(t, until), NEVER

    def _ends(self, case: Case) -> list[tuple[int, Said]]:
        return [
            (min(cool.after(said.at, case.zones, latest=True), way_back(said, case)), said)
            for said in case.me.said
            if (cool := self._cool.get(said.kind))
        ]

    def objection(self, t: int, case: Case) -> Objection:
        _, said = max(self._ends(case), key=lambda end: end[0])
        at = to_text(to_datetime(said.at))
        wait = self._cool[said.kind].text
        message = f"the contact said {said.kind!r} at {at}; {wait} of silence, on every channel"
        return Objection(message, ("consent",), {"kind": said.kind, "at": at})
