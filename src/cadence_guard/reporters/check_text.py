"""A check as text for people: a frame and a time line for each finding, help, the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final
from unicodedata import combining, east_asian_width

from cadence_guard.check.report import Finding, Report, Witness
from cadence_guard.reporters.text import Style, plain
from cadence_guard.reporters.witness import in_lines

_COLOUR: Final = {"block": "deny", "warn": "defer", "note": "past"}
_WORD: Final = {"block": "", "warn": " (warning)", "note": " (note)"}
WIDEST: Final = 96
"""A line of a file is cut to this many characters around the place."""


def check_text(
    report: Report,
    sources: Mapping[str, Sequence[str]],
    style: Style,
    *,
    known: int = 0,
    stale: Sequence[str] = (),
) -> Iterator[str]:
    """The lines of a report.

    `sources` are the lines of the files by path, for the frames; `known` the findings that the
    baseline has, `stale` what it has and nobody found, in words.
    """
    for _, group in groupby(report.findings, key=lambda f: (f.path, f.line, f.column)):
        findings = list(group)
        yield from _place(findings, sources.get(findings[0].path, ()), style)
        yield ""
    yield from _closing(report, style, known, stale)


def _place(findings: Sequence[Finding], lines: Sequence[str], style: Style) -> Iterator[str]:
    """All that was found at one place: a line each, one frame, what proves it, what helps."""
    for finding in findings:
        yield _head(finding, style)
    yield from _frame(findings[0], lines, style)
    stories = dict.fromkeys(tuple(in_lines(proof, style.marks)) for proof in _proofs(findings))
    for line in (line for story in stories for line in story):
        yield f"  {style.paint(line, 'deny') if '<- refused' in line else line}"
    for text in dict.fromkeys(finding.help for finding in findings if finding.help):
        for number, line in enumerate(text.splitlines()):
            yield f"  {'help:' if number == 0 else '     '} {plain(line)}"
    codes = ", ".join(dict.fromkeys(finding.code for finding in findings))
    if "," in codes:
        yield f"  rules: {codes} (cadence-guard explain CODE)"
    else:
        yield f"  rule: cadence-guard explain {codes}"


def _proofs(findings: Sequence[Finding]) -> list[Witness]:
    """Time lines that prove all findings of a place, a few: one may be refused for several
    reasons. Of two findings of one code each needs its own."""
    alike = Counter(finding.code for finding in findings)
    left = [finding for finding in findings if finding.witness is not None]

    def proved(witness: Witness) -> list[Finding]:
        codes = witness.touches[-1].codes if witness.touches else ()
        return [
            finding
            for finding in left
            if finding.witness is witness or (finding.code in codes and alike[finding.code] == 1)
        ]

    chosen: list[Witness] = []
    while left:
        witnesses = [finding.witness for finding in left if finding.witness is not None]
        counts = [len(proved(witness)) for witness in witnesses]
        best = witnesses[counts.index(max(counts))]
        done = proved(best)
        left = [finding for finding in left if finding not in done]
        chosen.append(best)
    return chosen


def _head(finding: Finding, style: Style) -> str:
    place = f"{plain(finding.path)}:{finding.line}:{finding.column}:"
    code = style.paint(finding.code, _COLOUR[finding.effect])
    when = f" [{finding.certainty}]" if finding.certainty else ""
    return (
        f"{style.paint(place, 'strong')} {code} {finding.name}{_WORD[finding.effect]}:"
        f" {plain(finding.message)}{when}"
    )


def _frame(finding: Finding, lines: Sequence[str], style: Style) -> Iterator[str]:
    """The line of the file with carets under the place; the first line of a longer one."""
    if not 1 <= finding.line <= len(lines):
        return
    line = lines[finding.line - 1]
    first = min(max(finding.column, 1), len(line) + 1) - 1
    end = finding.end_column - 1 if finding.end_line == finding.line else len(line.rstrip())
    end = max(min(end, len(line)), first + 1)
    cut = max(0, min(first - WIDEST // 3, len(line) - WIDEST))
    shown = plain(line[cut : cut + WIDEST].replace("\t", " "))
    # `plain` may widen what stands there, and wide letters do; the carets follow it
    before = _columns(line[cut:first])
    carets = max(1, _columns(line[first : min(end, cut + WIDEST)]))
    number = str(finding.line)
    margin = " " * len(number)
    yield f"  {margin} |"
    yield f"  {number} | {shown}".rstrip()
    yield f"  {margin} | {' ' * before}{style.paint('^' * carets, _COLOUR[finding.effect])}"


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes: a letter of East Asia takes two, an accent that
    stands over the letter before it none."""
    shown = plain(text.replace("\t", " "))
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in shown)


def _closing(report: Report, style: Style, known: int, stale: Sequence[str]) -> Iterator[str]:
    if stale:
        yield "In the baseline, but no longer found (--update-baseline takes them out):"
        yield from (f"  {plain(entry)}" for entry in stale)
        yield ""
    if report.assumes:
        yield "Assumed, since the files do not say otherwise:"
        yield from (f"  - {plain(line)}" for line in report.assumes)
        yield ""
    yield style.paint(summary(report, known), "strong")


def summary(report: Report, known: int = 0) -> str:
    """`2 findings, 1 warning in 3 files (4 cadences, 31 steps); 1 more in the baseline`. It begins
    with what could not be checked, if there is something."""
    errors = _count(len(report.errors), "error")
    if report.errors and not report.files:
        return f"Nothing was checked: {errors}"
    effects = Counter(finding.effect for finding in report.findings)
    words = [
        _count(effects[effect], word)
        for effect, word in (("block", "finding"), ("warn", "warning"), ("note", "note"))
        if effects[effect]
    ]
    cadences = sum(file.cadences for file in report.files)
    steps = sum(file.steps for file in report.files)
    text = (
        f"{', '.join(words) or 'nothing found'} in {_count(len(report.files), 'file')}"
        f" ({_count(cadences, 'cadence')}, {_count(steps, 'step')})"
    )
    text += f"; {known} more in the baseline" if known else ""
    if report.errors:
        return f"Not all was checked: {errors}; {text}"
    return text[0].upper() + text[1:]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
