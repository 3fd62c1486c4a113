from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cadence_guard.cadence import Audience, Cadence, Elapsed, Ground, UntilClock, UntilOpen
from cadence_guard.check.proof import Objected
from cadence_guard.check.report import WitnessSignal, WitnessTouch
from cadence_guard.check.witness import witness
from cadence_guard.instants import DAY, HOUR, NEVER, Hours, to_datetime
from cadence_guard.policy import Policy
from cadence_guard.ruleset import Ruleset
from check.flows import (
    CHICAGO,
    END,
    START,
    days,
    enter,
    fan,
    flow,
    handover,
    hours,
    line,
    only,
    pause,
    policy,
    proved,
    step,
    waiting,
)

CAP = {"max": 2, "per": "7d"}


def first(policy: Policy, cadence: Cadence, **also: Any) -> Objected:
    return proved(Ruleset(policy), cadence, **also).objections[0]


def test_the_guard_refuses_what_the_proof_says() -> None:
    cap = policy(over_cap=CAP)
    cadence = line(
        step("a"), days(2), step("b", channel="call"), days(2), step("c"), days(2), step("d")
    )
    found = witness(cap, first(cap, cadence))
    assert dict(found.starts) == {"trial": to_datetime(START)}
    assert found.zone == CHICAGO.name
    assert found.touches == (
        WitnessTouch("trial", "a", to_datetime(START), "email", "allow", ()),
        WitnessTouch("trial", "b", to_datetime(START + 2 * DAY), "call", "allow", ()),
        WitnessTouch("trial", "c", to_datetime(START + 4 * DAY), "email", "defer", ("CG301",)),
    )
    assert found.since == to_datetime(START)
    assert found.signals == ()
    assert found.offset is None


def test_what_was_refused_was_made_all_the_same() -> None:
    cap = policy(over_cap=CAP)
    cadence = line(*(part for n in range(4) for part in (hours(1), step(f"s{n}"))))
    last = proved(Ruleset(cap), cadence).objections[-1]
    verdicts = [(touch.step, touch.verdict) for touch in witness(cap, last).touches]
    assert verdicts == [("s0", "allow"), ("s1", "allow"), ("s2", "defer"), ("s3", "defer")]


def test_calls_that_nobody_answers() -> None:
    calls = policy(missed_calls={"max": 2, "per": "14d"})
    cadence = line(step("a", channel="call", attempts=3, every=days(1)))
    found = witness(calls, first(calls, cadence))
    assert [touch.verdict for touch in found.touches] == ["allow", "allow", "defer"]
    assert found.since == to_datetime(START)


def test_signals_before_and_on_the_way() -> None:
    answered = policy(already_answered={"for": "30d"})
    cadence = flow(
        step("a", "?"), waiting("?", "replied", "p", days(2), None), pause("p", hours(1), "b"),
        step("b"), audience=Audience(grounds=(Ground("invited", channel="email", age=DAY),)),
    )  # fmt: skip
    one = first(answered, cadence)
    found = witness(answered, one)
    assert found.signals == (
        WitnessSignal("invited", to_datetime(START - DAY), "email"),
        WitnessSignal("replied", to_datetime(one.times[1]), None),
    )
    assert found.touches[-1].codes == ("CG603",)
    assert found.since is None


def test_where_ways_part_nothing_happens() -> None:
    cap = policy(over_cap={"max": 1, "per": "7d"})
    cadence = flow(
        pause("w", hours(1), "*"), fan("*", "p", "q"), pause("p", hours(1), "a"),
        pause("q", hours(2), "b"), step("a"), step("b"),
    )  # fmt: skip
    found = witness(cap, first(cap, cadence))
    assert [touch.step for touch in found.touches] == ["a", "b"]
    assert (found.signals, len(found.starts)) == ((), 1)


def test_handoffs_and_cadences_besides() -> None:
    baton = policy(not_the_holder={"for": "30d"})
    other = line(days(1), step("x", team="marketing"), name="other")
    cadence = flow(
        step("a", "h", team="marketing"), handover("h", "sales", "p"), pause("p", hours(1), "e"),
        enter("e", "other", None),
    )  # fmt: skip
    one = first(baton, cadence, others={"other": other})
    found = witness(baton, one)
    assert dict(found.starts) == {
        "trial": to_datetime(START),
        "other": to_datetime(START + HOUR),
    }
    assert [(touch.cadence, touch.step) for touch in found.touches] == [
        ("trial", "a"),
        ("other", "x"),
    ]
    assert found.touches[-1].codes == ("CG601",)
    assert found.signals == (WitnessSignal("handoff", to_datetime(START), to="sales"),)


def test_what_comes_later_is_left_out() -> None:
    soon = policy(too_soon={"gap": "2h"})
    never = UntilOpen(Hours([]), "never")
    cadence = flow(
        fan("*", "p", "q", "r"), pause("p", hours(5), "c"), pause("q", hours(1), "b"),
        pause("r", never, "z"), step("c"), step("b", "d"), step("d"), step("z"),
    )  # fmt: skip
    one = first(soon, cadence)
    assert [touch.step for touch in witness(soon, one).touches] == ["b", "d"]


def test_a_warning_is_no_refusal_but_it_is_said() -> None:
    warned = policy(too_soon={"gap": "2h", "effect": "warn"})
    found = witness(warned, only(proved(Ruleset(warned), line(step("a"), hours(1), step("b")))))
    assert (found.touches[-1].verdict, found.touches[-1].codes) == ("allow", ("CG302",))


def test_behind_ranges_and_standing_waits() -> None:
    soon = policy(
        too_soon={"gap": "4h"}, outside_hours={"windows": [{"from": "08:00", "to": "20:00"}]}
    )
    cadence = line(
        step("a"),
        Elapsed(HOUR, 30 * HOUR),
        step("b"),
        UntilClock(12 * HOUR),
        step("c"),
        days(1),
        step("d"),
    )
    proof = proved(Ruleset(soon), cadence, start=START, end=END)
    assert len(proof.objections) == 4
    for one in proof.objections:
        found = witness(soon, one)
        assert one.code in found.touches[-1].codes
        assert found.touches[-1].step == one.step.id


def test_what_the_guard_does_not_refuse_is_a_fault() -> None:
    cap = policy(over_cap=CAP)
    one = first(cap, line(step("a"), hours(1), step("b"), hours(1), step("c")))
    with pytest.raises(AssertionError, match=r"does not object \(CG302\) to step"):
        witness(cap, replace(one, code="CG302"))
    with pytest.raises(AssertionError, match=r"does not object \(CG301\) to step"):
        witness(policy(), one)
    with pytest.raises(AssertionError, match="'c' is not on its own time line"):
        witness(cap, replace(one, times=(*one.times[:2], NEVER)))
