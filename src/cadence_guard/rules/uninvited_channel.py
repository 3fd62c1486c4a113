"""Objects to a channel that the contact never invited.

It asks only about the channel: was there ever a consent for it, or a signal that `accept` lists? A
footprint (`visited`, `trial_started`, an open) is not an invitation.

## Why

Marketing handed a footprint to sales as if it were an invitation.

## Parameters

`channels`, `accept` (as in missing-consent; `[consent, invited]` unless said), `purposes`, `teams`,
`tags`, `effect`.

## Policy

    uninvited-channel: {channels: [call], accept: [consent, invited]}

## Refused

    {"event":"signal","contact":"c-1","at":"2026-03-02T16:00:00Z","kind":"trial_started"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2026-03-02T16:00:00Z","kind":"invited","channel":"call"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"call","to":"+15125550143","purpose":"sales"}
"""

from __future__ import annotations

from cadence_guard.history import Case, channel_named
from cadence_guard.instants import NEVER
from cadence_guard.rules._permission import Ground
from cadence_guard.rules._rule import Fact, Objection, OpenStretch, Selecting, Spans
from cadence_guard.rules._sets import merged, open_in
from cadence_guard.rules.missing_consent import Accept


class UninvitedChannel(Fact):
    code = "CG203"
    name = "uninvited-channel"

    class Params(Selecting):
        accept: Accept = (Ground("consent", None), Ground("invited", None))

    def set_up(self, params: Params) -> None:
        self.accept = params.accept
        self.hears = frozenset(ground.kind for ground in params.accept)
        self.spans = Spans.of(*(ground.lasts for ground in params.accept))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        memo = case.view.memo
        key = (self, case.channel, case.point)
        free = memo.get(key)
        if free is None:
            free = memo[key] = merged(self._invitations(case))
        return open_in(free, t)

    def _invitations(self, case: Case) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for kind, lasts in self.accept:
            if kind == "consent":
                found += [
                    (grant.start, NEVER)
                    for grant in case.me.grants
                    if channel_named(grant.channel, grant.point, case.channel)
                ]
                continue
            for said in case.me.said:
                if said.kind == kind and channel_named(said.channel, said.point, case.channel):
                    end = lasts.after(said.at, case.zones, latest=False) if lasts else NEVER
                    found.append((said.at, end))
        return found

    def objection(self, t: int, case: Case) -> Objection:
        return Objection(f"the contact never invited anybody to use {case.channel}", ("consent",))
