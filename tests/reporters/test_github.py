"""A check as workflow commands."""

from __future__ import annotations

import re
from dataclasses import replace

from made import BROKEN, FINDING, REPORT, WITNESS

from cadence_guard.check.report import Report
from cadence_guard.reporters.github import github, message


def place(path: str) -> str:
    return f"drips/{path}"


def test_each_finding_is_a_command_at_its_place() -> None:
    warning, error, notice, assumes, numbers = github(REPORT, place, known=1)
    assert warning == (
        "::warning file=drips/trial.cadence.yaml,line=3,endLine=6,title=CG809 no-end::it never ends"
    )
    assert error.startswith(
        "::error file=drips/trial.cadence.yaml,line=6,col=9,endLine=6,endColumn=36,"
        "title=CG301 over-cap::a 2nd email within 7d (max 1) [sometimes]%0A"
    )
    assert error.endswith("<- refused: CG301%0Ahelp: wait 5d more before nudge")
    assert notice.startswith("::notice file=")
    assert assumes == (
        "::notice title=cadence-guard assumes::trial-drip: consent for email by all of the audience"
    )
    assert numbers.endswith("; 1 more in the baseline")


def test_nothing_to_assume_is_no_command() -> None:
    assert list(github(Report(), place)) == ["Nothing found in 0 files (0 cadences, 0 steps)"]


def test_what_was_not_checked_is_an_error() -> None:
    placed, unplaced, nowhere, *_, numbers = github(BROKEN, place)
    title = "title=cadence-guard cannot check"
    assert placed == f"::error file=drips/a|b.yaml,line=2,col=7,{title}::unknown key 'x'"
    assert unplaced == f"::error file=drips/p.yaml,{title}::cannot be read"
    assert nowhere == f"::error {title}::no\\x0a::error::reason"
    assert numbers.startswith("Not all was checked: 3 errors; 1 finding, 1 warning, 1 note in")
    *_, numbers = github(Report(errors=BROKEN.errors[:1]), place)
    assert numbers == "Nothing was checked: 1 error"


def test_no_text_of_a_file_can_be_a_command_or_a_property() -> None:
    evil = "a,line=1:%\r\n::error::b"
    finding = replace(
        FINDING,
        path=evil,
        message=evil,
        help=evil,
        witness=replace(WITNESS, touches=(replace(WITNESS.touches[0], step=evil),)),
    )
    (command, _) = github(Report(findings=(finding,)), str)
    assert "\n" not in command
    assert "\r" not in command
    properties = re.fullmatch(r"::error (.*?)::.*", command)
    assert properties is not None
    named = dict(pair.split("=", 1) for pair in properties[1].split(","))
    assert named["file"] == "a%2Cline=1%3A%25%0D%0A%3A%3Aerror%3A%3Ab"
    assert named["line"] == "6"


def test_no_text_of_a_file_can_steer_the_log() -> None:
    evil = "a\x1b[31m\u202eb"
    said = Report(findings=(replace(FINDING, path=evil),), assumes=(evil, "else"))
    command, assumes, _ = github(said, str)
    assert command.startswith("::error file=a\\x1b[31m\\u202eb,")
    assert assumes.endswith("::a\\x1b[31m\\u202eb%0Aelse")


def test_a_finding_in_lines() -> None:
    assert message(replace(FINDING, witness=None, help=None, certainty=None)) == FINDING.message
    assert message(replace(FINDING, witness=None)).splitlines() == [
        "a 2nd email within 7d (max 1) [sometimes]",
        "help: wait 5d more before nudge",
    ]
