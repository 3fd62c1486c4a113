"""Repair by waiting: what it changes, that the check passes then, and that no wait is too long."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cadence_guard import Policy
from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Fan,
    Ground,
    Handover,
    Ignore,
    LocalDays,
    Node,
    NotUnderstood,
    Pause,
    Step,
    Unknown,
    UntilClock,
    UntilDate,
    fixed,
)
from cadence_guard.check.fix import Fixed, fix, growth, repair, routes
from cadence_guard.check.proof import prove
from cadence_guard.check.report import Finding
from cadence_guard.errors import CadenceError
from cadence_guard.importers import native
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, to_us
from cadence_guard.ruleset import Ruleset
from check.worlds import (
    World,
    exact_policy,
    minute_world,
    range_world,
    repeat_world,
    tick_world,
)

START = to_us(datetime(2026, 3, 2, tzinfo=UTC))
END = START + 7 * DAY
HEAD = """\
version: 1
cadence:
  name: x
  purpose: sales
  audience: {zones: [America/Chicago]}
  exits: [opt_out, complained, wrong_person]
  steps:
"""
GAP = {"too-soon": {"gap": "20h"}}
CALLING = {"channels": ["call"], "windows": [{"from": "09:00", "to": "18:00"}]}
HOURS = {"outside-hours": CALLING}


def source_of(text: str, name: str = "x.cadence.yaml") -> Source:
    return Source(name, text.encode())


def repaired(text: str, rules: Any, end: int = END) -> Fixed:
    """The repair of a native file. What comes out needs none any more, and is proved."""
    policy = Policy(rules=rules)
    source = source_of(text)
    done = fix(native.read(source), source, policy, START, end)
    assert done.text is not None
    again = fix(native.read(source_of(done.text)), source_of(done.text), policy, START, end)
    assert (again.text, again.changes) == (done.text, ())
    assert len(again.unrepaired) == len(done.unrepaired)
    if not done.unrepaired:
        assert not objections(done.text, rules, end)
    return done


def objections(text: str, rules: Any, end: int = END) -> set[tuple[str, str]]:
    """Step and code of what blocks."""
    ruleset = Ruleset(Policy(rules=rules))
    return {
        (one.step.id, one.code)
        for cadence in native.read(source_of(text)).cadences
        for one in prove(ruleset, cadence, START, end).objections
        if one.effect == "block"
    }


def steps_after(text: str, rules: Any) -> str:
    """The steps of a repaired file, which is repaired wholly."""
    done = repaired(HEAD + text, rules)
    assert not done.unrepaired
    assert done.text is not None
    assert done.text.startswith(HEAD)
    return done.text.removeprefix(HEAD)


# -- what is written -----------------------------------------------------------------------------


def test_a_cadence_without_objections_stays_as_it_is() -> None:
    text = HEAD + "    - {id: a, channel: email}\n"
    assert repaired(text, GAP)[:3] == (text, (), ())


def test_waits_grow_and_comments_stay() -> None:
    before = """\
    - id: a  # the first
      channel: email

    - wait: 3h   # too short
    # the second
    - id: b
      channel: email
    - wait: 2d
    - {id: c, channel: email}
"""
    assert steps_after(before, GAP) == before.replace("3h ", "20h ")


def test_changes_are_told_in_words() -> None:
    text = HEAD + "    - {id: a, channel: email}\n    - {id: b, channel: call}\n"
    done = repaired(text, GAP | HOURS)
    assert [change[:3] for change in done.changes] == [("x", "b", 9), ("x", "b", 9)]
    assert [change.text for change in done.changes] == [
        "wait 20 hours before 'b'",
        "wait until 09:00-18:00 before 'b'",
    ]


def test_a_wait_and_the_hours_are_put_above_a_step_and_its_comment() -> None:
    before = """\
    - {id: a, channel: email}

    # the call
    - id: b
      channel: call
