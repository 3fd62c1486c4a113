"""A check as Markdown, for the summary of a CI job."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cadence_guard.check.report import Fault, Finding, Report
from cadence_guard.reporters.check_text import summary
from cadence_guard.reporters.text import plain
from cadence_guard.reporters.witness import in_lines

_WORD: Final = {"block": "finding", "warn": "warning", "note": "note"}
MOST: Final = 200_000
"""Bytes of each part at most: GitHub drops a summary of more than a mebibyte."""
_SPECIAL: Final = re.compile(r"([\\`*_\[\]|~])")


def markdown(report: Report, place: Callable[[str], str], *, known: int = 0) -> Iterator[str]:
    """The lines of the summary: the numbers, what could not be checked, a table, a time line a
    finding, the assumptions."""
    yield "## cadence-guard"
    yield ""
    yield f"{_text(summary(report, known))}."
    yield ""
    if report.errors:
        yield "What could not be checked:"
        yield ""
        yield from _some([f"- {_text(_said(fault, place))}"] for fault in report.errors)
    if report.findings:
        yield "| | rule | where | cadence, step | |"
        yield "|---|---|---|---|---|"
        yield from _some([_row(finding, place)] for finding in report.findings)
    proved = [finding for finding in report.findings if finding.witness is not None]
    if proved:
        yield from _some(list(_details(finding)) for finding in proved)
    if report.assumes:
        yield "Assumed, since the files do not say otherwise:"
        yield ""
        yield from _some([f"- {_text(line)}"] for line in report.assumes)


def _some(blocks: Iterable[list[str]]) -> Iterator[str]:
    """The lines of the first blocks, an empty one, and how many more there are."""
    left, more = MOST, 0
    for block in blocks:
        left -= sum(len(line.encode("utf-8", "backslashreplace")) + 1 for line in block)
        if left < 0:
            more += 1
        else:
            yield from block
    yield ""
    if more:
        yield f"{more:,} more are not shown here."
        yield ""


def _said(fault: Fault, place: Callable[[str], str]) -> str:
    parts = [] if fault.path is None else [place(fault.path)]
    parts += [] if fault.line is None else [f"{fault.line}:{fault.column}"]
    return ": ".join([":".join(parts), fault.message] if parts else [fault.message])


def _row(finding: Finding, place: Callable[[str], str]) -> str:
    where = f"{_text(place(finding.path))}:{finding.line}"
    step = _text(", ".join(part for part in (finding.cadence, finding.step) if part))
    certainty = f" ({finding.certainty})" if finding.certainty else ""
    rule = f"{finding.code} {_text(finding.name)}"
    message = f"{_text(finding.message)}{certainty}"
    return f"| {_WORD[finding.effect]} | {rule} | {where} | {step} | {message} |"


def _details(finding: Finding) -> Iterator[str]:
    assert finding.witness is not None  # asked of such findings only
    lines = list(in_lines(finding.witness))
    if finding.help:
        lines.append(f"help: {plain(finding.help)}")
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    title = " ".join(
        part for part in (finding.code, finding.name, finding.cadence, finding.step) if part
    )
    yield f"<details><summary>{html.escape(plain(title))}</summary>"
    yield ""
    yield f"{fence}text"
    yield from lines
    yield fence
    yield ""
    yield "</details>"


def _text(text: str) -> str:
    """Free text that no renderer takes for markup."""
    return _SPECIAL.sub(r"\\\1", html.escape(plain(text), quote=False))
