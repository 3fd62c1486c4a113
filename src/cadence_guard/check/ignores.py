"""Findings that a comment of the file asks to leave out, and comments that may not, or do nothing.

    - id: nudge  # cadence-guard: ignore[CG301] agreed with the customer council, 2026-03

A comment leaves out the findings of its codes about its line, or about the step around it. It needs
a reason. What a person said no to cannot be left out: CG101 and CG104.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from cadence_guard.cadence import Ignore
from cadence_guard.check.report import Finding

NEVER_IGNORED: Final = ("CG101", "CG104")
CODE: Final = "CG810"
NAME: Final = "bad-ignore"
_PAGE: Final = """\
Objects to a comment that asks to ignore a finding and gives no reason, asks for what cannot be
ignored, has nothing to ignore, or is written so that it is not followed.

    - id: nudge  # cadence-guard: ignore[CG301] agreed with the customer council, 2026-03

A comment leaves out the findings of its codes about its line, or about the step around it. Without
a reason nobody can say later whether it still holds, so it is not followed. CG101 and CG104 are a
person's no, and no comment outweighs that. A comment without a finding would hide the next one.
A comment begins with `cadence-guard:` as written here, has one list, and names codes: one that only
looks like it (`# Cadence-Guard: Ignore[CG301]`, `ignore[CG301], [CG302]`, `ignore[over-cap]`) would
be taken for one that holds.
"""
_EXPECTED: Final = "write # cadence-guard: ignore[CG301] and a reason"
_SECOND: Final = re.compile(r"\[[^\[\]]{0,99}\bCG\d{3}\b[^\[\]]{0,99}\]?", re.IGNORECASE)
"""A further list of codes, behind the one that is read."""


def without_ignored(
    findings: Sequence[Finding], ignores: Iterable[Ignore], path: str
) -> tuple[Finding, ...]:
    """A file's findings that no comment leaves out, and a finding for each comment at fault."""
    meant = {word.casefold(): f.code for f in findings for word in (f.code, f.name)}
    asked: dict[str, list[tuple[int, Ignore]]] = {}
    """The comments that are followed, each with its number among all that is asked, by code."""
    told: list[Finding | None] = []
    """The fault of each comment, or of each of its codes that is followed: none so far."""
    for ignore in ignores:
        if (wrong := _not_followed(ignore)) is not None:
            told.append(_fault(path, ignore, *wrong))
            continue
        for code in dict.fromkeys(ignore.codes):
            right = meant.get(code.casefold(), code)
            if right in NEVER_IGNORED:
                problem = f"{code} cannot be ignored: it is a person's no"
                repair = "take the touch out, or the people who said no"
            elif right != code:
                problem = (
                    f"ignore[{code}] is not followed: a comment names codes, as they are written"
                )
                repair = f"write ignore[{right}]"
            else:
                asked.setdefault(code, []).append((len(told), ignore))
                problem = f"ignore[{code}] leaves nothing out: there is no such finding here"
                repair = f"take {code} out of the comment"
            told.append(_fault(path, ignore, problem, repair))
    followed = {code: _Asked(comments) for code, comments in asked.items()}
    left = []
    for finding in findings:
        comments, end = followed.get(finding.code), max(finding.line, finding.end_line)
        if comments is None or (first := comments.first(finding.line, end)) is None:
            left.append(finding)
        else:
            told[first] = None
    return (*left, *filter(None, told))


class _Asked:
    """Comments with their numbers: which is the first that is about a finding? (See `_about`.)"""

    def __init__(self, comments: Sequence[tuple[int, Ignore]]) -> None:
        self._at: dict[int, int] = {}
        """The first comment about the step, or cadence, that a line belongs to."""
        parts: set[frozenset[int]] = set()
        for number, ignore in comments:
            if ignore.lines not in parts:
                parts.add(ignore.lines)
                for line in ignore.lines:
                    self._at.setdefault(line, number)
        pairs = sorted((ignore.line, number) for number, ignore in comments)
        self._lines = [line for line, _ in pairs]
        self._least = [[number for _, number in pairs]]
        """The least numbers of 1, 2, 4 and so on from each place."""
        width = 1
        while 2 * width <= len(pairs):
            row = self._least[-1]
            self._least.append([*map(min, row, row[width:])])
            width *= 2

    def first(self, line: int, end_line: int) -> int | None:
        """The least number of those that are about a finding from `line` to `end_line`."""
        start, end = bisect_left(self._lines, line), bisect_right(self._lines, end_line)
        found = self._at.get(line)
        if start == end:
            return found
        row = self._least[power := (end - start).bit_length() - 1]
        least = min(row[start], row[end - (1 << power)])
        return least if found is None else min(found, least)


def is_ignored(ignores: Iterable[Ignore], code: str, line: int, end_line: int) -> bool:
    """Whether one of the comments leaves out a finding of this code on these lines."""
    return code not in NEVER_IGNORED and any(
        code in ignore.codes and _not_followed(ignore) is None and _about(line, end_line, ignore)
        for ignore in ignores
    )


def pages() -> dict[str, tuple[str, str]]:
    """The page of a comment at fault: (name, text) by code."""
    return {CODE: (NAME, _PAGE)}


def _not_followed(ignore: Ignore) -> tuple[str, str] | None:
    """Why a comment is not followed, and what repairs that; None if it is."""
    if ignore.misspelt is not None:
        return f"{ignore.misspelt!r} looks like an ignore and is not followed", _EXPECTED
    said = f"ignore[{', '.join(ignore.codes)}]"
    if second := _SECOND.search(ignore.reason):
        return (
            f"{said} is followed by a second list, {second[0]}, so neither is followed",
            "write one list: ignore[CG301, CG302] and a reason",
        )
    if not any(map(str.isalnum, ignore.reason)):
        return (
            f"{said} gives no reason, so it is not followed",
            "write after the bracket why this may be: ignore[CG301] agreed with ...",
        )
    return None


def _about(line: int, end_line: int, ignore: Ignore) -> bool:
    """Whether a finding on these lines is about that of a comment, what stands around it, or a
    key of the same step or cadence."""
    return line <= ignore.line <= max(line, end_line) or line in ignore.lines


def _fault(path: str, ignore: Ignore, message: str, repair: str) -> Finding:
    return Finding(
        CODE,
        NAME,
        "block",
        message,
        path,
        ignore.comment_line,
        ignore.comment_column,
        ignore.comment_line,
        ignore.comment_column,
        help=repair,
    )
