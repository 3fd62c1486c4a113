"""Comments in a cadence file that ask to leave a finding out.

- id: nudge  # cadence-guard: ignore[CG301] agreed with the customer council
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from cadence_guard.cadence import Ignore, Where
from cadence_guard.errors import CadenceError
from cadence_guard.importers._source import Source

_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")
_HASH: Final = re.compile(r"(?:(?<=\s)|^)#")
_OURS: Final = re.compile(r"#\s*cadence-guard:\s*(.*)")
_IGNORE: Final = re.compile(r"ignore\s*\[([^\]]*)\]\s*(.*)")
_LIKE: Final = re.compile(
    r"cadence[-_. ]?guard\W{0,9}ignore\W|ignore\s{0,9}[\[(:]\s{0,9}CG\d", re.IGNORECASE
)
"""What somebody writes who means an ignore, and whom nobody would follow."""
LONGEST: Final = 200
"""Characters of a comment that are looked at, and shown, if it only looks like an ignore."""


def ignores(source: Source, places: Sequence[Where]) -> tuple[Ignore, ...]:
    """What the comments of a YAML file ask to leave out, in the order of the file.

    `places` are where cadences and steps stand, outer ones before inner ones. A comment is about
    the innermost place around it; one on a line of its own is about the line below, unless it is by
    its indent the last line of what ends there. Raises CadenceError, with the place, for a comment
    to cadence-guard that is not understood.
    """
    lines = _LINE_BREAK.split(source.text)
    hashes = {
        number: [match.start() for match in _HASH.finditer(line)]
        for number, line in enumerate(lines, 1)
        if "#" in line and ("cadence-guard:" in line or _LIKE.search(line))
    }
    if not hashes:
        return ()
    _drop_those_in_texts(source, lines, hashes)
    around, whole = _parts(source, places)
    lasts = {source.mark(where).line: source.mark(where).end_line for where in places}
    below, above = _below(lines), _above(lines)
    found: list[Ignore] = []
    for number, columns in hashes.items():
        if not columns:
            continue
        before, said = lines[number - 1][: columns[0]], lines[number - 1][columns[0] :]
        at = columns[0] + 1
        if (comment := _OURS.match(said)) is None:
            said = said.strip()[:LONGEST]
            if _LIKE.search(said):
                found.append(Ignore((), number, "", number, at, said))
            continue
        asked = _IGNORE.fullmatch(comment[1].strip())
        codes = [code.strip() for code in asked[1].split(",") if code.strip()] if asked else []
        if asked is None or not codes:
            raise CadenceError(
                f"{source.path}:{number}:{at}: {comment[0].strip()!r} is not understood; expected"
                " # cadence-guard: ignore[CG301] and a reason"
            )
        about = number if before.strip() else below[number - 1]
        if not before.strip() and _indent(lines[about - 1]) < len(before):
            # It is indented like what stands above; if that ends there, it is the last line of it.
            over = above[number - 1]
            about = over if lasts.get(around.get(over, 0), about) < about else about
        line = around.get(about, about)
        part = whole.get(line, frozenset())
        found.append(Ignore(tuple(codes), line, asked[2], number, at, lines=part))
    return tuple(found)


def _parts(
    source: Source, places: Sequence[Where]
) -> tuple[dict[int, int], dict[int, frozenset[int]]]:
    """For each line the first one of the innermost place around it, and for each of those all lines
    that are of it and of no place inside."""
    around: dict[int, int] = {}
    for where in places:
        mark = source.mark(where)
        for line in range(source.mark(where, key=True).line, mark.end_line + 1):
            around[line] = mark.line
    parts: dict[int, set[int]] = {}
    for line, first in around.items():
        parts.setdefault(first, set()).add(line)
    return around, {first: frozenset(part) for first, part in parts.items()}


def _below(lines: list[str]) -> list[int]:
    """For each line the number of the first from it on that holds more than a comment; of those at
    the end the last one's."""
    found: list[int] = []
    number = len(lines)
    for place in range(len(lines), 0, -1):
        if lines[place - 1].strip()[:1] not in ("", "#"):
            number = place
        found.append(number)
    return found[::-1]


def _above(lines: list[str]) -> list[int]:
    """For each line the number of the last one up to it that holds more than a comment, or 0."""
    found: list[int] = []
    number = 0
    for place, line in enumerate(lines, 1):
        if line.strip()[:1] not in ("", "#"):
            number = place
        found.append(number)
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _drop_those_in_texts(source: Source, lines: list[str], hashes: dict[int, list[int]]) -> None:
    """Leaves of the # (columns from 0, by line) those that begin a comment."""
    for path, value in inside(source.data):
        mark, key = source.mark(path), source.mark(path, key=True)
        for text in {mark, key} - ({mark} if isinstance(value, (dict, list)) else set()):
            begins, indent = text.column - 1, 0
            if lines[text.line - 1][begins : begins + 1] in ("|", ">"):
                # Its text begins on the next line, and all of it is indented.
                begins = len(lines[text.line - 1])
                body = [line for line in lines[text.line : text.end_line] if line.strip()]
                indent = len(body[0]) - len(body[0].lstrip()) if body else 0
            for line in hashes.keys() & range(text.line, text.end_line + 1):
                start = begins if line == text.line else indent
                end = text.end_column - 1 if line == text.end_line else len(lines[line - 1])
                hashes[line] = [at for at in hashes[line] if not start <= at < end]


def inside(data: Any) -> Iterator[tuple[Where, Any]]:
    """Every value of a file's data with its path, those around it first."""
    todo: list[tuple[Where, Any]] = [((), data)]
    while todo:
        path, value = todo.pop()
        yield path, value
        if isinstance(value, (dict, list)):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            todo += [((*path, key), inner) for key, inner in pairs][::-1]
