"""The repair of a file: its cadences one after the other, what is told, what comes of it."""

from __future__ import annotations

from dataclasses import replace

from cadence_guard import Policy
from cadence_guard.cadence import (
    CadenceFile,
    NotUnderstood,
    Pause,
    fixed,
)
from cadence_guard.check.fix import fix
from cadence_guard.check.report import Finding
from cadence_guard.importers import native
from check.fix.support import (
    END,
    GAP,
    HEAD,
    OTHER,
    START,
    foreign,
    repaired,
    source_of,
    step,
)


def test_a_cadence_without_objections_stays_as_it_is() -> None:
    text = HEAD + "    - {id: a, channel: email}\n"
    assert repaired(text, GAP)[:3] == (text, (), ())


def test_missing_exits_are_told() -> None:
    text = HEAD.replace("opt_out, ", "") + "    - {id: a, channel: email}\n    - wait: 20h\n"
    done = repaired(text + "    - {id: b, channel: email}\n", GAP)
    assert done.changes == ()
    assert done.unrepaired == (
        "x: CG802 after opt_out it goes on: 'b' would be refused (CG101 opted-out)",
    )


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


def test_a_step_that_makes_no_touch_is_told_and_the_others_are_repaired() -> None:
    file = foreign(step("a", "b\0"), step("b\0", "c", 1), step("c", None, 2))
    done = fix(file, OTHER, Policy(rules=GAP), START, END)
    assert [(change.step, change.text) for change in done.changes] == [
        ("c", "wait 20 hours before 'c'")
    ]
    (left,) = done.unrepaired
    assert "makes no touch" in left
