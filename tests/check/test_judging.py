"""The pictures a touch is judged by; what is judged is tested with the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cadence_guard.check.judging import Concern, Judge
from cadence_guard.check.paths import Heard, Made
from cadence_guard.history import Case
from cadence_guard.instants import DAY, HOUR, Zone
from cadence_guard.policy import Policy
from cadence_guard.rules import Rule, Spans
from cadence_guard.rules._rule import OpenStretch
from cadence_guard.ruleset import Ruleset
from check.flows import BERLIN, CHICAGO, line, rules, step, us

if TYPE_CHECKING:
    import pytest

NOON = us("2026-03-03T18:00:00Z")


def judge(ruleset: Ruleset) -> tuple[Judge, Concern, Made]:
    reasons: list[str] = []
    one = step("a")
    made = Made(one, line(one))
    found = Judge(ruleset, reasons.append)
    found.cadences = (made.cadence,)
    concern = found.concern(made)
    assert concern is not None
    assert found.concern(made) is concern
    assert not reasons
    return found, concern, made


def test_the_same_distances_in_another_zone_are_the_same_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, concern, made = judge(rules(over_cap={"max": 1, "per": "2d"}))
    asked: list[int] = []
    case = found.case

    def counted(concern: Concern, at: int, where: Zone, priors: list[tuple[int, int]]) -> object:
        asked.append(at)
        return case(concern, at, where, priors)

    monkeypatch.setattr(found, "case", counted)
    kind = found.kind(made)
    bits = found.objecting(concern, NOON, CHICAGO, [(NOON - DAY, kind)])
    assert bits == sum(bit for bit, entry in concern.entries if entry.name == "over-cap")
    assert found.objecting(concern, NOON + 5, BERLIN, [(NOON + 5 - DAY, kind)]) == bits
    assert asked == [NOON]
    assert found.objecting(concern, NOON, CHICAGO, [(NOON - 2 * DAY, kind)]) == 0
    assert len(asked) == 2


def test_a_book_grows_with_what_was_before() -> None:
    found, concern, made = judge(rules(over_cap={"max": 2, "per": "30d"}))
    kind, reply = found.kind(made), found.kind(Heard("replied"))
    priors = [(NOON - n * DAY, kind) for n in (4, 3)]
    assert found.objecting(concern, NOON - 2 * DAY, CHICAGO, priors[:1]) == 0
    assert found.objecting(concern, NOON - 2 * DAY, CHICAGO, priors) != 0
    longer = found.case(concern, NOON, CHICAGO, [*priors, (NOON - DAY, reply)])
    assert [past.at for past in longer.me.line.touches] == [at for at, _ in priors]
    assert [said.kind for said in longer.me.said] == ["replied"]
    other = found.case(concern, NOON, CHICAGO, priors[1:])
    assert [past.at for past in other.me.line.touches] == [NOON - 3 * DAY]
    assert other.zones == (CHICAGO,)
    assert found.case(concern, NOON, BERLIN, priors[1:]).zones == (BERLIN,)


class Own(Rule):
    """A rule of somebody's own."""

    code, name = "X1", "own"
    spans = Spans()

    def next_open(self, t: int, case: Case) -> OpenStretch:
        raise NotImplementedError


def asked_anew(ruleset: Ruleset, kind: str) -> bool:
    """Whether it matters to a touch how long ago a signal came, beyond the spans of its rules."""
    found, concern, _ = judge(ruleset)
    said = found.kind(Heard(kind))
    for ago in (DAY, DAY + 1):
        found.objecting(concern, NOON, CHICAGO, [(NOON - ago, said)])
    return len(found._pictures) > 1


def test_how_long_ago_nobody_reads_a_footprint() -> None:
    cap = {"max": 1, "per": "9d"}
    assert not asked_anew(rules(over_cap=cap), "clicked")
    assert asked_anew(rules(over_cap=cap), "replied")
    assert asked_anew(rules(missing_consent={"accept": [{"clicked": "9d"}]}), "clicked")
    own = {f"{__name__}:Own": {}}
    assert asked_anew(Ruleset(Policy(rules=own)), "clicked")
    talks = {"signals": ["clicked"], "within": "2d"}
    policy = {"version": 1, "rules": {"over-cap": cap}, "answers": talks}
    assert asked_anew(Ruleset(Policy.model_validate(policy)), "clicked")


def test_equal_kinds_have_one_number() -> None:
    found, _, made = judge(rules())
    assert found.kind(Heard("replied")) == found.kind(Heard("replied"))
    assert found.kind(Heard("replied")) != found.kind(Heard("clicked"))
    assert found.kind(made) == found.kind(Made(made.step, made.cadence))


def test_where_answers_can_change() -> None:
    ruleset = rules(
        over_cap=[{"max": 1, "per": "2d"}, {"max": 3, "calendar": "week"}],
        outside_hours={"windows": [{"from": "09:00", "to": "17:00"}]},
        too_soon={"gap": "20h", "channels": ["call"]},
    )
    _, concern, _ = judge(ruleset)
    assert concern.elapsed == (2 * DAY,)
    assert concern.edges == (0, 9 * HOUR, 17 * HOUR)
    assert concern.units == ("week",)
    assert not concern.plain
    assert [entry.name for _, entry in concern.timing] == ["outside-hours"]
    assert judge(rules(over_cap={"max": 1, "per": "2d"}))[1].plain