"""
    put = """\
    - wait: 30h
    - wait: {until_open: {from: "09:00", to: "18:00"}}
    # the call
"""
    after = before.replace("    # the call\n", put)
    assert steps_after(before, {"too-soon": {"gap": "30h"}} | HOURS) == after


@pytest.mark.parametrize(
    ("wait", "after"),
    [
        ("3h", "20h"),
        ('"3h"', '"20h"'),
        ("3h..1d", "20h..1d"),
        ("3h..4h", "20h..20h"),
        ("{min: 3h, max: 30h}", "{min: 20h, max: 30h}"),
        ("{max: 30h, min: 3h}", "{max: 30h, min: 20h}"),
        ("{min: 3h}", "{min: 20h}"),
        ("{max: 30h}", "{min: 20h, max: 30h}"),
        ("{max: 3h}", "{min: 20h, max: 20h}"),
    ],
)
def test_every_way_to_write_a_time(wait: str, after: str) -> None:
    before = f"""\
    - {{id: a, channel: email}}
    - wait: {wait}
    - {{id: b, channel: email}}
"""
    assert steps_after(before, GAP) == before.replace(f"wait: {wait}\n", f"wait: {after}\n")


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


def test_flow_lists_and_json() -> None:
    text = HEAD.replace("steps:\n", "steps: [{id: a, channel: email}, {id: b, channel: sms}]\n")
    assert repaired(text, GAP).text == text.replace("}, {id: b", "}, {wait: 20h}, {id: b")
    json = (
        '{"version": 1, "cadence": {"name": "x", "purpose": "sales", "audience": {"zones":'
        ' ["America/Chicago"]}, "exits": ["opt_out", "complained", "wrong_person"],'
        ' "steps": [{"id": "a", "channel": "email"}, {"wait": "3h"},'
        ' {"id": "b", "channel": "email"}, {"wait": {"max": "3h"}}, {"id": "c", "channel":'
        ' "call"}]}}'
    )
    after = (
        json.replace('{"wait": "3h"}', '{"wait": "20h"}')
        .replace('{"max": "3h"}', '{"min": "20h", "max": "20h"}')
        .replace(
            '{"id": "c"', '{"wait": {"until_open": {"from": "09:00", "to": "18:00"}}}, {"id": "c"'
        )
    )
    assert repaired(json, GAP | HOURS).text == after


def test_a_range_in_block_style() -> None:
    before = """\
    - {id: a, channel: email}
    - wait:
        # at most
        max: 3h  # so
    - {id: b, channel: email}
"""
    after = before.replace("max: 3h", "min: 20h\n        max: 20h")
    assert steps_after(before, GAP) == after


def test_line_ends_stay() -> None:
    text = HEAD + "    - {id: a, channel: email}\n    - {id: b, channel: email}\n"
    done = repaired(text.replace("\n", "\r\n"), GAP).text or ""
    assert done == (
        HEAD + "    - {id: a, channel: email}\n    - wait: 20h\n    - {id: b, channel: email}\n"
    ).replace("\n", "\r\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_style_of_list_and_line(end: str) -> None:
    before = """\
    -
      id: a  # - the first
      channel: email
    # the second
    -
      # - why
      id: b
      channel: email
    - wait: |-
        3h

    # after
    - {id: d, channel: email}
    - wait:
        3h
    - repeat:
        times: 2
        steps:
        - id: c
          channel: email
        # at its end
    # then
    - handoff: sales
