"""The places of all keys and values of a JSON text, found in one go through it."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, TypeAlias

from cadence_guard._yaml12 import Mark

_TOKEN: Final = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*")[ \t\r\n]*:
    |(?P<close>[}\]])
    |(?P<value>"(?:[^"\\]|\\.)*"|[{\[]|[^\s{}\[\]:,"]+)""",
    re.VERBOSE,
)
_Key: TypeAlias = str | int
_Span: TypeAlias = tuple[int, int]


class _Value:
    """The span of a value (of a list or mapping its bracket), and what is in it by key or index."""

    __slots__ = ("inner", "keys", "span")

    def __init__(self, span: _Span) -> None:
        self.span = span
        self.inner: dict[_Key, _Value | _Span] = {}
        self.keys: dict[_Key, _Span] = {}


class JsonPlaces:
    """The places of a JSON text that is known to be right."""

    def __init__(self, text: str) -> None:
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        top = _Value((0, 0))
        around: list[_Value] = []
        inside, key = top, None
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup
            if kind == "key":
                said = match["key"]
                key = json.loads(said) if "\\" in said else said[1:-1]
                inside.keys[key] = match.span("key")
            elif kind == "close":
                inside, key = around.pop(), None
            else:
                place: _Key = len(inside.inner) if key is None else key
                key = None
                if match["value"] in "{[":
                    around.append(inside)
                    inside.inner[place] = inside = _Value(match.span())
                else:
                    inside.inner[place] = match.span()
        self._top = top.inner[0]

    def locate(self, path: Sequence[_Key], *, key: bool = False) -> Mark:
        """The place of the value at the longest known part of a path; with `key`, that of its key
        if it has one."""
        value, named = self._top, None
        for step in path:
            if not isinstance(value, _Value) or step not in value.inner:
                break
            named = value.keys.get(step)
            value = value.inner[step]
        span = value.span if isinstance(value, _Value) else value
        return self._mark(named if key and named else span)

    def _mark(self, span: _Span) -> Mark:
        start, end = span
        line = bisect_right(self._lines, start)
        column = start - self._lines[line - 1] + 1
        return Mark(line, column, line, column + end - start)
