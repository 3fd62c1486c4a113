"""A check as Markdown."""

from __future__ import annotations

from dataclasses import replace

from made import BROKEN, FINDING, REPORT, WITNESS

from cadence_guard.check.report import Report
from cadence_guard.reporters.markdown import markdown


def test_numbers_a_table_the_time_lines_and_the_assumptions() -> None:
    lines = list(markdown(REPORT, lambda path: f"drips/{path}", known=1))
    assert lines[0] == "## cadence-guard"
    assert lines[2] == (
        "1 finding, 1 warning, 1 note in 1 file (1 cadence, 2 steps); 1 more in the baseline."
    )
    assert lines[4:6] == ["| | rule | where | cadence, step | |", "|---|---|---|---|---|"]
    assert lines[7] == (
        "| finding | CG301 over-cap | drips/trial.cadence.yaml:6 | trial-drip, nudge |"
        " a 2nd email within 7d (max 1) (sometimes) |"
    )
    assert lines[8].startswith("| note | CG903 check-incomplete | drips/trial.cadence.yaml:3 |  |")
    start = lines.index("<details><summary>CG301 over-cap trial-drip nudge</summary>")
    assert lines[start + 2] == "```text"
    assert lines[start + 8 : start + 10] == ["help: wait 5d more before nudge", "```"]
    assert lines[-2] == "- trial-drip: consent for email by all of the audience"


def test_a_report_without_findings_is_short() -> None:
    assert list(markdown(Report(), str)) == [
        "## cadence-guard",
        "",
        "Nothing found in 0 files (0 cadences, 0 steps).",
        "",
    ]


def test_what_was_not_checked_is_told_first() -> None:
    lines = list(markdown(BROKEN, lambda path: f"drips/{path}"))
    assert lines[2].startswith("Not all was checked: 3 errors; 1 finding, 1 warning, 1 note in")
    assert lines[4:10] == [
        "What could not be checked:",
        "",
        "- drips/a\\|b.yaml:2:7: unknown key 'x'",
        "- drips/p.yaml: cannot be read",
        "- no\\\\x0a::error::reason",
        "",
    ]
    only = list(markdown(Report(errors=BROKEN.errors[:2]), str))
    assert only[2] == "Nothing was checked: 2 errors."


def test_a_summary_of_many_findings_is_one_that_github_shows() -> None:
    many = replace(
        BROKEN,
        findings=(replace(FINDING, message="ü" * 100),) * 4_000,
        errors=BROKEN.errors * 3_000,
        assumes=("x" * 1_000,) * 1_000,
    )
    lines = list(markdown(many, str))
    assert 600_000 < len("\n".join(lines).encode()) < 1 << 20
    assert lines[2].startswith("Not all was checked: 9000 errors; 4000 findings in")
    cut = [line for line in lines if line.endswith(" more are not shown here.")]
    assert len(cut) == 4
    rows = sum(line.startswith("| finding") for line in lines)
    assert f"{4_000 - rows:,} more are not shown here." in cut
    assert sum(line.startswith("<details>") for line in lines) == lines.count("</details>") > 100


def test_no_text_of_a_file_is_markup() -> None:
    evil = "a|b\n`c` <img src=x> [d](e) ````"
    finding = replace(
        FINDING,
        path=evil,
        message=evil,
        cadence=evil,
        help=None,
        witness=replace(WITNESS, touches=(replace(WITNESS.touches[0], step=evil),)),
    )
    lines = list(markdown(Report(findings=(finding,), assumes=(evil,)), str))
    text = "\n".join(lines)
    row = next(line for line in lines if line.startswith("| finding"))
    assert row.replace("\\|", "").count("|") == 6
    assert row.count("&lt;img") == 3
    fence = next(line for line in lines if line.endswith("text") and line.startswith("`"))
    assert fence == "`````text"
    outside = text.split(fence)[0]
    assert "<img" not in outside