"""
    after = (
        before.replace("    # the second", "    - wait: 20h\n    # the second")
        .replace("|-\n        3h", "20h")
        .replace("wait:\n        3h", "wait:\n        20h")
        .replace("        # at", "        - wait: 20h\n        # at")
    )
    text = (HEAD + before).replace("\n", end)
    done = repaired(text, GAP)
    assert not done.unrepaired
    assert done.text == (HEAD + after).replace("\n", end)


def test_a_list_on_the_line_of_its_key() -> None:
    text = HEAD.replace("  steps:\n", "  ? steps\n  : - {id: a, channel: email}\n")
    text += "    - {id: b, channel: email}\n"
    source = source_of(text)
    with pytest.raises(CadenceError, match=r"x\.cadence\.yaml:8:5: a wait is to be put into this"):
        fix(native.read(source), source, Policy(rules=GAP), START, END)


# -- hours ---------------------------------------------------------------------------------------


def test_the_hours_that_several_entries_leave_open() -> None:
    rules = {
        "outside-hours": [
            {"windows": [{"days": ["mon", "tue", "sat"], "from": "09:00", "to": "18:00"},
                         {"days": ["sun"], "from": "22:00", "to": "02:00"}]},
            {"channels": ["call"], "windows": [{"from": "00:00", "to": "12:00"},
                                               {"from": "10:00", "to": "11:00"},
                                               {"days": ["sun"], "from": "23:00", "to": "24:00"}]},
            {"channels": ["sms"], "windows": [{"from": "01:00", "to": "02:00"}]},
            {"effect": "warn", "windows": [{"from": "01:00", "to": "02:00"}]},
        ]
    }  # fmt: skip
    after = steps_after("    - {id: a, channel: call}\n", rules)
    assert after == (
        "    - wait: {until_open: ["
        '{days: [mon], from: "00:00", to: "02:00"}, '
        '{days: [mon, tue, sat], from: "09:00", to: "12:00"}, '
        '{days: [sun], from: "23:00", to: "24:00"}]}\n    - {id: a, channel: call}\n'
    )


def test_no_hour_is_open() -> None:
    entries = [CALLING, {"windows": [{"from": "18:00", "to": "20:00"}]}]
    done = repaired(HEAD + "    - {id: a, channel: call}\n", {"outside-hours": entries})
    assert done.changes == ()
    assert len(done.unrepaired) == 2
    assert "(no hour of the week is open to it)" in done.unrepaired[0]


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


# -- what waiting cannot repair ------------------------------------------------------------------


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


def test_missing_exits_are_told() -> None:
    text = HEAD.replace("opt_out, ", "") + "    - {id: a, channel: email}\n    - wait: 20h\n"
    done = repaired(text + "    - {id: b, channel: email}\n", GAP)
    assert done.changes == ()
    assert done.unrepaired == (
        "x: CG802 after opt_out it goes on: 'b' would be refused (CG101 opted-out)",
    )


def test_warnings_are_let_be() -> None:
    text = HEAD + "    - {id: a, channel: email}\n    - {id: b, channel: email}\n"
    rules = {"too-soon": {"gap": "20h", "effect": "warn"}}
    assert repaired(text, rules)[:3] == (text, (), ())


def test_what_a_comment_ignores_is_let_be() -> None:
    text = (
        HEAD
        + """\
    - {id: a, channel: email}
    - {id: b, channel: email}  # cadence-guard: ignore[CG302] agreed
    - {id: c, channel: email}
