"""A witness as a picture: channels as rows, open windows shaded, touches as numbered dots, the
refused one marked, the window that overflows bracketed.

One file without script, font or link; the same witness gives the same bytes.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from textwrap import wrap
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from cadence_guard.check.report import Finding, Witness
from cadence_guard.check.run import Windows
from cadence_guard.reporters.text import plain, wall
from cadence_guard.reporters.witness import Row, begins, length, rows
from cadence_guard.words import CHANNELS

DRAWN: Final = 40
"""A picture holds this many touches and signals, the last ones."""
WIDTH: Final = 960
_LEFT, _RIGHT, _DOT, _LANE, _LINE = 110, 24, 10, 26, 20
_WRAP: Final = 100
_LONGEST: Final = 130
"""Characters of a heading's line, and of any other."""
_LABEL: Final = 66
"""Room of a label under the axis, in pixels."""
_FILL: Final = {"allow": "#2e7d32", "defer": "#b26a00", "deny": "#c62828", "signal": "#37474f"}
_SAID: Final = {
    "allow": "allowed",
    "defer": "deferred",
    "deny": "refused",
    "signal": "from the contact",
}
_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#212121}"
    ".title{font-size:17px;font-weight:600}.small{font-size:11px;fill:#616161}"
    ".dot{fill:#fff;font-size:11px;font-weight:600;text-anchor:middle}"
    ".bad{fill:#c62828;font-weight:600}.open{fill:#e8f5e9}.shut{fill:#eceff1}"
    ".grid{stroke:#cfd8dc}.bracket{stroke:#c62828;stroke-width:2;fill:none}"
)


class _Scale(NamedTuple):
    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        share = max(at - self.start, timedelta(0)) / (self.end - self.start)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def svg(finding: Finding, windows: Windows = lambda *_: ()) -> str:
    """The picture of a finding that has a witness. `windows` says when channels are open."""
    witness = finding.witness
    assert witness is not None  # asked of such findings only
    every = rows(witness)
    drawn = every[-DRAWN:]
    scale = _scale(drawn, witness)
    heading = wrap(plain(f"{finding.code} {finding.name}: {finding.message}"), _WRAP)
    y = 30.0
    out: list[str] = []
    for line in heading:
        out.append(_text(16, y, line, "title"))
        y += 22
    for line in (f"{finding.path}:{finding.line}", _who(witness, len(every) - len(drawn))):
        out.append(_text(16, y, line, "small"))
        y += 18
    y += 4
    window = [row for row in drawn if row.window]
    if len(window) > 1:
        out.append(_bracket(scale, window, y))
        y += 30
    top = y
    lanes: list[str] = []
    for channel in _channels(drawn):
        numbered = [(n, row) for n, row in enumerate(drawn, 1) if row.channel == channel]
        placed = _lanes(numbered, scale)
        height = _LANE * (1 + max(lane for _, _, lane in placed)) + 8
        shade, dots = _row(channel, placed, scale, y, height, witness.zone, windows)
        out += shade
        lanes += dots
        y += height + 6
    out += _grid(scale, witness.zone, top, y)
    out += lanes
    y += 34
    if any('class="open"' in line for line in out):
        out.append(_text(16, y, "Green: the hours in which a channel is open.", "small"))
        y += _LINE
    for number, row in enumerate(drawn, 1):
        out.append(_text(16, y, _listed(number, row, witness.zone), "bad" if row.refused else ""))
        y += _LINE
    return _page(finding, out, round(y + 4))


def _page(finding: Finding, inner: Iterable[str], height: int) -> str:
    title = html.escape(plain(f"{finding.code} {finding.name}: {finding.message}"))
    lines = "\n".join(inner)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}" role="img">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n{lines}\n</svg>\n'
    )


def _scale(drawn: Sequence[Row], witness: Witness) -> _Scale:
    """From the first touch to the last; what the contact said long before stands at the edge."""
    start = min((row.at for row in drawn if row.mark != "signal"), default=drawn[0].at)
    end = drawn[-1].at
    if witness.since is not None:
        start = min(start, witness.since)
    room = max((end - start) / 20, timedelta(minutes=15))
    return _Scale(start - room, end + room)


def _who(witness: Witness, more: int) -> str:
    starts = ", ".join(f"{name} {wall(at, witness.zone)}" for name, at in witness.starts.items())
    text = f"a contact in {witness.zone} who {begins(witness, starts)}"
    return f"{text}; {more} earlier ones are not drawn" if more else text


def _channels(drawn: Iterable[Row]) -> list[str]:
    """The rows of the picture; the last is for what came by no channel."""
    used = {row.channel for row in drawn}
    return [channel for channel in (*CHANNELS, "") if channel in used]


