"""By how much a wait grows, and which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cadence_guard import Policy
from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    CadenceFile,
    Enter,
    Ground,
    Handover,
    Pause,
    Unknown,
    UntilClock,
    UntilDate,
    fixed,
)
from cadence_guard.check.fix import fix, growth
from cadence_guard.instants import DAY, HOUR, to_us
from check.fix.support import (
    END,
    GAP,
    OTHER,
    START,
    foreign,
    step,
    steps_after,
)


@pytest.mark.parametrize(
    ("wait", "gap", "after"),
    [
        ("{local_days: 1}", "3d", "{local_days: 4}"),  # one of them has 23 hours only
        ("{local_days: 1}", "71h", "{local_days: 3}"),
        ("{business_days: 1}", "4d", "{business_days: 5}"),
    ],
)
def test_days_grow_by_days(wait: str, gap: str, after: str) -> None:
    before = f"""\
    - {{id: a, channel: email}}
    - wait: {wait}
    - {{id: b, channel: email}}
"""
    rules = {"too-soon": {"gap": gap}}
    assert steps_after(before, rules) == before.replace(wait, after)


def test_a_wait_since_the_entry() -> None:
    before = """\
    - wait: 2h
    - {id: a, channel: email}
    - {wait: 5h, from: start}
    - {id: b, channel: email}
    - {wait: {local_days: 1}, from: start}
    - {id: c, channel: email}
"""
    after = before.replace("5h", "22h").replace("days: 1", "days: 2")
    assert steps_after(before, GAP) == after


def test_what_stands_before_a_wait_for_a_time_grows() -> None:
    before = """\
    - {wait: {until_time: "10:00"}}
    - {id: a, channel: email}
    - wait: 1h
    - {wait: {until_time: "09:00"}}
    - {id: b, channel: email}
    - {wait: {until_time: "11:00"}}
    - {id: c, channel: email}
"""
    after = before.replace("1h", "1381m").replace(
        '    - {wait: {until_time: "11:00"}}',
        '    - wait: 1561m\n    - {wait: {until_time: "11:00"}}',
    )
    assert steps_after(before, {"too-soon": {"gap": "30h"}}) == after


def test_what_comes_from_the_start_again_and_again_is_a_time() -> None:
    before = """\
    - repeat:
        times: 2
        steps:
          - {id: a, channel: email}
          - {wait: {until_time: "09:00"}}
          - {wait: 1d, from: start}
          - {id: b, channel: email}
"""
    after = before.replace(
        "          - {wait: {un", "          - wait: 17h\n          - {wait: {un"
    )
    after += "          - wait: 20h\n"
    assert steps_after(before, GAP) == after


def test_a_date_that_is_too_near() -> None:
    nodes = (
        Pause("o", (), UntilDate(START + 10 * DAY), "a"),
        step("a", "d"),
        Pause("d", ("steps", 1), UntilDate(START + 10 * DAY + HOUR), "b"),
        step("b", None, 2),
    )
    done = fix(foreign(*nodes), OTHER, Policy(rules=GAP), START, END)
    assert [change.text for change in done.changes] == ["wait 20 hours before 'b'"]


def test_what_came_before_counts() -> None:
    """A signal of the audience, one on the way, a handoff, a cadence entered besides."""
    nodes = (
        step("a", "e"),
        Enter("e", (), "y", "w"),
        Await("w", (), (Arm("h", "invited"),), fixed(60), None),
        Handover("h", (), "sales", "b"),
        step("b", None, 1),
    )
    (one,) = foreign(*nodes, entry_signal="trial_started").cadences
    done = fix(CadenceFile("other", (one,)), OTHER, Policy(rules=GAP), START, END)
    assert [change.text for change in done.changes] == ["wait 20 hours before 'b'"]
    assert done.unrepaired == ()


def test_a_wait_behind_one_that_nobody_knows() -> None:
    nodes = (
        Pause("p", ("steps", 1), Unknown("why"), "b"),
        step("b", None, 2),
    )
    audience = Audience(zones=("America/Chicago",), grounds=(Ground("replied", age=DAY),))
    (one,) = foreign(*nodes).cadences
    file = CadenceFile("other", (replace(one, audience=audience),))
    rules = Policy(rules={"already-answered": {"for": "10d"}})
    done = fix(file, OTHER, rules, START, END)
    assert [change.text for change in done.changes] == ["wait 9 days before 'b'"]


def test_waits_that_lead_beyond_all_time() -> None:
    nodes = (
        Pause("o", (), UntilDate(to_us(datetime(2199, 12, 20, tzinfo=UTC))), "a"),
        step("a", "w"),
        Pause("w", ("steps", 1), fixed(60), "u"),
        Pause("u", (), UntilClock(9 * HOUR), "b"),
        step("b", None, 2),
    )
    done = fix(foreign(*nodes), OTHER, Policy(rules=GAP), START, END)
    assert len(done.changes) == 1
    (told,) = done.unrepaired
    assert "CG903" in told  # of the starts whose touches come later still


def test_an_objection_that_nothing_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "free_at", lambda objected, start, times: times[objected.index])
    file = foreign(step("a", "b"), step("b", None, 1))
    done = fix(file, OTHER, Policy(rules=GAP), START, END)
    assert done.changes == ()
    assert done.unrepaired[0].endswith("(no wait repairs that)")