"""
    )
    source = source_of(text)
    done = fix(native.read(source), source, Policy(rules=GAP), START, END)
    assert [change.step for change in done.changes] == ["c"]
    assert done.text == text.replace("    - {id: c", "    - wait: 20h\n    - {id: c")
    assert done.unrepaired == ()
    assert done.after.source.text == done.text
    assert isinstance(done.after.content, CadenceFile)
    assert len(done.after.content.cadences[0].nodes) == 4


def test_a_missing_exit_that_a_comment_ignores_is_not_told() -> None:
    text = HEAD.replace("opt_out, ", "").replace(
        "  steps", "  # cadence-guard: ignore[CG802] the tool ends it\n  steps"
    )
    source = source_of(text + "    - {id: a, channel: email}\n    - wait: 20h\n")
    done = fix(native.read(source), source, Policy(rules=GAP), START, END)
    assert done.unrepaired == ()


def test_what_a_check_finds_in_the_result_is_told_once() -> None:
    source = source_of(HEAD + "    - {id: a, channel: email}\n")
    done = fix(native.read(source), source, Policy(rules=GAP), START, END)
    done = done._replace(unrepaired=("x: a: CG102 no consent (why)", "x: CG802 goes on"))
    found = Finding("CG301", "n", "block", "the cap", "x.cadence.yaml", 1, 1, 1, 1, "x", "a")
    findings = [
        found,
        found,
        replace(found, effect="warn", message="a warning"),
        replace(found, code="CG102", message="no consent"),
        replace(found, code="CG802", message="goes on"),
        replace(found, code="CG810", message="a comment", cadence=None, step=None),
    ]
    assert done.checked(findings).unrepaired == (
        *done.unrepaired,
        "x: a: CG301 the cap",
        "x.cadence.yaml: CG810 a comment",
    )


def test_a_touch_of_a_cadence_that_is_entered_besides() -> None:
    text = """\
version: 1
cadences:
  - name: x
    purpose: sales
    audience: {zones: [America/Chicago]}
    exits: [opt_out, complained, wrong_person]
    steps:
      - {id: a, channel: email}
      - {enter: y}
  - name: y
    purpose: sales
    audience: {zones: [America/Chicago]}
    exits: [opt_out, complained, wrong_person]
    steps:
      - {id: b, channel: email}
"""
    done = repaired(text, GAP)
    assert done.changes == ()
    assert "(it is a touch of 'y')" in done.unrepaired[0]


# -- flows ---------------------------------------------------------------------------------------


def test_a_repeated_step_waits_in_every_turn() -> None:
    before = """\
    - repeat:
        times: 3
        steps:
          - {id: a, channel: email}
          - wait: 2h
          - {id: b, channel: email}
"""
    after = before.replace("2h", "20h") + "          - wait: 20h\n"
    assert steps_after(before, GAP) == after
    assert steps_after(before.removesuffix("\n"), GAP) == after.removesuffix("\n")


def test_what_stands_before_a_loop_grows_for_its_first_turn() -> None:
    before = """\
    - {id: x, channel: email}
    - wait: 1h  # before
    - repeat:
        times: 3
        steps:
          - {id: a, channel: email}
          - wait: 2h  # between
    - {id: c, channel: email}
"""
    after = before.replace("1h", "20h").replace("2h", "20h")
    assert steps_after(before, GAP) == after


def test_a_wait_of_a_loop_is_not_longer_for_what_is_around_it() -> None:
    before = """\
    - {id: x, channel: email}
    - repeat:
        times: 2
        steps:
          - wait: 20h
          - {id: a, channel: email}
    # after it
    - {id: c, channel: email}
"""
    rules = {"over-cap": {"max": 2, "per": "60h"}}
    after = before.replace("20h", "30h").replace("    # after", "    - wait: 30h\n    # after")
    assert steps_after(before, rules) == after
    before = before.replace("- wait: 20h\n          - {id: a", "- {id: a")
    before = before.replace("email}\n    # after", "email}\n          - wait: 20h\n    # after")
    after = before.replace("    - repeat", "    - wait: 20h\n    - repeat")
    after = after.replace("    # after", "    - wait: 40h\n    # after")
    assert steps_after(before, {"over-cap": {"max": 3, "per": "100h"}} | GAP) == after


def test_waits_between_turns_in_flow_style() -> None:
    loop = "[{repeat: {times: 2, steps: [{id: a, channel: email}, {handoff: sales}]}}]"
    text = HEAD.replace("steps:\n", f"steps: {loop}\n")
    assert repaired(text, GAP).text == text.replace("sales}", "sales}, {wait: 20h}")
    file = (
        '{"version": 1, "cadence": {"name": "x", "purpose": "sales", "exits": ["opt_out",'
        ' "complained", "wrong_person"], "steps": [{"repeat": {"times": 2, "steps":\r'
        ' [{"id": "a", "channel": "email", "tags": ["}"]}]}}]}}'
    )
    after = file.replace('"}"]}', '"}"]}, {"wait": "20h"}')
    assert repaired(file, GAP).text == after
    unquoted = file.replace('"cadence"', "cadence").replace("\r", "")
    assert repaired(unquoted, GAP).text == unquoted.replace('"}"]}', '"}"]}, {wait: 20h}')


def test_each_arm_has_its_wait() -> None:
    before = """\
    - {id: a, channel: email}
    - branch:
        - if: clicked
          steps: [{wait: 1h}]
      else: [{wait: 2h}, {handoff: sales}, {wait: 3h}]
    - {id: b, channel: email}
