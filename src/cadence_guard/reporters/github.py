"""A check as workflow commands: GitHub shows each finding beside its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cadence_guard.check.report import Fault, Finding, Report
from cadence_guard.reporters.check_text import summary
from cadence_guard.reporters.text import plain
from cadence_guard.reporters.witness import in_lines

_LEVEL = {"block": "error", "warn": "warning", "note": "notice"}


def github(report: Report, place: Callable[[str], str], *, known: int = 0) -> Iterator[str]:
    """The commands, then the numbers; `place` makes a path relative to the repository."""
    for fault in report.errors:
        yield _error(fault, place)
    for finding in report.findings:
        yield _command(finding, place(finding.path))
    if report.assumes:
        text = "\n".join(map(plain, report.assumes))
        yield f"::notice title={_property('cadence-guard assumes')}::{_data(text)}"
    yield plain(summary(report, known))


def _error(fault: Fault, place: Callable[[str], str]) -> str:
    where = {} if fault.path is None else {"file": place(fault.path)}
    if fault.line is not None:
        where |= {"line": str(fault.line), "col": str(fault.column)}
    where["title"] = "cadence-guard cannot check"
    return f"::error {_properties(where)}::{_data(plain(fault.message))}"


def _command(finding: Finding, path: str) -> str:
    where = {"file": path, "line": str(finding.line), "col": str(finding.column)}
    where["endLine"] = str(finding.end_line)
    if finding.end_line == finding.line:  # columns are for one line only
        where["endColumn"] = str(finding.end_column)
    else:
        del where["col"]
    where["title"] = f"{finding.code} {finding.name}"
    return f"::{_LEVEL[finding.effect]} {_properties(where)}::{_data(message(finding))}"


def message(finding: Finding) -> str:
    """A finding in lines of plain text: what, the time line, what helps."""
    certainty = f" [{finding.certainty}]" if finding.certainty else ""
    lines = [f"{plain(finding.message)}{certainty}"]
    if finding.witness is not None:
        lines += in_lines(finding.witness)
    if finding.help:
        lines += [f"help: {plain(line)}" for line in finding.help.splitlines()]
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _properties(where: Mapping[str, str]) -> str:
    return ",".join(f"{key}={_property(value)}" for key, value in where.items())


def _property(text: str) -> str:
    return plain(_data(text)).replace(":", "%3A").replace(",", "%2C")
