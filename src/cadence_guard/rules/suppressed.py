"""Objects when a suppression entry matches the contact or the point.

Entries come from an import, from a hard bounce (until a later consent with evidence names the
point), and from an erasure: what somebody forgotten had said no to stays in force under keyed
hashes, also when they are imported again.

## Why

After an erasure the next shop sync imports the person again, and the mails begin anew.

## Parameters

None: it is part of every ruleset and cannot be switched off.

## Policy

    suppressed: {}

## Refused

    {"event":"suppress","at":"2026-03-01T00:00:00Z","point":"A@B.example","note":"import 2026-03"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"email","to":"a@b.example","purpose":"service"}

## Allowed

    {"event":"suppress","at":"2026-03-01T00:00:00Z","point":"other@b.example"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"email","to":"a@b.example","purpose":"service"}
"""

from __future__ import annotations

from cadence_guard.history import Case, No
from cadence_guard.instants import NEVER
from cadence_guard.rules._permission import all_open, hardest, named_since, reopened, standing
from cadence_guard.rules._rule import Objection, OpenStretch, Rule
from cadence_guard.rules._sets import Intervals


class Suppressed(Rule):
    code = "CG104"
    name = "suppressed"
    always_on = True
    by_noes = True

    def next_open(self, t: int, case: Case) -> OpenStretch:
        if not case.noes:
            return t, NEVER
        return all_open([self._reopened(no, case) for no in hardest(self._noes(case))], t)

    def _noes(self, case: Case) -> list[No]:
        return [
            no
            for no in case.noes
            if (no.kind in ("suppressed", "bounced") or (no.erased and no.kind != "wrong_person"))
            and no.covers(case.me.contact, case.channel, case.point, case.purpose)
        ]

    @staticmethod
    def _reopened(no: No, case: Case) -> Intervals:
        if no.kind != "bounced":
            return reopened(no, case)
        since = named_since(no, case)
        return [(since, NEVER)] if since < NEVER else []

    def objection(self, t: int, case: Case) -> Objection:
        no = standing(self._noes(case), t, self._reopened, case)[-1]
        if no.kind == "bounced":
            return Objection("this point bounced", ("consent",), {"kind": no.kind})
        kept = ", kept after an erasure" if no.erased else ""
        whom = "the contact is" if no.contact == case.me.contact else "this point is"
        return Objection(f"{whom} on the suppression list{kept}", facts={"kind": no.kind})