"""
    after = before.replace("1h", "20h").replace("3h", "18h")
    assert steps_after(before, GAP) == after


def test_a_jump_waits_as_well() -> None:
    before = """\
    - {id: a, channel: email}
    - wait: 1d
    - branch:
        - share: 50%
          steps: [{go_to: a}]
    - {id: b, channel: email}
"""
    after = before.replace("[{go", "[{wait: 6h}, {go").replace(
        "    - {id: b", "    - wait: 6h\n    - {id: b"
    )
    rules = {"too-soon": {"gap": "30h"}}
    assert steps_after(before, rules) == after


def test_a_way_that_is_not_found_waits_before_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "ROUTES", 0)
    before = """\
    - {id: a, channel: email}
    - wait: 1h
    - branch:
        - share: 50%
          steps: [{go_to: c}]
    - {id: b, channel: email}
    - {id: c, channel: email}
"""
    after = before.replace("[{go", "[{wait: 20h}, {go")
    after = after.replace("    - {id: b", "    - wait: 19h\n    - {id: b")
    after = after.replace("    - {id: c", "    - wait: 20h\n    - {id: c")
    assert steps_after(before, GAP) == after


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


def test_branches_and_signals_lead_to_the_wait() -> None:
    before = """\
    - {id: a, channel: email}
    - wait_for: [clicked]
      at_most: 1h
      else: [{handoff: sales}]
    - {id: b, channel: email}
    - branch:
        - if: clicked
          steps: [{wait: 1h}]
    - {id: c, channel: email}
