"""A contact's touches as a picture: channels as rows, days as columns, a mark a touch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final, NamedTuple

from cadence_guard.words import CHANNELS

WIDTH: Final = 80
_LABEL: Final = 11
"""The longest channel, and two blanks."""
_A_DAY: Final = 16
"""More marks of one day than this go into another column of the same day."""

MARKS: Final = {"allow": "●", "defer": "○", "deny": "×", "past": "·"}
ASCII_MARKS: Final = {"allow": "o", "defer": "~", "deny": "x", "past": "."}
MEANING: Final = {"allow": "allowed", "defer": "deferred", "deny": "refused", "past": "not judged"}


class Mark(NamedTuple):
    """A touch in the picture: its local day, its channel, and its verdict (or `past`)."""

    day: date
    channel: str
    verdict: str


class _Column(NamedTuple):
    head: str
    marks: list[Mark]
    width: int


Paint = Callable[[str, str], str]
"""Colours a mark by its verdict."""


def timeline(
    marks: Iterable[Mark], symbols: dict[str, str] = MARKS, paint: Paint = lambda mark, _: mark
) -> Iterator[str]:
    """The lines of the picture, at most `WIDTH` wide; touches in the order in which they come.

    Days without a touch take no room. Wraps into further blocks when it gets too wide.
    """
    block: list[_Column] = []
    used = _LABEL
    for column in _columns(marks):
        if used + column.width > WIDTH:
            yield from _draw(block, symbols, paint)
            block, used = [], _LABEL
        block.append(column)
        used += column.width
    yield from _draw(block, symbols, paint)


def legend(verdicts: Iterable[str], symbols: dict[str, str] = MARKS) -> str:
    """What the marks mean, as far as they were used."""
    used = set(verdicts)
    return "  ".join(f"{symbols[key]} {MEANING[key]}" for key in symbols if key in used)


def _columns(marks: Iterable[Mark]) -> Iterator[_Column]:
    shown: date | None = None
    for day, group in groupby(marks, key=lambda mark: mark.day):
        of_day = list(group)
        for start in range(0, len(of_day), _A_DAY):
            part = of_day[start : start + _A_DAY]
            head = _head(day, shown) if start == 0 else ""
            yield _Column(head, part, max(len(head) + 1, 2 * len(part) + 1))
        shown = day


def _head(day: date, shown: date | None) -> str:
    """The day; the month where it changes, the year where that does."""
    if shown is None or shown.year != day.year:
        return f"{day.day} {day:%b} {day.year}"
    return f"{day.day} {day:%b}" if shown.month != day.month else str(day.day)


def _draw(block: Sequence[_Column], symbols: dict[str, str], paint: Paint) -> Iterator[str]:
    yield (" " * _LABEL + "".join(column.head.ljust(column.width) for column in block)).rstrip()
    used = {mark.channel for column in block for mark in column.marks}
    for channel in CHANNELS:
        if channel in used:
            row = [_cell(column, channel, symbols, paint) for column in block]
            yield (channel.ljust(_LABEL) + "".join(row)).rstrip()


def _cell(column: _Column, channel: str, symbols: dict[str, str], paint: Paint) -> str:
    drawn = [
        paint(symbols[mark.verdict], mark.verdict) + " " if mark.channel == channel else "  "
        for mark in column.marks
    ]
    return "".join(drawn) + " " * (column.width - 2 * len(column.marks))
