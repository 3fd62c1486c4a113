"""Comments that ask to ignore a finding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.cadence import Ignore
from cadence_guard.check.ignores import CODE, is_ignored, pages, without_ignored
from cadence_guard.check.report import Finding

FINDING = Finding("CG301", "over-cap", "block", "m", "a.yaml", 6, 9, 8, 36, "drip", "nudge")
IGNORE = Ignore(("CG301",), 6, "agreed with the council", 5)


def left(*ignores: Ignore, findings: tuple[Finding, ...] = (FINDING,)) -> list[tuple[str, int]]:
    return [(f.code, f.line) for f in without_ignored(findings, ignores, "a.yaml")]


@pytest.mark.parametrize(("line", "out"), [(5, False), (6, True), (8, True), (9, False)])
def test_a_comment_leaves_out_what_stands_on_its_line_or_around_it(line: int, out: bool) -> None:
    assert ((FINDING.code, 6) not in left(replace(IGNORE, line=line))) is out


def test_only_the_codes_that_it_names() -> None:
    other = replace(FINDING, code="CG302")
    assert left(IGNORE, findings=(FINDING, other, FINDING)) == [("CG302", 6)]
    both = replace(IGNORE, codes=("CG301", "CG302"))
    assert left(both, findings=(FINDING, other)) == []


@pytest.mark.parametrize("reason", ["", "  ", "-", "--- // ."])
def test_without_a_reason_it_is_not_followed_and_a_finding(reason: str) -> None:
    assert left(replace(IGNORE, reason=reason)) == [("CG301", 6), (CODE, 5)]


def fault(ignore: Ignore) -> Finding:
    """The one finding about a comment that leaves nothing out of two."""
    night = replace(FINDING, code="CG401", name="outside-hours")
    *kept, found = without_ignored((FINDING, night), [ignore], "a.yaml")
    assert kept == [FINDING, night]
    assert (found.code, found.effect, found.line) == (CODE, "block", 5)
    return found


@pytest.mark.parametrize(
    "reason", [", [CG302] why", "why, ignore[CG302] that", "[ cg302 , CG303] x"]
)
def test_a_second_list_is_not_lost_in_silence(reason: str) -> None:
    found = fault(replace(IGNORE, reason=reason))
    assert "ignore[CG301] is followed by a second list, [" in found.message
    assert found.help == "write one list: ignore[CG301, CG302] and a reason"


def test_other_brackets_are_part_of_a_reason() -> None:
    assert left(replace(IGNORE, reason="agreed [ticket 7], [2026-03]")) == []


@pytest.mark.parametrize("said", ["outside-hours", "Outside-Hours", "cg401"])
def test_what_is_meant_by_a_name_is_told(said: str) -> None:
    found = fault(replace(IGNORE, codes=(said,)))
    assert f"ignore[{said}] is not followed" in found.message
    assert found.help == "write ignore[CG401]"


def test_one_that_only_looks_like_one_is_told_as_it_is_written() -> None:
    found = fault(Ignore((), 6, "", 5, misspelt="# Cadence-Guard: Ignore[CG301] x"))
    assert "'# Cadence-Guard: Ignore[CG301] x' looks like an ignore" in found.message
    assert found.help == "write # cadence-guard: ignore[CG301] and a reason"


def test_one_that_leaves_nothing_out_is_a_finding_for_each_such_code() -> None:
    assert left(replace(IGNORE, codes=("CG301", "CG302", "CG303"))) == [(CODE, 5), (CODE, 5)]
    assert left(IGNORE, IGNORE) == [(CODE, 5)]


def test_a_code_that_is_said_twice_counts_once() -> None:
    assert left(replace(IGNORE, codes=("CG301", "CG301"))) == []


@pytest.mark.parametrize(
    ("ignore", "code", "ignored"),
    [
        (IGNORE, "CG301", True),
        (IGNORE, "CG302", False),
        (replace(IGNORE, reason=" "), "CG301", False),
        (replace(IGNORE, reason="-"), "CG301", False),
        (replace(IGNORE, reason="x [CG302]"), "CG301", False),
        (replace(IGNORE, misspelt="x"), "CG301", False),
        (replace(IGNORE, line=9), "CG301", False),
        (replace(IGNORE, codes=("CG101",)), "CG101", False),
    ],
)
def test_what_is_ignored_is_what_is_left_out(ignore: Ignore, code: str, ignored: bool) -> None:
    assert is_ignored([ignore], code, FINDING.line, FINDING.end_line) is ignored
    finding = replace(FINDING, code=code)
    assert (finding not in without_ignored([finding], [ignore], "a.yaml")) is ignored


@pytest.mark.parametrize("code", ["CG101", "CG104", "cg101", "opted-out"])
def test_a_no_cannot_be_ignored(code: str) -> None:
    said = replace(FINDING, code="CG104" if code == "CG104" else "CG101", name="opted-out")
    (kept, fault) = without_ignored([said], [replace(IGNORE, codes=(code,))], "a.yaml")
    assert kept == said
    assert fault.effect == "block"
    assert f"{code} cannot be ignored" in fault.message
    assert fault.help


def one_by_one(findings: list[Finding], ignores: list[Ignore]) -> list[tuple[str, int]]:
    """What is left of findings and which comments did nothing, by looking at each pair."""
    idle = []
    for ignore in ignores:
        kept = [
            f
            for f in findings
            if not (f.line <= ignore.line <= max(f.line, f.end_line) or f.line in ignore.lines)
        ]
        if len(kept) == len(findings):
            idle.append((CODE, ignore.comment_line))
        findings = kept
    return [(finding.code, finding.line) for finding in findings] + idle


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 5)), max_size=8),
    st.lists(st.tuples(st.integers(1, 16), st.frozensets(st.integers(1, 12))), max_size=9),
)
def test_of_many_comments_the_first_about_a_finding_leaves_it_out(
    spans: list[tuple[int, int]], about: list[tuple[int, frozenset[int]]]
) -> None:
    findings = [replace(FINDING, line=line, end_line=line + more) for line, more in spans]
    ignores = [
        replace(IGNORE, line=line, lines=lines, comment_line=n)
        for n, (line, lines) in enumerate(about, 20)
    ]
    assert left(*ignores, findings=tuple(findings)) == one_by_one(findings, ignores)


def test_many_comments_are_followed_at_once() -> None:
    findings = tuple(replace(FINDING, line=3 * n, end_line=3 * n + 1) for n in range(20_000))
    ignores = [replace(IGNORE, line=3 * n, comment_line=n) for n in range(20_001)]
    assert left(*ignores, findings=findings) == [(CODE, 20_000)]


def test_the_fault_of_a_comment_has_a_page() -> None:
    name, text = pages()[CODE]
    assert name == "bad-ignore"
    assert text.startswith("Objects to a comment")