"""
    done = steps_after(before, GAP)
    assert "    - wait: 20h\n    - {id: b" in done
    assert "    - wait: 20h\n    - {id: c" in done


# -- other formats -------------------------------------------------------------------------------


def foreign(*nodes: Node, **more: Any) -> CadenceFile:
    by_id = {node.id: node for node in nodes}
    exits = frozenset(("opt_out", "complained", "wrong_person"))
    more = {"audience": Audience(zones=("America/Chicago",)), "exits": exits} | more
    return CadenceFile("other", (Cadence("x", (), by_id, nodes[0].id, **more),))


def step(id_: str, then: str | None, place: int = 0) -> Step:
    return Step(id_, ("steps", place), "email", then)


OTHER = source_of("steps:\n  - a\n  - b\n  - c\n")


def test_a_foreign_file_is_told_its_waits() -> None:
    file = foreign(
        step("a", "w"), Pause("w", ("steps", 1), fixed(7), "b"), step("b", None, 2),
        unknown=(NotUnderstood("z", (), "why"),),
    )  # fmt: skip
    done = fix(file, OTHER, Policy(rules=GAP), START, END)
    assert done.text is None
    (change,) = done.changes
    assert (change.cadence, change.step, change.line) == ("x", "b", 3)
    assert change.text == "wait 20 hours instead of 7 seconds before 'b'"
    assert done.unrepaired == ("x: CG807 z is not understood: why",)


@pytest.mark.parametrize(
    ("pause", "says"),
    [
        (Elapsed(HOUR, None), "wait 20 hours or longer instead of 1 hour or longer"),
        (Elapsed(HOUR, 30 * HOUR), "wait 20 hours to 30 hours instead of 1 hour to 30 hours"),
        (LocalDays(0), "wait 1 local day instead of 0 local days"),
        (BusinessDays(1), "wait 2 business days instead of 1 business day"),
    ],
)
def test_waits_in_words(pause: Any, says: str) -> None:
    file = foreign(step("a", "w"), Pause("w", ("steps", 1), pause, "b"), step("b", None, 2))
    gap = "47h" if isinstance(pause, BusinessDays) else "20h"
    rules = {"too-soon": {"gap": gap}}
    done = fix(file, OTHER, Policy(rules=rules), START, END)
    assert [change.text.partition(" before")[0] for change in done.changes] == [says]


def test_every_kind_of_node_leads_to_a_wait_that_was_put() -> None:
    nodes: tuple[Node, ...] = (
        step("a", "f"),
        Fan("f", (), ("h", "p")),
        Handover("h", (), "sales", "e"),
        Enter("e", (), "y", "q"),
        Branch("q", (), (Arm("z", share=0.5), Arm(None))),
        Pause("p", (), Unknown("why"), "w"),
        Await("w", (), (Arm("z", "replied"),), fixed(60), "z"),
        step("z", None, 1),
    )
    done = fix(foreign(*nodes), OTHER, Policy(rules=GAP), START, END)
    assert [change.text for change in done.changes] == ["wait 20 hours before 'z'"]
    assert done.unrepaired == ("x: CG807 the wait 'p' is not understood: why",)


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
        Pause("o", (), UntilDate(to_us(datetime(2198, 12, 20, tzinfo=UTC))), "a"),
        step("a", "w"),
        Pause("w", ("steps", 1), fixed(60), "u"),
        Pause("u", (), UntilClock(9 * HOUR), "b"),
        step("b", None, 2),
    )
    done = fix(foreign(*nodes), OTHER, Policy(rules=GAP), START, END)
    assert len(done.changes) == 1
    assert done.unrepaired == ()


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


def test_an_objection_that_nothing_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "free_at", lambda objected, start, times: times[objected.index])
    file = foreign(step("a", "b"), step("b", None, 1))
    done = fix(file, OTHER, Policy(rules=GAP), START, END)
    assert done.changes == ()
    assert done.unrepaired[0].endswith("(no wait repairs that)")


def test_what_takes_too_much_work_is_told_and_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "WORK", 1)
    file = foreign(step("a", "b"), step("b", "c", 1), step("c", None, 2))
    done = fix(file, OTHER, Policy(rules=GAP), START, END)
    assert done.unrepaired == (f"x: CG903 {repair.NOT_DONE}",)
    assert done.changes == ()
    file = replace(file, ignores=(Ignore(("CG903",), 1, "a large one", 1),))
    assert fix(file, OTHER, Policy(rules=GAP), START, END).unrepaired == ()


# -- least, step by step -------------------------------------------------------------------------

RULES = {
    "too-soon": {"gap": "20h"},
    "over-cap": [{"max": 2, "per": "3d"}, {"max": 2, "calendar": "week"}],
    "unanswered-streak": {"steps": [{"after": 2, "gap": "50h"}]},
    "outside-hours": CALLING,
}


SEEDS = (5, 8, 9, 26, 27, 28, 31, 34, 36, 40, 45, 46, 56, 87)
"""Those of the first 130 that hold something, and whose proofs are quick."""
LIGHT = GAP | HOURS | {"over-cap": {"max": 2, "per": "3d"}}


class Writer:
    """Writes a cadence by chance: loops, branches, signals, jumps, tries of a call, ranges."""

    WAITS = ("1h", "30h", "1h..2d", "{max: 1d}", "{local_days: 1}", "{business_days: 1}")

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.steps = 0

    def items(self, depth: int, indent: str) -> str:
        """A list of steps, with a comment at each."""
        found = ""
        for _ in range(self.chance.randint(1, 3)):
            found += f"{indent}# {self.chance.random()}\n"
            kinds = [self.step, self.step, self.wait]
            if depth:
                kinds += [self.repeat, self.branch, self.signal]
            found += self.chance.choice(kinds)(depth, indent)
        return found + self.step(depth, indent)

    def step(self, depth: int, indent: str) -> str:
        self.steps += 1
        if self.steps > 5:
            return f"{indent}- handoff: sales\n"
        channel = self.chance.choice(["email", "call"])
        more = ""
        if channel == "call" and self.chance.random() < 0.3:
            more = f", retry: {{attempts: 2, every: {self.chance.choice(['2h', '30h'])}}}"
        return f"{indent}- {{id: s{self.steps}, channel: {channel}{more}}}  # {self.steps}\n"

    def wait(self, depth: int, indent: str) -> str:
        since = ", from: start" if self.chance.random() < 0.2 else ""
        return f"{indent}- {{wait: {self.chance.choice(self.WAITS)}{since}}}  # a wait\n"

    def repeat(self, depth: int, indent: str) -> str:
        inner = self.items(depth - 1, indent + "      ")
        times = self.chance.randint(2, 3)
        return f"{indent}- repeat:\n{indent}    times: {times}\n{indent}    steps:\n{inner}"

    def branch(self, depth: int, indent: str) -> str:
        inner = self.items(depth - 1, indent + "        ")
        jump = f"{indent}  else: [{{go_to: s1}}]\n"
        text = f"{indent}- branch:\n{indent}    - share: 50%\n{indent}      steps:\n{inner}"
        return text + (jump if self.steps and self.chance.random() < 0.3 else "")

    def signal(self, depth: int, indent: str) -> str:
        inner = self.items(depth - 1, indent + "    ")
        return (
            f"{indent}- wait_for: clicked\n{indent}  at_most: {self.chance.choice(['1h', '2d'])}\n"
            f"{indent}  else:\n{inner}"
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_written_passes_and_comments_stay(seed: int) -> None:
    text = HEAD + Writer(seed).items(2, "    ")
    source, policy = source_of(text), Policy(rules=LIGHT)
    done = fix(native.read(source), source, policy, START, END)
    assert done.text is not None
    for id_, code in objections(done.text, LIGHT, END):
        told = f"x: {id_.partition('@')[0]}: {code}"
        assert any(line.startswith(told) for line in done.unrepaired)
        assert "(it is tried again outside the hours)" in "".join(done.unrepaired)
    assert re.findall("#.*", done.text) == re.findall("#.*", text)
    assert without_waits(done.text) == without_waits(text)
    again = fix(native.read(source_of(done.text)), source_of(done.text), policy, START, END)
    assert (again.text, again.changes) == (done.text, ())


def without_waits(text: str) -> str:
    """A file of `Writer` without its waits: what `fix` must leave as it is."""
    lines = r" *- (wait:|\{wait:).*\n|(?<=\[)(\{wait: .*\}, )+(?=\{go_to)|(?<=every: )[0-9a-z]+"
    return re.sub(lines, "", text)


@pytest.mark.parametrize("seed", range(8))
def test_no_wait_is_longer_than_a_start_needs(seed: int) -> None:
    chance = random.Random(seed)
    lines = []
    for place in range(4):
        wait = chance.choice(["", "wait: 1h", "wait: 30h", "wait: {local_days: 1}"])
        if place and wait:
            lines.append(f"    - {wait}\n")
        lines.append(f"    - {{id: s{place}, channel: {chance.choice(['email', 'call'])}}}\n")
    end = START + 14 * DAY
    done = repaired(HEAD + "".join(lines), RULES, end)
    assert done.text is not None
    assert not done.unrepaired
    for change in done.changes:
        shorter = with_less(done.text, change.step)
        if shorter is not None and "until" not in change.text:
            assert change.step in {step for step, _ in objections(shorter, RULES, end)}


def with_less(text: str, step: str) -> str | None:
    """A file whose wait before a step is one minute, or one day, shorter; None for hours alone."""
    lines = text.splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if f"id: {step}," in line) - 1
    if "until_open" in lines[place]:
        place -= 1
    said = re.fullmatch(r"    - wait: (?:(\d+)([mhd])|\{local_days: (\d+)\})\n", lines[place])
    if said is None:
        return None
    if said[3]:
        lines[place] = lines[place].replace(said[3], str(int(said[3]) - 1))
    else:
        minutes = int(said[1]) * {"m": 1, "h": 60, "d": 1440}[said[2]]
        lines[place] = f"    - wait: {minutes - 1}m\n"
    return "".join(lines)


# -- random worlds -------------------------------------------------------------------------------


def left_by(make: Callable[[random.Random], World], seed: int) -> set[str]:
    """What a proof of all still blocks after the repair of a random world, and the repair has not
    told, by step and code. The world's nodes are given places, as an importer would."""
    world = make(random.Random(seed))
    policy = exact_policy(world)

    def placed(cadence: Cadence, n: int) -> Cadence:
        nodes = {
            id_: replace(node, where=("cadences", n, place))
            for place, (id_, node) in enumerate(cadence.nodes.items())
        }
        return replace(cadence, nodes=nodes)

    cadences = (world.cadence, *world.others.values())
    file = CadenceFile("other", tuple(placed(one, n) for n, one in enumerate(cadences)))
    done = fix(file, OTHER, policy, world.start, world.end)
    assert isinstance(done.after.content, CadenceFile)
    others = {one.name: one for one in file.cadences}  # each is repaired by itself
    left: set[str] = set()
    for cadence in done.after.content.cadences:
        known = others | {cadence.name: cadence}
        proof = prove(Ruleset(policy), cadence, world.start, world.end, others=known)
        for one in proof.objections:
            line = f"{cadence.name}: {one.step.name}: {one.code} "
            told = (line, f"{cadence.name}: CG903 not done")
            if one.effect == "block" and not any(t.startswith(told) for t in done.unrepaired):
                left.add(line)
    return left


