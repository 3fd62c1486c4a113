from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from cadence_guard import Guard
from cadence_guard.cadence import (
    Audience,
    Await,
    Cadence,
    Elapsed,
    Ground,
    Unknown,
    UntilClock,
    UntilOpen,
)
from cadence_guard.check.assumptions import CONTACT, facts, touch_of
from cadence_guard.check.proof import Objected, prove
from cadence_guard.check.reactions import reactions
from cadence_guard.check.report import Witness, WitnessSignal, WitnessStep, WitnessTouch
from cadence_guard.check.witness import Witnesses, witness
from cadence_guard.decision import Decision
from cadence_guard.history import Case
from cadence_guard.importers import Source
from cadence_guard.instants import DAY, HOUR, NEVER, Hours, to_datetime, to_us, zone
from cadence_guard.policy import Policy
from cadence_guard.rules import Objection, Rule, Spans
from cadence_guard.rules._rule import OpenStretch
from cadence_guard.ruleset import Ruleset
from check.brute import Heard, Made, is_open
from check.brute_reactions import Reacting
from check.flows import (
    CHICAGO,
    END,
    START,
    branch,
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
from check.worlds import (
    SEEDS,
    World,
    exact_policy,
    minute_world,
    tick_world,
    with_exits,
    year_world,
)

CAP = {"max": 2, "per": "7d"}


def first(policy: Policy, cadence: Cadence, **also: Any) -> Objected:
    return proved(Ruleset(policy), cadence, **also).objections[0]


class Enough(Rule):
    """Says of its touches what it likes."""

    code = "CG999"
    name = "enough"
    spans = Spans()

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return NEVER, NEVER

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("enough", facts={"touches": 3})


def test_what_a_rule_of_ones_own_says_of_its_touches_is_not_read() -> None:
    own = Policy(rules={f"{__name__}:Enough": {}})
    found = witness(own, first(own, line(step("a"))))
    assert [(touch.step, touch.codes) for touch in found.touches] == [("a", ("CG999",))]
    assert found.since is None


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


def test_a_step_that_makes_no_touch_is_left_out() -> None:
    gap = policy(too_soon={"gap": "20h"})
    cadence = line(step("a"), hours(1), step("no\0touch"), hours(1), step("b"))
    found = witness(gap, first(gap, cadence))
    assert [touch.step for touch in found.touches] == ["a", "b"]
    assert found.since == to_datetime(START)


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
        WitnessSignal("replied", to_datetime(one.times[1]), None, after=1),
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


def test_what_was_before_a_wait_of_unknown_length_is_told_as_far_as_it_is_known() -> None:
    cap = policy(over_cap={"max": 1, "per": "7d"})
    cadence = flow(
        step("a", "w"), pause("w", days(9), "b"), step("b", "?", "sms"),
        pause("?", Unknown("a form"), "c"), step("c", "x"), pause("x", hours(1), "d"),
        step("d", "!"), waiting("!", "replied", None, Unknown("a form"), "e"),
        step("e", "y"), pause("y", hours(1), "f"), step("f"),
    )  # fmt: skip
    d, f = (witness(cap, one) for one in proved(Ruleset(cap), cadence).objections)
    assert [touch.step for touch in d.touches] == ["c", "d"]
    assert d.before == (WitnessStep("trial", "a", "email"), WitnessStep("trial", "b", "sms"))
    assert f.before is not None
    assert [one.step for one in f.before] == ["a", "b", "c", "d"]
    begun = line(step("a"), hours(1), step("b"))
    assert witness(cap, first(cap, begun)).before is None


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
    assert found.signals == (WitnessSignal("handoff", to_datetime(START), to="sales", after=1),)


def test_a_cadence_entered_twice_began_when_it_was_entered_first() -> None:
    soon = policy(too_soon={"gap": "2h"})
    other = line(step("x"), name="other")
    cadence = flow(
        pause("p", hours(1), "e"), enter("e", "other", "q"), pause("q", hours(1), "again"),
        enter("again", "other", None),
    )  # fmt: skip
    found = witness(soon, first(soon, cadence, others={"other": other}))
    assert [touch.step for touch in found.touches] == ["x", "x"]
    assert list(found.starts.items()) == [
        ("trial", to_datetime(START)),
        ("other", to_datetime(START + HOUR)),
    ]


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


def test_time_lines_of_one_start_share_what_they_have_in_common() -> None:
    cap = policy(over_cap={"max": 1, "per": "7d"}, too_soon={"gap": "2h"})
    cadence = flow(
        step("a", "?"), branch("?", "p", "q"), pause("p", hours(1), "b"), step("b", "c"),
        pause("q", hours(3), "d"), step("d"), step("c"),
    )  # fmt: skip
    proof = proved(Ruleset(cap), cadence)
    assert {one.step.id for one in proof.objections} == {"b", "c", "d"}
    together = Witnesses(cap)
    for one in [*proof.objections, *reversed(proof.objections)]:
        assert together.of(one) == witness(cap, one)


def test_no_more_time_lines_are_kept_than_some() -> None:
    cap = policy(over_cap={"max": 1, "per": "7d"})
    one = first(cap, line(step("a"), hours(1), step("b")))
    together = Witnesses(cap)
    for later in (*range(20), 0):
        moved = replace(one, start=one.start + later, times=tuple(t + later for t in one.times))
        assert together.of(moved) == witness(cap, moved)


# -- of random cadences --------------------------------------------------------------------------

SOURCE = Source("x.yaml", b"cadence: {}\n")


def told_again(policy: Policy, shown: Witness, cadences: dict[str, Cadence]) -> Decision:
    """What a guard on a fresh ledger says of the last touch, if it is told what is shown."""
    steps = {(one.name, step.name): (one, step) for one in cadences.values() for step in one.steps}
    guard = Guard(policy)
    for fact in facts(tuple(cadences.values()), zone(shown.zone)):
        guard.record(fact)
    made = shown.touches[:-1]
    events: list[WitnessSignal | WitnessTouch] = [*shown.signals, *made]

    def place(event: WitnessSignal | WitnessTouch) -> int:
        """Which came first at one instant: a signal stands before the touch of its number."""
        return event.after if isinstance(event, WitnessSignal) else made.index(event)

    for number, event in enumerate(sorted(events, key=lambda event: (event.at, place(event)))):
        if isinstance(event, WitnessTouch):
            touch = touch_of(*steps[event.cadence, event.step])
            outcome = "no_answer" if event.channel == "call" else "sent"
            guard.record(
                touch.model_copy(update={"at": event.at, "id": f"{number}", "outcome": outcome})
            )
        elif event.kind == "handoff":
            line = {"event": "handoff", "contact": CONTACT, "to": event.to, "at": event.at}
            guard.record(line)
        else:
            line = {"event": "signal", "contact": CONTACT, "kind": event.kind, "at": event.at}
            guard.record(line)
    last = shown.touches[-1]
    return guard.evaluate(
        touch_of(*steps[last.cadence, last.step]).model_copy(update={"at": last.at})
    )


def is_a_way(world: World, shown: Witness) -> bool:
    """Whether somebody who enters when it is shown, and sends what is shown, may get just these
    touches."""
    start = shown.starts[world.cadence.name]
    sent = tuple(Heard(one.at, one.kind) for one in shown.signals if one.at > start)
    goes = Reacting(world.cadence, ZoneInfo(shown.zone), world.tick, world.others, 10, sent)
    made = sorted((touch.at, touch.cadence, touch.step) for touch in shown.touches)
    last = made[-1][0]
    for walk in goes.walks(start):
        touches = sorted(
            (event.at, event.cadence.name, event.step.name)
            for event in walk
            if isinstance(event, Made)
        )
        earlier = [touch for touch in touches if touch[0] < last]
        if earlier == [touch for touch in made if touch[0] < last] and {*made} <= {*touches}:
            return True
    return False


def is_plain(cadence: Cadence) -> bool:
    """Whether only what is drawn says how it goes on: no range, and no signal that is awaited."""
    waits = [getattr(node, "wait", None) for node in cadence.nodes.values()]
    ranged = any(isinstance(wait, Elapsed) and wait.low != wait.high for wait in waits)
    return not ranged and not any(isinstance(node, Await) for node in cadence.nodes.values())


def is_told_by_name(cadence: Cadence) -> bool:
    """Whether no two of its steps are one message."""
    names = [step.name for step in cadence.steps]
    return len({*names}) == len(names)


def shows_what_the_guard_refuses(make: Callable[[Random], World], seed: int) -> int:
    """How many findings a random cadence has, each of whose time lines is refused."""
    rnd = Random(seed)
    world = with_exits(make(rnd), rnd)
    policy, cadences = exact_policy(world), {world.cadence.name: world.cadence, **world.others}
    proof = prove(Ruleset(policy), world.cadence, world.start, world.end, others=world.others)
    told = reactions(
        policy, Ruleset(policy), world.cadence, SOURCE, world.start, world.end, world.others
    )
    found = [(one.code, witness(policy, one)) for one in proof.objections]
    for finding in told.findings:
        assert finding.witness is not None
        found.append((finding.message.split("(")[1].split()[0], finding.witness))
    for code, shown in found:
        start = shown.starts[world.cadence.name]
        assert shown.zone in world.zones
        assert world.start <= to_us(start) < world.end
        assert world.entered is None or is_open(
            world.entered, start.astimezone(ZoneInfo(shown.zone))
        )
        assert code in shown.touches[-1].codes
        if not all(map(is_told_by_name, cadences.values())):
            continue
        decision = told_again(policy, shown, cadences)
        assert code in decision.codes
        assert decision.verdict.value == shown.touches[-1].verdict
        turns = max(Counter((one.cadence, one.step) for one in shown.touches).values())
        if turns < 10 and all(map(is_plain, cadences.values())):
            assert is_a_way(world, shown)
    return len(found)


@pytest.mark.parametrize("make", [minute_world, tick_world, year_world])
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_every_time_line_is_refused(make: Callable[[Random], World], seed: int) -> None:
    shows_what_the_guard_refuses(make, seed)


@pytest.mark.deep
@pytest.mark.parametrize("make", [minute_world, tick_world, year_world])
def test_every_time_line_of_many_is_refused(make: Callable[[Random], World]) -> None:
    found = sum(shows_what_the_guard_refuses(make, seed) for seed in range(300))
    assert found > 600