def _lanes(numbered: Iterable[tuple[int, Row]], scale: _Scale) -> list[tuple[int, Row, int]]:
    """Each dot in the first lane where it covers no other."""
    ends: list[float] = []
    placed = []
    for number, row in numbered:
        x = scale.x(row.at)
        lane = next((n for n, end in enumerate(ends) if end <= x), len(ends))
        ends[lane : lane + 1] = [x + 2 * _DOT + 2]
        placed.append((number, row, lane))
    return placed


def _row(
    channel: str,
    placed: Sequence[tuple[int, Row, int]],
    scale: _Scale,
    y: float,
    height: float,
    zone: str,
    windows: Windows,
) -> tuple[list[str], list[str]]:
    """The background of a row and its dots."""
    shade = [_box("shut", _LEFT, WIDTH - _RIGHT, y, height)]
    for opens, shuts in windows(channel, zone, scale.start, scale.end) if channel else ():
        shade.append(_box("open", scale.x(opens), scale.x(shuts), y, height))
    shade.append(_text(16, y + 21, channel or "contact"))
    dots = []
    for number, row, lane in placed:
        x, middle = scale.x(row.at), y + 4 + _LANE * lane + _LANE / 2
        fill = _FILL["deny"] if row.refused else _FILL[row.mark]
        if row.refused:
            dots.append(f'<circle class="bracket" cx="{x:g}" cy="{middle:g}" r="{_DOT + 4}"/>')
        dots.append(f'<circle cx="{x:g}" cy="{middle:g}" r="{_DOT}" fill="{fill}"/>')
        dots.append(_text(x, middle + 4, str(number), "dot"))
    return shade, dots


def _box(kind: str, left: float, right: float, y: float, height: float) -> str:
    width = round(right - left, 1)
    return f'<rect class="{kind}" x="{left:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'


def _bracket(scale: _Scale, window: Sequence[Row], y: float) -> str:
    left, right = scale.x(window[0].at), scale.x(window[-1].at)
    label = f"the window that overflows: {length((window[-1].at - window[0].at).total_seconds())}"
    half = 4 * len(label)
    anchor = min(max((left + right) / 2, _LEFT + half), WIDTH - _RIGHT - half)
    return (
        f'<path class="bracket" d="M{left:g} {y + 22:g}v-8H{right:g}v8"/>'
        f'<text class="bad" x="{anchor:g}" y="{y + 6:g}" text-anchor="middle">{label}</text>'
    )


def _grid(scale: _Scale, zone: str, top: float, bottom: float) -> Iterator[str]:
    """Lines at the borders of hours, days or weeks of the contact's wall, labelled where there is
    room."""
    label_ends = float("-inf")
    for at, label in _ticks(scale, zone):
        x = scale.x(at)
        yield f'<path class="grid" d="M{x:g} {top:g}V{bottom:g}"/>'
        if label_ends <= x <= WIDTH - _LABEL:
            yield _text(x, bottom + 14, label, "small")
            label_ends = x + _LABEL


def _ticks(scale: _Scale, zone: str) -> Iterator[tuple[datetime, str]]:
    info = ZoneInfo(zone)
    first, last = scale.start.astimezone(info).date(), scale.end.astimezone(info).date()
    days = (last - first).days
    step = 1 if days <= 24 else 7 if days <= 180 else 28
    if step == 7:
        first -= timedelta(first.weekday())
    hours = range(0, 24, 3 if days <= 1 else 6) if days <= 3 else range(1)
    found = []
    day = first
    while day <= last:
        found += [_tick(day, hour, info) for hour in hours]
        day += timedelta(step)
    for (before, _), (at, label) in pairwise([(scale.start, ""), *found]):
        if before <= at and scale.start <= at <= scale.end:
            yield at, label


def _tick(day: date, hour: int, info: ZoneInfo) -> tuple[datetime, str]:
    at = datetime.combine(day, time(hour), info).astimezone(UTC)
    return at, f"{hour:02d}:00" if hour else f"{day:%a} {day.day} {day:%b}"


def _listed(number: int, row: Row, zone: str) -> str:
    mark = "refused" if row.refused else _SAID[row.mark]
    codes = f" ({', '.join(row.codes)})" if row.codes else ""
    parts = [f"{number}.", wall(row.at, zone), row.channel, row.what, f"- {mark}{codes}"]
    return " ".join(part for part in parts if part)


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    said = plain(text)
    if len(said) > _LONGEST:
        said = f"{said[: _LONGEST - 1]}…"
    return f'<text{style} x="{x:g}" y="{y:g}">{html.escape(said)}</text>'