@pytest.mark.parametrize("make", [tick_world, range_world, repeat_world, minute_world])
def test_what_is_left_of_a_world_is_told(make: Callable[[random.Random], World]) -> None:
    for seed in range(12):
        assert left_by(make, seed) == set(), seed


@pytest.mark.deep
@pytest.mark.parametrize("make", [tick_world, range_world, repeat_world, minute_world])
@pytest.mark.parametrize("block", range(1, 26))
def test_what_is_left_of_a_world_is_told_at_length(
    make: Callable[[random.Random], World], block: int
) -> None:
    for seed in range(block * 12, (block + 1) * 12):
        assert left_by(make, seed) == set(), seed


@pytest.mark.deep
@pytest.mark.parametrize("rules", [LIGHT, RULES], ids=["light", "heavy"])
@pytest.mark.parametrize("seed", range(130))
def test_what_was_written_passes_at_length(
    seed: int, rules: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With loops in loops, ranges and tries of a call, which take long to prove; so the work is
    bounded, and what is not done in it is told."""
    monkeypatch.setattr(repair, "WORK", 4_000_000)
    text = HEAD + Writer(seed).items(2, "    ")
    source = source_of(text)
    done = fix(native.read(source), source, Policy(rules=rules), START, END)
    assert done.text is not None
    assert without_waits(done.text) == without_waits(text)
    assert re.findall("#.*", done.text) == re.findall("#.*", text)
    if not any("CG903 not done" in told for told in done.unrepaired):
        told = {line.split(" ")[1] + line.split(" ")[2] for line in done.unrepaired}
        found = objections(done.text, rules, END)
        assert {f"{id_.partition('@')[0]}:{code}" for id_, code in found} <= told
