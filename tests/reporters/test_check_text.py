"""A check as text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import FINDING, NOTE, REPORT, WARNING, WITNESS, YAML

from cadence_guard.check.report import FileRead, Report, Witness
from cadence_guard.reporters.check_text import WIDEST, check_text, summary
from cadence_guard.reporters.text import Style

LINES = {"trial.cadence.yaml": YAML.splitlines()}


def told(report: Report, style: Style | None = None, **more: object) -> list[str]:
    return list(check_text(report, LINES, style or Style(), **more))  # type: ignore[arg-type]


def test_a_finding_has_place_frame_proof_help_and_page() -> None:
    assert told(replace(REPORT, findings=(FINDING,), assumes=())) == [
        "trial.cadence.yaml:6:9: CG301 over-cap: a 2nd email within 7d (max 1) [sometimes]",
        "    |",
        "  6 |       - {id: nudge, channel: email}",
        "    |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "  a contact in America/Chicago who starts Mon 2026-03-02 09:00 CST:",
        "    Mon 2026-03-02 09:00 CST            email  ● welcome",
        "    Fri 2026-03-06 09:00 CST                   « the contact: opened",
        "  ╭ Fri 2026-03-06 09:00 CST            email  × offer  (CG703)",
        "  ╰ Sun 2026-03-08 11:00:00.000001 CDT  email  × nudge  <- refused: CG301",
        "  help: wait 5d more before nudge",
        "  rule: cadence-guard explain CG301",
        "",
        "1 finding in 1 file (1 cadence, 2 steps)",
    ]


def test_warnings_and_notes_say_so_and_a_long_place_is_marked_on_its_first_line() -> None:
    lines = told(REPORT)
    assert lines[0] == "trial.cadence.yaml:3:5: CG809 no-end (warning): it never ends"
    assert lines[3] == "    |     ^^^^^^^^^^^^^^^^"
    assert "trial.cadence.yaml:3:5: CG903 check-incomplete (note): it never ends" in lines


def test_the_closing_tells_what_is_stale_assumed_and_known() -> None:
    assert told(REPORT, known=2, stale=["a: CG301 b"])[-7:] == [
        "In the baseline, but no longer found (--update-baseline takes them out):",
        "  a: CG301 b",
        "",
        "Assumed, since the files do not say otherwise:",
        "  - trial-drip: consent for email by all of the audience",
        "",
        "1 finding, 1 warning, 1 note in 1 file (1 cadence, 2 steps); 2 more in the baseline",
    ]


def test_colour_marks_the_code_the_carets_and_the_refused_touch() -> None:
    text = "\n".join(told(REPORT, Style(colour=True)))
    assert "\x1b[31mCG301\x1b[0m" in text
    assert "\x1b[33mCG809\x1b[0m" in text
    assert "\x1b[2mCG903\x1b[0m" in text
    assert "\x1b[31m^^^" in text
    refused = next(line for line in text.splitlines() if "<- refused" in line)
    assert refused.startswith("  \x1b[31m")


def test_help_of_several_lines_is_indented() -> None:
    report = replace(REPORT, findings=(replace(FINDING, help="one\ntwo", witness=None),))
    assert "  help: one" in told(report)
    assert "        two" in told(report)


@pytest.mark.parametrize("line", [0, 7, 99])
def test_a_place_that_is_not_in_the_file_has_no_frame(line: int) -> None:
    report = Report(findings=(replace(FINDING, line=line, end_line=line, witness=None),))
    assert not any("|" in text for text in told(report))


@pytest.mark.parametrize("column", [1, 60, 4990, 5001, 6000])
def test_carets_stand_under_the_place_also_in_a_very_long_line(column: int) -> None:
    text = "x" * 5000
    text = f"{text[: column - 1]}PLACE{text[column + 4 :]}"
    finding = replace(
        FINDING, line=1, end_line=1, column=column, end_column=column + 5, witness=None
    )
    lines = list(check_text(Report(findings=(finding,)), {finding.path: [text]}, Style()))
    shown, carets = lines[2].split("| ")[1], lines[3].split("| ")[1]
    assert len(shown) <= WIDEST
    if column <= 5000:
        assert shown[carets.index("^") :].startswith("PLACE")
        assert carets.strip() == "^^^^^"
    assert "^" in carets


def test_tabs_and_control_characters_do_not_move_the_carets() -> None:
    finding = replace(FINDING, line=1, end_line=1, column=4, end_column=7, witness=None)
    lines = list(check_text(Report(findings=(finding,)), {finding.path: ["\t\x1ba: b"]}, Style()))
    assert lines[2] == "  1 |  \\x1ba: b"
    assert lines[3] == "    |       ^^^"


@pytest.mark.parametrize(
    ("line", "column", "carets"),
    [("日本: 名前", 5, "      ^^^^"), ("日: e\u0301a", 4, "    ^^"), ("ab: cd", 5, "    ^^")],
)
def test_carets_follow_letters_of_two_columns_and_of_none(
    line: str, column: int, carets: str
) -> None:
    end = len(line) + 1
    finding = replace(FINDING, line=1, end_line=1, column=column, end_column=end, witness=None)
    lines = list(check_text(Report(findings=(finding,)), {finding.path: [line]}, Style()))
    assert lines[3] == f"    | {carets}"


def refused_for(*codes: str) -> Witness:
    last = replace(WITNESS.touches[-1], codes=codes)
    return replace(WITNESS, touches=(WITNESS.touches[0], last), zone="UTC" if codes else "GMT")


def test_findings_of_one_place_share_their_frame_and_a_time_line_that_proves_them() -> None:
    several = tuple(
        replace(FINDING, code=code, witness=witness)
        for code, witness in [
            ("CG102", refused_for("CG102")),
            ("CG201", refused_for("CG102", "CG201")),
            ("CG809", None),
            ("CG303", refused_for()),
        ]
    )
    lines = told(Report(findings=several))
    assert [line.split()[1] for line in lines[:4]] == ["CG102", "CG201", "CG809", "CG303"]
    assert sum("who starts" in line for line in lines) == 2
    assert sum("^^^" in line for line in lines) == 1
    assert sum("help:" in line for line in lines) == 1
    assert any(line.endswith("<- refused: CG102, CG201") for line in lines)
    assert "  rules: CG102, CG201, CG809, CG303 (cadence-guard explain CODE)" in lines


def test_two_findings_of_one_code_have_a_time_line_each() -> None:
    two = (FINDING, replace(FINDING, message="another cap", witness=refused_for("CG301")))
    lines = told(Report(findings=two))
    assert sum("who starts" in line for line in lines) == 2
    assert "  rule: cadence-guard explain CG301" in lines


def test_a_witness_of_signals_alone_is_told() -> None:
    alone = replace(FINDING, witness=replace(WITNESS, touches=()))
    assert any("the contact: opened" in line for line in told(Report(findings=(alone,))))


def test_the_numbers() -> None:
    assert summary(Report()) == "Nothing found in 0 files (0 cadences, 0 steps)"
    two = (FileRead("a", "native", 1, 1), FileRead("b", "n8n", 2, 5))
    report = Report(two, (FINDING, FINDING, WARNING, NOTE))
    assert summary(report, 1) == (
        "2 findings, 1 warning, 1 note in 2 files (3 cadences, 6 steps); 1 more in the baseline"
    )


def test_nothing_of_a_file_can_steer_the_terminal() -> None:
    evil = "\x1b[2J\n"
    witness = replace(
        WITNESS, touches=(replace(WITNESS.touches[0], step=evil),), starts={evil: WITNESS.since}
    )
    finding = replace(FINDING, message=evil, path=evil, help=evil, witness=witness)
    report = Report(findings=(finding,), assumes=(evil,))
    lines = list(check_text(report, {evil: [evil] * 6}, Style(), stale=[evil]))
    assert all(line.isprintable() for line in lines)
