"""One entry beside another one: handoffs and answers, against the brute force and case by case."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from cadence_guard.cadence import (
    Audience,
    Cadence,
    Elapsed,
    Ground,
    Handover,
    Node,
    UntilClock,
    UntilOpen,
)
from cadence_guard.check.reentry import Reentered
from cadence_guard.check.together import layouts
from cadence_guard.instants import DAY, HOUR, Hours
from cadence_guard.policy import Policy
from check.flows import days, fan, flow, handover, pause, policy, step, waiting
from check.test_reentry import CHICAGO, KOLKATA, again, blocked, differences, drip
from check.test_together import Worlds
from check.worlds import DAY as A_DAY
from check.worlds import TICK, ZONES, Ticks

RULES = ("not-the-holder", "not-the-holder", "already-answered", "already-answered", "too-soon",
         "over-cap")  # fmt: skip


def joined_world(seed: int) -> Worlds:
    """A cadence on a scaled clock whose people hand over and are answered, and enter again."""
    rnd = Random(seed)
    maker = Ticks(rnd, rnd.choice(ZONES))
    maker.shapes, maker.wide = ("handover", "handover", "await", "await", "line", "fan"), 0
    if rnd.random() < 0.6:
        maker.wide = rnd.choice((1, 2))
    grounds = tuple(
        Ground(kind, age=maker.length() // TICK)
        for kind in ("purchased", "replied")
        if rnd.random() < 0.2
    )
    cadence = replace(
        maker.cadence(),
        name="trial",
        audience=Audience(zones=(maker.zone,), grounds=grounds),
        entry_hours=None,
        entry_signal=rnd.choice((None, None, "purchased")),
        exits=frozenset(("opt_out" if rnd.random() < 0.7 else "replied",)),
        team=rnd.choice(("sales", None)),
        again=rnd.choice((1, 2, 3, 4, 6, 8)),
    )
    maker.shape = "line"
    entries = tuple(maker.entry(rule) for rule in sorted(rnd.sample(RULES, 3)))
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * A_DAY
    return Worlds((cadence,), entries, maker.zone, start - 4 * TICK, start + 5 * TICK, TICK)


BLOCK = 5
"""Worlds a test."""


@pytest.mark.parametrize("block", range(10))
def test_finds_what_handoffs_and_answers_do_and_nothing_else(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(joined_world(seed)) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(10, 210))
def test_finds_what_handoffs_and_answers_do_at_length(block: int) -> None:
    test_finds_what_handoffs_and_answers_do_and_nothing_else(block)


def test_the_worlds_hold_something_to_find_and_most_are_proved() -> None:
    told: Counter[str] = Counter()
    for seed in range(150):
        world = joined_world(seed)
        (cadence,) = world.cadences
        found = again(world.policy, cadence, start=world.start, end=world.end)
        told.update(finding.name for finding in found.findings)
        told["hands over"] += any(isinstance(n, Handover) for n in cadence.nodes.values())
        told["unproved"] += bool(found.incomplete)
    assert min(told["not-the-holder"], told["already-answered"], told["hands over"]) > 20
    assert told["unproved"] < 45


# -- handoffs ------------------------------------------------------------------------------------


def two_teams(*nodes: Node, again: int, **fields: Any) -> Cadence:
    """A cadence for people in Chicago."""
    return flow(*nodes, again=again, **{"audience": Audience(zones=CHICAGO), **fields})


def handing(again: int, **fields: Any) -> Cadence:
    """Team one hands over to team two at once."""
    nodes = (step("a", "h", team="one"), handover("h", "two", "b"), step("b", team="two"))
    return two_teams(*nodes, again=again, **fields)


def holder(for_: str = "30d", lapses: str = "90d") -> Policy:
    return policy(not_the_holder={"for": for_, "lapses": lapses})


@pytest.mark.parametrize(("again_", "steps"), [(1, "a"), (90 * DAY - 1, "a"), (90 * DAY, "")])
def test_a_handoff_holds_at_the_next_entry(again_: int, steps: str) -> None:
    found = again(holder(), handing(again_))
    assert found.incomplete == ()
    assert blocked(found) == {("CG601", name) for name in steps}


def test_how_it_is_said() -> None:
    (finding,) = again(holder(), handing(60 * DAY)).findings
    assert finding.message.startswith("the contact was handed to 'two' at ")
    assert finding.message.endswith(", if the contact enters again after 60d")
    assert finding.witness is not None
    assert [one.to for one in finding.witness.signals] == ["two"]


@pytest.mark.parametrize(
    ("again_", "why"),
    [
        (10 * DAY - 1, "handed to 'two'"),
        (10 * DAY, "'two' touched"),
        (30 * DAY - 1, "'two' touched"),
    ],
)
def test_one_that_has_lapsed_leaves_the_touches_of_the_other_team(again_: int, why: str) -> None:
    found = again(holder(lapses="10d"), handing(again_))
    assert found.incomplete == ()
    (finding,) = found.findings
    assert why in finding.message
    assert again(holder(lapses="10d"), handing(30 * DAY)) == Reentered()


@pytest.mark.parametrize(
    ("wait", "again_", "steps"),
    [
        (days(2), DAY, "ab"),  # a of the next one comes between, and its handoff before b
        (days(2), 2 * DAY, ""),  # of two at one instant that of the earlier entry comes first
        (Elapsed(0, 2 * DAY), 2 * DAY - 1, "ab"),
        (Elapsed(0, 2 * DAY), 2 * DAY, "b"),  # another entry goes all its way just before b
    ],
)
def test_the_last_handoff_holds(wait: Elapsed, again_: int, steps: str) -> None:
    """It goes to team two, and back before that has made its touch."""
    nodes = (
        step("a", "h", team="one"), handover("h", "two", "p"), pause("p", wait, "b"),
        step("b", "back", team="two"), handover("back", "one", None),
    )  # fmt: skip
    found = again(holder(), two_teams(*nodes, again=again_))
    assert found.incomplete == ()
    assert blocked(found) == {("CG601", name) for name in steps}


def test_ways_that_are_gone_at_once() -> None:
    """One hands over a day before the other one touches, so it holds three days before the next."""
    nodes = (
        fan("*", "p", "q"), pause("p", days(2), "h"), handover("h", "two", None),
        pause("q", days(3), "b"), step("b", team="two"),
    )  # fmt: skip
    assert again(holder(lapses="4d"), two_teams(*nodes, again=4 * DAY)) == Reentered()
    other = (*nodes[:-1], step("b", team="one"))
    assert again(holder(lapses="1d"), two_teams(*other, again=4 * DAY)) == Reentered()
    found = again(holder(lapses="1d"), two_teams(*other, again=DAY))
    assert found.incomplete == ()
    assert blocked(found) == {("CG601", "b")}


def test_what_never_comes_is_not_asked() -> None:
    late = days(200 * 366)
    nodes = (
        step("a", "p", team="one"), pause("p", late, "h"), handover("h", "two", "b"),
        step("b", team="two"),
    )  # fmt: skip
    assert blocked(again(holder(), two_teams(*nodes, again=DAY))) == set()
    seen = (step("a", "h", team="one"), handover("h", "two", "p"), pause("p", late, "b"), nodes[-1])
    assert blocked(again(holder(lapses="10d"), two_teams(*seen, again=20 * DAY))) == set()


# -- answers -------------------------------------------------------------------------------------

ANSWERED = policy(already_answered={"for": "30d"})


def asking(again: int, kind: str = "replied", **fields: Any) -> Cadence:
    """A touch, and another one if there is no answer within two days."""
    nodes = (step("a", "w"), waiting("w", kind, None, days(2), "b"), step("b"))
    return two_teams(*nodes, again=again, **fields)


@pytest.mark.parametrize(
    ("again_", "steps"),
    [(30 * DAY - 2, "ab"), (30 * DAY - 1, "a"), (32 * DAY - 2, "a"), (32 * DAY - 1, "")],
)
def test_an_answer_counts_at_the_next_entry(again_: int, steps: str) -> None:
    """One that comes a microsecond before the two days are over."""
    found = again(ANSWERED, asking(again_))
    assert found.incomplete == ()
    assert blocked(found) == {("CG603", name) for name in steps}


def test_one_that_no_entry_asks_for_does_not() -> None:
    assert again(ANSWERED, asking(20 * DAY, "invited")) == Reentered()
    person = flow(
        step("a", "w", automated=False), waiting("w", "replied", None, days(2), None),
        again=20 * DAY, audience=Audience(zones=CHICAGO),
    )  # fmt: skip
    assert again(ANSWERED, person) == Reentered()


def test_one_that_makes_the_contact_enter_or_came_before() -> None:
    """Of the later entry, after the first one and before its last touch."""
    late = drip(step("a"), days(60), step("b"), again=50 * DAY)
    assert blocked(again(ANSWERED, replace(late, entry_signal="purchased"))) == {("CG603", "b")}
    before = Audience(zones=CHICAGO, grounds=(Ground("purchased", age=40 * DAY),))
    found = again(ANSWERED, replace(late, audience=before, again=70 * DAY))
    assert found.incomplete == ()
    assert blocked(found) == {("CG603", "b")}
    (finding,) = found.findings
    assert finding.witness is not None
    assert finding.message.endswith("if the contact enters again after 1681h")
    assert again(ANSWERED, replace(late, audience=before, again=100 * DAY + 1)) == Reentered()


# -- on the clock --------------------------------------------------------------------------------


def test_the_clock_between() -> None:
    """The handoff is at nine, however late the entry; a touch a day later is before that."""
    morning = UntilClock(9 * HOUR)
    nodes = (
        step("a", "p", team="one"), pause("p", morning, "h"), handover("h", "two", "b"),
        step("b", team="two"),
    )  # fmt: skip
    here = Audience(zones=KOLKATA)
    for again_, steps in ((47 * HOUR, "a"), (48 * HOUR - 2, "a"), (48 * HOUR, "")):
        cadence = two_teams(*nodes, again=again_, audience=here)
        found = again(holder(for_="1d", lapses="1d"), cadence)
        assert (again_, blocked(found)) == (again_, {("CG601", name) for name in steps})
        assert found.incomplete == ()


def test_what_hangs_on_a_range_and_on_the_clock_is_tried() -> None:
    """And said to be unproved if that shows nothing, and nothing excludes it: who enters a week
    later is touched on Monday, and a handoff on Friday holds; at their shortest and longest it is
    on Tuesday and on Wednesday."""
    office = UntilOpen(Hours([(range(1, 5), 9 * HOUR, 17 * HOUR)]), "tue-fri 09:00-17:00")
    nodes = (
        step("a", "p", team="one"), pause("p", Elapsed(0, 9 * DAY), "q"), pause("q", office, "h"),
        handover("h", "two", None),
    )  # fmt: skip
    mondays = Hours([({0}, 9 * HOUR, 10 * HOUR)])
    cadence = two_teams(*nodes, again=6 * DAY, entry_hours=mondays)
    assert blocked(again(holder(lapses="7d"), cadence)) == {("CG601", "a")}
    found = again(holder(for_="1d", lapses="3d"), replace(cadence, again=20 * DAY))
    assert found == Reentered()
    found = again(holder(for_="1d", lapses="3d"), cadence)
    assert found.findings == ()
    (reason,) = found.incomplete
    assert reason.startswith(
        "whether not-the-holder objects to 'a' of a contact who enters again was not proved"
    )


def test_so_much_is_looked_at_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "WORK", 20)
    found = again(holder(), handing(60 * DAY))
    assert found.incomplete == ("what several entries do together is more than is followed",)
