"""A check as JSON: the pinned keys, instants in UTC."""

from __future__ import annotations

import json
from dataclasses import replace

from made import BROKEN, FINDING, REPORT, WARNING, WITNESS, with_witness

from cadence_guard.check.report import Report, WitnessSignal, WitnessStep
from cadence_guard.reporters.check_json import check_data, finding_data, witness_data
from cadence_guard.reporters.witness import rows


def test_the_pinned_keys_are_there() -> None:
    data = json.loads(json.dumps(check_data(REPORT, known=3)))
    assert data["version"] == 1
    assert data["files"] == [
        {"path": "trial.cadence.yaml", "format": "native", "cadences": 1, "steps": 2}
    ]
    assert data["assumes"] == ["trial-drip: consent for email by all of the audience"]
    assert data["baselined"] == 3
    found = data["findings"][1]
    witness = found.pop("witness")
    assert found == {
        "code": "CG301",
        "name": "over-cap",
        "effect": "block",
        "message": "a 2nd email within 7d (max 1)",
        "path": "trial.cadence.yaml",
        "line": 6,
        "column": 9,
        "end_line": 6,
        "end_column": 36,
        "cadence": "trial-drip",
        "step": "nudge",
        "turn": None,
        "certainty": "sometimes",
        "help": "wait 5d more before nudge",
    }
    assert witness["starts"] == {"trial-drip": "2026-03-02T15:00:00Z"}
    assert witness["offset"] is None
    assert (witness["zone"], witness["since"]) == ("America/Chicago", "2026-03-06T15:00:00Z")
    assert witness["touches"][-1] == {
        "cadence": "trial-drip",
        "step": "nudge",
        "turn": None,
        "at": "2026-03-08T16:00:00.000001Z",
        "channel": "email",
        "verdict": "defer",
        "codes": ["CG301"],
    }
    assert witness["signals"] == [
        {"kind": "opened", "at": "2026-03-06T15:00:00Z", "channel": None, "after": 0}
    ]


def test_who_of_an_account_a_touch_is_for_is_told_from_the_second_on() -> None:
    touches = (replace(WITNESS.touches[0], person=2), *WITNESS.touches[1:])
    data = finding_data(replace(FINDING, witness=replace(WITNESS, touches=touches)))
    said = [touch.get("person") for touch in data["witness"]["touches"]]
    assert said == [2, *[None] * (len(touches) - 1)]


def test_what_is_about_the_shape_holds_always_and_has_no_witness() -> None:
    data = finding_data(WARNING)
    assert (data["certainty"], data["witness"], data["step"]) == ("always", None, None)


def test_the_offset_is_told_in_seconds() -> None:
    witness = finding_data(with_witness(offset=(0.0, 3600.0), since=None))["witness"]
    assert (witness["offset"], witness["since"]) == ({"min": 0.0, "max": 3600.0}, None)


def test_what_was_before_a_wait_of_unknown_length() -> None:
    before = (WitnessStep("trial-drip", "hello", "sms", "2"),)
    assert finding_data(FINDING)["witness"]["before"] is None
    assert finding_data(with_witness(before=before))["witness"]["before"] == [
        {"cadence": "trial-drip", "step": "hello", "turn": "2", "channel": "sms"}
    ]


def test_an_empty_report_is_whole() -> None:
    data = check_data(Report())
    empty = {"files": [], "assumes": [], "findings": [], "errors": []}
    assert data == {"version": 1, **empty, "baselined": 0}
    assert finding_data(FINDING)["effect"] == "block"


def test_what_was_not_checked_is_told() -> None:
    assert check_data(BROKEN)["errors"] == [
        {"path": "a|b.yaml", "line": 2, "column": 7, "message": "unknown key 'x'"},
        {"path": "p.yaml", "line": None, "column": None, "message": "cannot be read"},
        {"path": None, "line": None, "column": None, "message": "no\n::error::reason"},
    ]


def test_a_handoff_in_a_time_line_says_to_whom() -> None:
    handed = WitnessSignal("handoff", WITNESS.touches[0].at, to="sales")
    (signal,) = witness_data(replace(WITNESS, signals=(handed,)))["signals"]
    assert (signal["kind"], signal["to"]) == ("handoff", "sales")
    assert any(row.what == "handoff to sales" for row in rows(replace(WITNESS, signals=(handed,))))
