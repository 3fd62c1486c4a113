"""A check as JSON, versioned; and what was read of a file. Keys may be added within a version."""

from __future__ import annotations

from typing import Any, Final

from cadence_guard.check.report import Finding, Report, Witness
from cadence_guard.instants import to_text

VERSION: Final = 1


def check_data(report: Report, *, known: int = 0) -> dict[str, Any]:
    """The report as JSON data; `known` is how many findings the baseline has taken out."""
    return {
        "version": VERSION,
        "files": [
            {
                "path": file.path,
                "format": file.format,
                "cadences": file.cadences,
                "steps": file.steps,
            }
            for file in report.files
        ],
        "assumes": list(report.assumes),
        "findings": [finding_data(finding) for finding in report.findings],
        "baselined": known,
        "errors": [
            {
                "path": fault.path,
                "line": fault.line,
                "column": fault.column,
                "message": fault.message,
            }
            for fault in report.errors
        ],
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding as JSON data. What is about a file's shape holds for every start: `always`."""
    return {
        "code": finding.code,
        "name": finding.name,
        "effect": finding.effect,
        "message": finding.message,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "cadence": finding.cadence,
        "step": finding.step,
        "turn": finding.turn,
        "certainty": finding.certainty or "always",
        "help": finding.help,
        "witness": None if finding.witness is None else witness_data(finding.witness),
    }


def witness_data(witness: Witness) -> dict[str, Any]:
    """A witness as JSON data; instants in UTC, the offset in seconds."""
    offset = witness.offset
    return {
        "starts": {name: to_text(at) for name, at in witness.starts.items()},
        "offset": None if offset is None else {"min": offset[0], "max": offset[1]},
        "zone": witness.zone,
        "since": None if witness.since is None else to_text(witness.since),
        "before": None
        if witness.before is None
        else [
            {
                "cadence": touch.cadence,
                "step": touch.step,
                "turn": touch.turn,
                "channel": touch.channel,
            }
            for touch in witness.before
        ],
        "touches": [
            {
                "cadence": touch.cadence,
                "step": touch.step,
                "turn": touch.turn,
                "at": to_text(touch.at),
                "channel": touch.channel,
                "verdict": touch.verdict,
                "codes": list(touch.codes),
            }
            | ({} if touch.person is None else {"person": touch.person})
            for touch in witness.touches
        ],
        "signals": [
            {
                "kind": signal.kind,
                "at": to_text(signal.at),
                "channel": signal.channel,
                "after": signal.after,
            }
            | ({} if signal.to is None else {"to": signal.to})
            for signal in witness.signals
        ],
    }
