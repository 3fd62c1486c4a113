"""Objects when the policy asks for consent, or a named relationship, and none is in force.

`accept` lists the grounds: `consent` (a grant for this purpose that names this channel or point, in
force), or a signal with the time it holds: `{invited: 90d}`, `{purchased: P24M}`. A ground that
leaves out purpose, channel or point covers all of it. A withdrawal ends every ground before it in
its scope, purchases and invitations too. Consent for `marketing` does not open `sales`.

If none of the accepted grounds ever held, this is CG102 missing-consent. If one did and ended, it
is CG103 expired-consent.

## Why

A download is not an invitation. An event may justify some purposes and channels, for a while.

## Parameters

`accept` (a list, as above), `channels`, `purposes`, `teams`, `tags`, `effect`.

## Policy

    missing-consent: {channels: [email], accept: [consent, {trial_started: 30d}]}

## Refused

    {"event":"signal","contact":"c-1","at":"2026-03-02T16:00:00Z","kind":"trial_started"}
    {"event":"touch","contact":"c-1","at":"2026-04-01T16:00:00Z","channel":"email","to":"a@b.example","purpose":"marketing"}

## Allowed

    {"event":"signal","contact":"c-1","at":"2026-03-02T16:00:00Z","kind":"trial_started"}
    {"event":"touch","contact":"c-1","at":"2026-04-01T15:59:59Z","channel":"email","to":"a@b.example","purpose":"marketing"}

## Source

Directive 2002/58/EC art. 13(1), (2); Regulation (EU) 2016/679 art. 6, 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from cadence_guard import words
from cadence_guard.history import Case
from cadence_guard.instants import Duration, to_datetime, to_text
from cadence_guard.rules._permission import Ground, grounds
from cadence_guard.rules._rule import Fact, Objection, OpenStretch, Selecting, Spans
from cadence_guard.rules._sets import merged, open_in


def parse_ground(value: Any) -> Ground:
    """`consent`, a signal kind, or one with its time: `{invited: 90d}`."""
    if isinstance(value, Ground):
        return value
    if isinstance(value, str):
        value = {value: None}
    elif not isinstance(value, dict) or len(value) != 1 or None in value.values():
        raise ValueError("expected consent, a signal, or one signal and its time: {invited: 90d}")
    ((kind, lasts),) = value.items()
    known = ("consent", *words.SIGNALS)
    if kind not in known and not str(kind).startswith("x-"):
        raise ValueError(words.expected(kind, known, "ground"))
    if kind == "consent" and lasts is not None:
        raise ValueError("a consent carries its own 'until'; expected consent alone")
    return Ground(kind, None if lasts is None else Duration.parse(lasts))


def dump_ground(ground: Ground) -> Any:
    """The ground as it is written in a policy."""
    return ground.kind if ground.lasts is None else {ground.kind: ground.lasts.text}


if TYPE_CHECKING:
    from typing import TypeAlias

    Accept: TypeAlias = tuple[Ground, ...]
else:
    _own = {"type": "string", "pattern": "^x-."}
    _timed = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "patternProperties": {f"^({'|'.join(words.SIGNALS)}|x-.+)$": {"type": "string"}},
        "additionalProperties": False,
    }
    _schema = WithJsonSchema({"anyOf": [{"enum": ["consent", *words.SIGNALS]}, _own, _timed]})
    _ground = Annotated[Ground, PlainValidator(parse_ground), PlainSerializer(dump_ground), _schema]
    Accept = Annotated[tuple[_ground, ...], Field(strict=False, min_length=1)]


class MissingConsent(Fact):
    code = "CG102"
    name = "missing-consent"
    expired = ("CG103", "expired-consent")

    class Params(Selecting):
        accept: Accept

    def set_up(self, params: Params) -> None:
        self.accept = params.accept
        self.hears = frozenset(ground.kind for ground in params.accept)
        self.spans = Spans.of(*(ground.lasts for ground in params.accept))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        memo = case.view.memo
        key = (self, case.channel, case.purpose, case.point)
        free = memo.get(key)
        if free is None:
            free = memo[key] = merged(grounds(case, self.accept))
        return open_in(free, t)

    def _ended(self, t: int, case: Case) -> list[int]:
        return [end for start, end in grounds(case, self.accept) if start < end <= t]

    def code_at(self, t: int, case: Case) -> str:
        return self.expired[0] if self._ended(t, case) else self.code

    def objection(self, t: int, case: Case) -> Objection:
        ended = self._ended(t, case)
        what = f"{case.purpose} by {case.channel}"
        if ended:
            at = to_text(to_datetime(max(ended)))
            message = f"what permitted {what} ended at {at}"
            return Objection(message, ("consent",), {"ended": at}, *self.expired)
        accept = " or ".join(ground.kind for ground in self.accept)
        return Objection(f"no {accept} for {what}", ("consent",))
