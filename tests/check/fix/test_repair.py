"""What waiting repairs and what it cannot; and its bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cadence_guard import Policy
from cadence_guard.cadence import (
    Arm,
    Branch,
    Fan,
    Ignore,
    Node,
    Pause,
    fixed,
)
from cadence_guard.check.fix import fix, repair
from cadence_guard.importers import native
from cadence_guard.instants import DAY, to_us
from check.fix.support import (
    END,
    GAP,
    HEAD,
    HOURS,
    OTHER,
    START,
    foreign,
    repaired,
    source_of,
    step,
    steps_after,
)

if TYPE_CHECKING:
    import pytest


def test_other_tries_of_a_call() -> None:
    step = "    - {id: a, channel: call, retry: {attempts: 3, every: %s}}\n"
    rules = {"missed-calls": {"max": 5, "per": "7d", "gap": "2d"}}
    assert steps_after(step % "3h", rules) == step % "2d"
    assert steps_after(step % "{local_days: 1}", rules) == step % "{local_days: 3}"
    done = repaired(HEAD + step % '{until_time: "09:00"}', rules)
    assert "(it is tried again at times of their own)" in done.unrepaired[0]
    hours = repaired(HEAD + step % "10h", HOURS)
    assert len(hours.changes) == 1
    assert "(it is tried again outside the hours)" in hours.unrepaired[0]


def test_what_waiting_cannot_repair_is_told() -> None:
    text = HEAD.replace("}\n  exits", ", relies_on: []}\n  exits") + (
        "    - {id: a, channel: email}\n    - {id: b, channel: email}\n"
    )
    done = repaired(text, GAP | {"missing-consent": {"accept": ["consent"]}})
    assert "- wait: 20h\n    - {id: b" in (done.text or "")
    assert done.unrepaired == (
        "x: a: CG102 no consent for sales by email (no wait repairs that)",
        "x: b: CG102 no consent for sales by email (no wait repairs that)",
    )


def test_days_on_which_nobody_is_contacted() -> None:
    done = repaired(
        HEAD + "    - {id: a, channel: email}\n", {"blackout": {"dates": ["2026-03-04"]}}
    )
    assert "(after any wait, some start leads to such a day)" in done.unrepaired[0]


def test_warnings_are_let_be() -> None:
    text = HEAD + "    - {id: a, channel: email}\n    - {id: b, channel: email}\n"
    rules = {"too-soon": {"gap": "20h", "effect": "warn"}}
    assert repaired(text, rules)[:3] == (text, (), ())


def test_what_waits_together_is_not_kept_apart_by_waiting() -> None:
    """Two ways at once lead to the step: the wait before it is one of both."""
    nodes: tuple[Node, ...] = (
        Fan("f", (), ("b", "p")),
        Branch("b", (), (Arm("z", share=0.5), Arm(None))),
        step("z", None, 1),
        Pause("p", (), fixed(5), "b"),
    )
    done = fix(foreign(*nodes), OTHER, Policy(rules=GAP), START, END)
    assert done.changes == ()
    (told,) = done.unrepaired
    assert told.startswith("x: z: CG302 ")
    assert told.endswith("(however long it waits, some start is refused)")


def test_starts_that_only_a_long_look_finds() -> None:
    """Two local days are 47 hours when the clocks go forward, weeks after the period begins."""
    before = """\
    - {id: a, channel: email}
    - wait: {local_days: 1}
    - {id: b, channel: email}
    - wait: 1h
    - {id: c, channel: call}
"""
    rules = {"too-soon": {"gap": "2d"}} | HOURS
    start = to_us(datetime(2026, 2, 1, tzinfo=UTC))
    source = source_of(HEAD + before)
    done = fix(native.read(source), source, Policy(rules=rules), start, start + 50 * DAY)
    after = before.replace("1h", "2d").replace("days: 1", "days: 3")
    hours = '    - wait: {until_open: {from: "09:00", to: "18:00"}}\n    - {id: c'
    assert done.text == HEAD + after.replace("    - {id: c", hours)


def test_what_takes_too_much_work_is_told_and_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "WORK", 1)
    file = foreign(step("a", "b"), step("b", "c", 1), step("c", None, 2))
    done = fix(file, OTHER, Policy(rules=GAP), START, END)
    assert done.unrepaired == (f"x: CG903 {repair.NOT_DONE}",)
    assert done.changes == ()
    file = replace(file, ignores=(Ignore(("CG903",), 1, "a large one", 1),))
    assert fix(file, OTHER, Policy(rules=GAP), START, END).unrepaired == ()


def test_waits_that_could_be_longer_than_needed_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left of the work when it passes."""

    def no_more(made: repair.Repair) -> None:
        made._work.spend(repair.WORK + 1)

    monkeypatch.setattr(repair.Repair, "_shorten", no_more)
    done = fix(foreign(step("a", "b"), step("b", None, 1)), OTHER, Policy(rules=GAP), START, END)
    assert [change.text for change in done.changes] == ["wait 20 hours before 'b'"]
    assert (done.unrepaired, done.notes) == ((), (f"x: {repair.NOT_LEAST}",))
