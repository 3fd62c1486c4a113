"""Decisions as text for people: a line a touch, its reasons below, a picture and the numbers."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from cadence_guard.book import Book
from cadence_guard.decision import Decision, Finding, Verdict
from cadence_guard.history import View
from cadence_guard.instants import Zone, to_datetime, to_us
from cadence_guard.naming import point_of
from cadence_guard.points import kind_by_look, mask, mask_in, normalise
from cadence_guard.reporters.tally import Tally
from cadence_guard.reporters.timeline import ASCII_MARKS, MARKS, Mark, legend, timeline
from cadence_guard.touch import Touch

PICTURED: Final = 10
"""The time lines of this many contacts are drawn, those met first."""
DRAWN: Final = 60
"""A time line holds this many touches, the last ones."""

_Judged: TypeAlias = tuple[int, str, str | None, str]
"""A touch in a time line: its instant, channel, id and verdict."""
_STRANGE: Final = re.compile("[^\n -~]")
_COMMAND: Final = re.compile(r"##(?=\w{0,20}\[)")
"""How a command to GitHub, Azure or TeamCity begins, which some of them obey in mid-line."""
_CODES: Final = {"allow": "32", "defer": "33", "deny": "31", "past": "2", "strong": "1"}


class Style(NamedTuple):
    """How text may look: in colour, with which marks, with points in full or masked."""

    colour: bool = False
    marks: dict[str, str] = MARKS
    show_points: bool = False

    def paint(self, text: str, kind: str) -> str:
        """The text in the colour of a verdict, if colours are wanted."""
        return f"\x1b[{_CODES[kind]}m{text}\x1b[0m" if self.colour else text


def marks_for(encoding: str | None) -> dict[str, str]:
    """The marks that a stream of this encoding can carry."""
    try:
        "".join(MARKS.values()).encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return ASCII_MARKS
    return MARKS


class TextReport:
    """Writes decisions as they come (`judged`), and the pictures and numbers at the end (`close`).

    `book` is the one the touches are judged by: it knows where a contact lives.
    """

    def __init__(self, write: Callable[[str], object], book: Book, style: Style) -> None:
        self._write = write
        self._book = book
        self._style = style
        self._trails: dict[str, deque[_Judged]] = {}
        self._others = False
        self.tally = Tally()

    def judged(self, touch: Touch, decision: Decision) -> None:
        """Writes one touch and why."""
        self.tally.add(decision)
        self._follow(touch, decision)
        view = self._view(touch.contact)
        where = zone_of(view.zones(point_of(touch)) if view else ())
        for line in self._lines(touch, decision, where):
            self._write(line + "\n")

    def close(self) -> None:
        """Writes the time lines and the numbers."""
        for contact, trail in self._trails.items():
            self._picture(contact, trail)
        if self._others:
            self._write(f"(the time lines of the first {PICTURED} contacts)\n\n")
        self._write(f"{self.tally}\n")

    # -- a touch --------------------------------------------------------------------------------

    def _lines(self, touch: Touch, decision: Decision, where: str) -> Iterator[str]:
        verdict = decision.verdict.value
        parts = [
            self._style.paint(self._id(touch), "strong"),
            self._name(touch.contact),
            wall(decision.at, where),
            self._style.paint(f"{verdict:<5}", verdict),
            touch.channel,
            self._point(touch),
            plain("/".join(part for part in (touch.cadence, touch.step) if part)),
        ]
        yield "  ".join(part for part in parts if part)
        if decision.until is not None:
            yield f"      free from {wall(decision.until, where)}, {ahead(decision)}"
        elif decision.verdict is Verdict.DENY and all(
            finding.until for finding in decision.findings if finding.effect == "block"
        ):
            yield f"      no common free time within {decision.horizon}"
        for finding in decision.findings:
            yield f"      {self._reason(finding, where)}"
        if decision.needs:
            yield f"      could change the answer: {', '.join(decision.needs)}"

    def _reason(self, finding: Finding, where: str) -> str:
        text = f"{finding.code} {finding.name}: {plain(finding.message)}"
        if finding.when is not None:
            text += f" (met at {wall(finding.when, where)})"
        if finding.until is not None:
            text += f" (until {wall(finding.until, where)})"
        return self._style.paint(f"{text} (warning)", "past") if finding.effect == "warn" else text

    def _point(self, touch: Touch) -> str:
        if touch.to is None:
            return ""
        return plain(touch.to if self._style.show_points else mask(point_of(touch) or ""))

    def _id(self, touch: Touch) -> str:
        """The touch's id, without the address or number that may be a part of it."""
        id_ = touch.id or "-"
        return plain(id_ if self._style.show_points else mask_in(id_))

    def _name(self, contact: str) -> str:
        """The contact's id, masked where it is an address or a number itself."""
        point = normalise(contact)
        hidden = kind_by_look(point) and not self._style.show_points
        return plain(mask(point) if hidden else contact)

    # -- the picture ----------------------------------------------------------------------------

    def _follow(self, touch: Touch, decision: Decision) -> None:
        trail = self._trails.get(touch.contact)
        if trail is None:
            if len(self._trails) == PICTURED:
                self._others = True
                return
            trail = self._trails[touch.contact] = deque(maxlen=DRAWN)
        trail.append((to_us(decision.at), touch.channel, touch.id, decision.verdict.value))

    def _picture(self, contact: str, trail: Sequence[_Judged]) -> None:
        view = self._view(contact)
        where = zone_of(view.zones(None) if view else ())
        there = ZoneInfo(where)
        seen = {entry[:3] for entry in trail}
        past = [
            (touch.at, touch.form.channel, touch.id, "past")
            for touch in (self._book.people[contact].line.touches if view else ())
        ]
        entries = [*trail, *(entry for entry in past if entry[:3] not in seen)]
        drawn = sorted(entries, key=lambda entry: entry[0])[-DRAWN:]
        marks = [
            Mark(to_datetime(at).astimezone(there).date(), channel, verdict)
            for at, channel, _, verdict in drawn
        ]
        style = self._style
        title = f"{self._name(contact)}, days in {where}"
        self._write(f"\n{style.paint(title, 'strong')}\n")
        for line in timeline(marks, style.marks, style.paint):
            self._write(line + "\n")
        self._write(f"{legend((mark.verdict for mark in marks), style.marks)}\n\n")

    def _view(self, contact: str) -> View | None:
        """What is known of a contact; None for somebody who has been forgotten."""
        me = self._book.people.get(contact)
        return me.view if me else None


