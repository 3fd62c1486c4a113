"""Objects for a cool-down after a refusal, graded by what was said, on all channels and teams.

Every refusal counts by itself, the latest end wins, and it holds at once. One that says `until`
("not before May") lasts until then, if that is later. A later `invited`, or a consent by the
contact, ends it for the channel it names (a point names the channels of its kind; nothing named:
all).

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

from cadence_guard.history import Case, Said
from cadence_guard.instants import FIRST, Duration, to_datetime, to_text
from cadence_guard.rules._refusals import CoolDown, ways_back
from cadence_guard.rules._rule import Objection, Selecting, Span, Spans


class AfterRefusal(CoolDown):
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

    def ends(self, case: Case) -> list[tuple[int, Said]]:
        refusals = [said for said in case.me.said if said.kind in self._cool]
        return [
            (min(max(self._lapses(said, case), _asked(said)), back), said)
            for said, back in zip(refusals, ways_back(refusals, case), strict=True)
        ]

    def _lapses(self, said: Said, case: Case) -> int:
        return self._cool[said.kind].after(said.at, case.zones, latest=True)

    def objection(self, t: int, case: Case) -> Objection:
        said = self.last(case)
        at = to_text(to_datetime(said.at))
        wait = f"{self._cool[said.kind].text} of silence"
        if _asked(said) > self._lapses(said, case):
            wait = f"silence until {to_text(to_datetime(_asked(said)))}, as they asked"
        message = f"the contact said {said.kind!r} at {at}; {wait}, on every channel"
        return Objection(message, ("consent",), {"kind": said.kind, "at": at})


def _asked(said: Said) -> int:
    """Until when the contact asked not to be touched."""
    return FIRST if said.until is None else said.until
