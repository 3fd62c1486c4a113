"""Objects when the contact, this point, channel or purpose is opted out, or the contact complained.

An opt-out covers what it names; one that names nothing covers everything, transactional touches
too, and every point the contact had when it came. It holds at once, for every contact who has the
point, and never expires. A later grant with evidence by the same person reopens exactly what it
names while it is in force; a complaint is never reopened. A withdrawn consent is an opt-out of its
scope. No rule, exemption or pack outweighs it.

## Why

A no that one tool knows and the next does not is no no at all.

## Parameters

None: it is part of every ruleset and cannot be switched off.

## Policy

    opted-out: {}

## Refused

    {"event":"signal","contact":"c-1","at":"2026-03-02T10:00:00Z","kind":"opt_out","channel":"sms","point":"+15125550143"}
    {"event":"touch","contact":"c-2","at":"2026-03-09T10:00:00Z","channel":"sms","to":"+1 512 555 0143","purpose":"service"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2026-03-02T10:00:00Z","kind":"opt_out","purpose":"marketing"}
    {"event":"touch","contact":"c-1","at":"2026-03-09T10:00:00Z","channel":"email","to":"a@b.example","purpose":"service"}

## Source

47 CFR 64.1200(a)(10) (revocation by any reasonable means); Regulation (EU) 2016/679 art. 7(3), 21(2).
"""

from __future__ import annotations

from cadence_guard.history import Case, No
from cadence_guard.instants import NEVER, to_datetime, to_text
from cadence_guard.rules._permission import all_open, hardest, reopened, standing
from cadence_guard.rules._rule import Objection, OpenStretch, Rule, Spans


class OptedOut(Rule):
    code = "CG101"
    name = "opted-out"
    spans = Spans()
    always_on = True
    by_noes = True
    kinds = frozenset(("opt_out", "withdrawn", "complained"))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        if not case.noes:
            return t, NEVER
        return all_open([reopened(no, case) for no in hardest(self._noes(case))], t)

    def _noes(self, case: Case) -> list[No]:
        return [
            no
            for no in case.noes
            if no.kind in self.kinds
            and not no.erased
            and no.covers(case.me.contact, case.channel, case.point, case.purpose)
        ]

    def objection(self, t: int, case: Case) -> Objection:
        noes = standing(self._noes(case), t, reopened, case)
        last = max(noes, key=lambda no: (no.kind == "complained", no.at))
        who = "the contact" if last.contact == case.me.contact else "somebody who has this point"
        did = "complained" if last.kind == "complained" else "opted out"
        scope = [word for word in (last.channel, last.purpose) if word]
        what = f" of {' '.join(scope)}" if scope else ""
        facts = {"kind": last.kind, "at": to_text(to_datetime(last.at))}
        needs = () if last.kind == "complained" else ("consent",)
        return Objection(f"{who} {did}{what} at {facts['at']}", needs, facts)