def zone_of(zones: Sequence[Zone]) -> str:
    """The name of the one zone a contact can be in, else UTC."""
    return zones[0].name if len(zones) == 1 else "UTC"


def wall(moment: datetime, where: str) -> str:
    """An instant on the contact's wall: `Mon 2026-03-02 10:01 CST`; no part of it is cut off."""
    local = moment.astimezone(ZoneInfo(where))
    time = "%H:%M"
    if local.microsecond:
        time = "%H:%M:%S.%f"
    elif local.second:
        time = "%H:%M:%S"
    return local.strftime(f"%a %Y-%m-%d {time} %Z")


def ahead(decision: Decision) -> str:
    """How long a deferred touch has to wait, in words: `in 3 weeks`."""
    assert decision.until is not None  # asked of a defer only
    import pendulum

    until, at = pendulum.instance(decision.until), pendulum.instance(decision.at)
    return f"in {until.diff_for_humans(at, absolute=True)}"


def plain(text: str) -> str:
    """Free text without what could steer a terminal or a build server, or break a line."""
    text = _COMMAND.sub(r"#\\x23", text)
    if text.lstrip().startswith("::"):  # a command to GitHub, where it begins a line
        text = text.replace(":", "\\x3a", 1)
    if text.isprintable():
        return text
    return "".join(char if _harmless(char) else _escape(ord(char)) for char in text)


def plain_json(text: str) -> str:
    """JSON with escapes, which mean the same, for what in its texts could steer a terminal or a
    build server."""
    text = _COMMAND.sub(r"#\\u0023", text)
    if text.isprintable():
        return text
    return _STRANGE.sub(_in_json, text)


def _in_json(found: re.Match[str]) -> str:
    return found[0] if _harmless(found[0]) else json.dumps(found[0])[1:-1]


def _harmless(char: str) -> bool:
    """Whether a character does no more than stand there: also a blank of another width, as it is
    written in Japanese names."""
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
