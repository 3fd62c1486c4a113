"""Objects when a suppression entry matches the contact or the point.

Entries come from an import, from a hard bounce (until a later consent with evidence names the
point), and from an erasure: what somebody forgotten had said no to stays in force under keyed
hashes, also when they are imported again.

What an import put on the list stays there. An opt-out kept after an erasure is reopened by a later
consent with evidence, as it was before, but only by whoever said no: by the same id. Nobody can tell
that a new id with the same point is the same person, so none of its own consents reopens it. The way
back is a consent with evidence that names the point, recorded under the id that was forgotten; it
opens the point for the new id too.

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

from typing import Final

from cadence_guard.history import Case, No
from cadence_guard.instants import NEVER
from cadence_guard.rules._permission import (
    FINAL,
    all_open,
    hardest,
    named_since,
    reopened,
    standing,
)
from cadence_guard.rules._rule import Objection, OpenStretch, Rule, Spans
from cadence_guard.rules._sets import Intervals

_WAY_BACK: Final = (
    "only a consent with evidence that names it, recorded under the id that was forgotten, reopens"
    " it"
)


class Suppressed(Rule):
    code = "CG104"
    name = "suppressed"
    spans = Spans()
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
        whom = "the contact is" if no.contact == case.me.contact else "this point is"
        message, facts = f"{whom} on the suppression list", {"kind": no.kind}
        if not no.erased:
            return Objection(message, facts=facts)
        message += ", kept after an erasure"
        if no.kind in FINAL:
            return Objection(message, facts=facts)
        if case.book.is_theirs(no, case.me.contact):
            return Objection(message, ("consent",), facts)
        return Objection(f"{message}; {_WAY_BACK}", facts=facts)
