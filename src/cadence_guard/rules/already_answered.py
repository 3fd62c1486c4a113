"""Objects to automation after the contact replied, booked or bought.

Judged for automated touches only, for a time after the signal: a person may go on talking.

## Why

"Just following up", says the sequence to somebody who answered yesterday.

## Parameters

`for` (30d unless said), `signals` (`replied`, `meeting_booked` and `purchased` unless said),
`channels`, `purposes`, `teams`, `tags`, `effect`.

## Policy

    already-answered: {for: 30d}

## Refused

    {"event":"signal","contact":"c-1","at":"2026-03-10T19:00:00Z","kind":"replied","channel":"email"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2026-03-10T19:00:00Z","kind":"replied","channel":"email"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","automated":false}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from cadence_guard import words
from cadence_guard._model import listed
from cadence_guard.history import Case
from cadence_guard.instants import NEVER, Duration, to_datetime, to_text
from cadence_guard.rules._rule import Elapsed, Fact, Objection, OpenStretch, Selecting, Spans
from cadence_guard.rules._sets import closed_in, merged

if TYPE_CHECKING:
    from typing import TypeAlias

    SignalKinds: TypeAlias = tuple[str, ...]
else:
    SignalKinds = Annotated[
        tuple[listed("signal", words.SIGNALS, own=True), ...],
        Field(strict=False, min_length=1),
    ]


class AlreadyAnswered(Fact):
    code = "CG603"
    name = "already-answered"

    class Params(Selecting):
        for_: Annotated[Elapsed, Field(alias="for")] = Duration.parse("30d")
        signals: SignalKinds = ("replied", "meeting_booked", "purchased")

    def set_up(self, params: Params) -> None:
        self.within = params.for_.us
        self.hears = self.signals = frozenset(params.signals)
        self.spans = Spans.of(params.for_)

    def next_open(self, t: int, case: Case) -> OpenStretch:
        if not case.touch.automated:
            return t, NEVER
        memo = case.view.memo
        if (closed := memo.get(self)) is None:
            closed = memo[self] = merged(
                (said.at, said.at + self.within)
                for said in case.me.said
                if said.kind in self.signals
            )
        return closed_in(closed, t)

    def objection(self, t: int, case: Case) -> Objection:
        said = next(
            said
            for said in reversed(case.me.said)
            if said.kind in self.signals and said.at <= t < said.at + self.within
        )
        at = to_text(to_datetime(said.at))
        message = f"{said.kind!r} at {at}: automation stops for {self.params.for_.text}"
        return Objection(message, facts={"kind": said.kind, "at": at})
