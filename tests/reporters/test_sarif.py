"""A check as SARIF 2.1.0."""

from __future__ import annotations

import json
import pickletools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from made import BROKEN, FINDING, REPORT, WARNING, WITNESS

from cadence_guard.check.report import FileRead, Report
from cadence_guard.reporters.sarif import sarif_data

KEPT_AT = "9905f02a360657f2"
"""Where schemastore keeps what it has from https://json.schemastore.org/sarif-2.1.0.json."""
PLACES = Report(
    files=(FileRead("a/ü b#.yaml", "native", 1, 1),),
    findings=tuple(
        replace(FINDING, path=path)
        for path in ("a/ü b#.yaml", "/abs/a.yaml", "C:/a.yaml", "<stdin>")
    ),
)


def page(code: str) -> str:
    return "" if code == "CG903" else f"Objects to {code}\nin vain.\n\n## Why\n\nSo.\n"


def run_of(report: Report, place: Callable[[str], str] = str) -> dict[str, Any]:
    (run,) = json.loads(json.dumps(sarif_data(report, place, page)))["runs"]
    return dict(run)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema of OASIS, as it comes with the package schemastore.

    It is read out of the file of the package: its own functions ask the network for what is older
    than a month. Errata 01 came later and added one thing that a report with results could break:
    a region says where it starts. That is tested below.
    """
    cache = Path(str(distribution("schemastore").locate_file("schemastore/cache.sqlite")))
    with closing(sqlite3.connect(f"{cache.as_uri()}?mode=ro&immutable=1", uri=True)) as kept:
        (said,) = kept.execute("SELECT value FROM responses WHERE key = ?", (KEPT_AT,)).fetchone()
    texts = [value for _, value, _ in pickletools.genops(said) if isinstance(value, bytes)]
    found: dict[str, Any] = json.loads(max(texts, key=len))
    assert "oasis-tcs" in found["$id"]
    assert found["title"].startswith("Static Analysis Results Format (SARIF) Version 2.1.0")
    return found


@pytest.mark.parametrize(
    "report",
    [Report(), REPORT, PLACES, BROKEN, Report(errors=BROKEN.errors)],
    ids=["empty", "all", "places", "broken", "nothing judged"],
)
def test_it_is_valid_by_the_schema_of_the_standard(report: Report, schema: dict[str, Any]) -> None:
    validator = jsonschema.validators.validator_for(schema)(schema)
    data = json.loads(json.dumps(sarif_data(report, str, page)))
    assert [error.message for error in validator.iter_errors(data)] == []
    del data["runs"][0]["tool"]["driver"]["name"]
    assert not validator.is_valid(data)


def test_paths_are_relative_to_the_repository_and_escaped() -> None:
    def uris(report: Report) -> list[dict[str, str]]:
        return [
            result["locations"][0]["physicalLocation"]["artifactLocation"]
            for result in run_of(report)["results"]
        ]

    relative, absolute, windows, stdin = uris(PLACES)
    assert relative == {"uri": "a/%C3%BC%20b%23.yaml", "uriBaseId": "SRCROOT"}
    assert absolute == {"uri": "file:///abs/a.yaml"}
    assert windows == {"uri": "file:///C:/a.yaml"}
    assert stdin["uri"] == "%3Cstdin%3E"
    no_text = Report(files=(FileRead("n\udcff.yaml", "native", 1, 1),))
    assert run_of(no_text)["artifacts"][0]["location"]["uri"] == "n%FF.yaml"
    run = run_of(REPORT, lambda path: f"drips/{path}")
    assert run["artifacts"][0]["location"]["uri"] == "drips/trial.cadence.yaml"
    assert "SRCROOT" in run["originalUriBaseIds"]


def test_each_rule_stands_once_with_its_page() -> None:
    run = run_of(replace(REPORT, findings=(*REPORT.findings, FINDING)))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["CG301", "CG809", "CG903"]
    assert rules[0]["name"] == "OverCap"
    assert rules[0]["fullDescription"]["text"] == "Objects to CG301 in vain."
    assert "## Why" in rules[0]["help"]["markdown"]
    assert rules[2]["help"]["text"] == "check-incomplete"
    assert [rule["defaultConfiguration"]["level"] for rule in rules] == ["error", "warning", "note"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_result_has_its_place_its_time_line_and_its_certainty() -> None:
    result = run_of(REPORT)["results"][1]
    assert result["level"] == "error"
    assert result["message"]["text"].startswith("a 2nd email within 7d (max 1) [sometimes]\na cont")
    assert "<- refused: CG301" in result["message"]["text"]
    location = result["locations"][0]
    assert location["physicalLocation"]["region"] == {
        "startLine": 6,
        "startColumn": 9,
        "endLine": 6,
        "endColumn": 36,
    }
    assert location["logicalLocations"] == [
        {"name": "nudge", "fullyQualifiedName": "trial-drip/nudge", "kind": "member"}
    ]
    assert result["properties"]["certainty"] == "sometimes"
    assert result["properties"]["witness"]["zone"] == WITNESS.zone
    shape = run_of(REPORT)["results"][0]
    assert shape["properties"] == {"certainty": "always", "witness": None}
    assert "logicalLocations" not in run_of(REPORT)["results"][2]["locations"][0]


def test_a_place_without_an_end_has_none() -> None:
    finding = replace(WARNING, line=4, column=2, end_line=1, end_column=1)
    result = run_of(Report(findings=(finding,)))["results"][0]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 4, "startColumn": 2}


def test_fingerprints_stay_when_lines_move_and_tell_findings_apart() -> None:
    def prints(report: Report) -> list[str]:
        return [r["partialFingerprints"]["cadenceGuard/v1"] for r in run_of(report)["results"]]

    twice = replace(REPORT, findings=(FINDING, FINDING, WARNING))
    moved = [replace(f, line=f.line + 9, end_line=f.end_line + 9) for f in twice.findings]
    assert prints(twice) == prints(replace(twice, findings=tuple(moved)))
    assert len(set(prints(twice))) == 3


def test_where_nothing_was_judged_there_are_no_results_not_even_none() -> None:
    assert "results" not in run_of(Report(errors=BROKEN.errors))
    assert run_of(Report())["results"] == []


def test_what_was_not_checked_makes_the_run_a_failed_one() -> None:
    (whole,) = run_of(REPORT)["invocations"]
    assert whole == {"executionSuccessful": True, "toolExecutionNotifications": []}
    (broken,) = run_of(BROKEN, lambda path: f"drips/{path}")["invocations"]
    assert not broken["executionSuccessful"]
    placed, unplaced, nowhere = broken["toolExecutionNotifications"]
    assert placed == {
        "level": "error",
        "message": {"text": "unknown key 'x'"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "drips/a%7Cb.yaml", "uriBaseId": "SRCROOT"},
                    "region": {"startLine": 2, "startColumn": 7},
                }
            }
        ],
    }
    assert "region" not in unplaced["locations"][0]["physicalLocation"]
    assert len(run_of(BROKEN)["results"]) == len(REPORT.findings)
    assert nowhere == {"level": "error", "message": {"text": "no\\x0a::error::reason"}}


def test_what_was_assumed_is_in_the_run() -> None:
    assert run_of(REPORT)["properties"]["assumes"] == list(REPORT.assumes)
