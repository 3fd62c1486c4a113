"""A check as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final
from urllib.parse import quote

from cadence_guard.check.baseline import entries
from cadence_guard.check.report import Fault, Finding, Report
from cadence_guard.reporters.check_json import witness_data
from cadence_guard.reporters.github import message
from cadence_guard.reporters.text import plain

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVEL: Final = {"block": "error", "warn": "warning", "note": "note"}
_ROOT: Final = "SRCROOT"


def sarif_data(
    report: Report, place: Callable[[str], str], page: Callable[[str], str]
) -> dict[str, Any]:
    """The report as SARIF data.

    `place` makes a path relative to the repository; `page` gives the Markdown page of a code.
    """
    rules = {finding.code: finding for finding in reversed(report.findings)}
    codes = sorted(rules)
    prints = [entry.fingerprint for entry in entries(report.findings, place)]
    results = [
        _result(finding, codes.index(finding.code), fingerprint, place)
        for finding, fingerprint in zip(report.findings, prints, strict=True)
    ]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "cadence-guard",
                "semanticVersion": version("cadence-guard"),
                "rules": [_rule(rules[code], page(code)) for code in codes],
            }
        },
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the repository that was checked."}}
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not report.errors,
                "toolExecutionNotifications": [_notification(e, place) for e in report.errors],
            }
        ],
        "artifacts": [
            {"location": _location(place(file.path)), "properties": {"format": file.format}}
            for file in report.files
        ],
        "properties": {"assumes": list(report.assumes)},
    }
    if report.files or not report.errors:  # else no analysis began: SARIF 2.1.0, 3.14.23
        run["results"] = results
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(finding: Finding, page: str) -> dict[str, Any]:
    first = " ".join(page.split("\n\n")[0].split())
    return {
        "id": finding.code,
        "name": "".join(word.capitalize() for word in finding.name.split("-")),
        "shortDescription": {"text": f"{finding.code} {finding.name}"},
        "fullDescription": {"text": first or finding.name},
        "defaultConfiguration": {"level": _LEVEL[finding.effect]},
        "help": {"text": page or finding.name, "markdown": page or finding.name},
    }


def _result(
    finding: Finding, rule: int, fingerprint: str, place: Callable[[str], str]
) -> dict[str, Any]:
    region = {"startLine": finding.line, "startColumn": finding.column}
    if (finding.end_line, finding.end_column) > (finding.line, finding.column):
        region |= {"endLine": finding.end_line, "endColumn": finding.end_column}
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": _location(place(finding.path)),
            "region": region,
        }
    }
    names = [name for name in (finding.cadence, finding.step) if name is not None]
    if names:
        location["logicalLocations"] = [
            {"name": names[-1], "fullyQualifiedName": "/".join(names), "kind": "member"}
        ]
    witness = finding.witness
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVEL[finding.effect],
        "message": {"text": message(finding)},
        "locations": [location],
        "partialFingerprints": {"cadenceGuard/v1": fingerprint},
        "properties": {
            "certainty": finding.certainty or "always",
            "witness": None if witness is None else witness_data(witness),
        },
    }


def _notification(fault: Fault, place: Callable[[str], str]) -> dict[str, Any]:
    """What was not checked: without it, a report without results would mean clean."""
    said: dict[str, Any] = {"level": "error", "message": {"text": plain(fault.message)}}
    if fault.path is not None:
        physical: dict[str, Any] = {"artifactLocation": _location(place(fault.path))}
        if fault.line is not None:
            physical["region"] = {"startLine": fault.line, "startColumn": fault.column}
        said["locations"] = [{"physicalLocation": physical}]
    return said


def _location(path: str) -> dict[str, str]:
    """Relative to the repository; a path outside of it as it is."""
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute():
        return {"uri": f"file:///{_quoted(path.lstrip('/'), '/:')}"}
    return {"uri": _quoted(path, "/"), "uriBaseId": _ROOT}


def _quoted(path: str, safe: str) -> str:
    """A path as part of an URI; bytes of a name that are no text are themselves."""
    return quote(path, safe=safe, errors="surrogateescape")
