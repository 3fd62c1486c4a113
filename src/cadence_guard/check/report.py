"""What a check found: findings with their places and time lines. Data only; reporters print it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cadence_guard._struct import struct


@struct
class WitnessTouch:
    """A touch of a time line, and what the guard said of it. `turn` is that of a loop, from the
    second on; `person` is who of an account got it, from the second on."""

    cadence: str
    step: str
    at: datetime
    channel: str
    verdict: str
    codes: tuple[str, ...]
    turn: str | None = None
    person: int | None = None


@struct
class WitnessSignal:
    """A signal of a time line: what came back from the contact. Of kind `handoff` it is none: then
    the contact was handed over, `to` a team."""

    kind: str
    at: datetime
    channel: str | None = None
    to: str | None = None
    after: int = 0
    """How many of the touches came before it, which at one instant only this tells."""


@struct
class WitnessStep:
    """A step of a time line of which nobody knows when it was."""

    cadence: str
    step: str
    channel: str
    turn: str | None = None


@struct
class Witness:
    """A time line that the guard itself refuses.

    `starts` is when each cadence began, `offset` the least and greatest distance of two starts, in
    seconds, for which the same holds. The touch refused is the last one.
    """

    starts: Mapping[str, datetime]
    zone: str
    touches: tuple[WitnessTouch, ...]
    signals: tuple[WitnessSignal, ...] = ()
    offset: tuple[float, float] | None = None
    since: datetime | None = None
    """Where the window begins that overflows at the refused touch, if a rule counts in one."""
    before: tuple[WitnessStep, ...] | None = None
    """If the time line begins behind a wait of unknown length, the last touches before that; the
    one start is then when it has ended."""


@struct
class Finding:
    """One finding: what, where, for which starts, and the proof.

    `line` and `column` count from 1. `certainty` is `always`, `sometimes`, or None for what is
    about the file's shape. `help` says what would repair it. `effect` is `block`, `warn` or
    `note`; notes never fail a run. `step` is what the file calls it, `turn` which turn of a loop
    its touch belongs to, from the second on.
    """

    code: str
    name: str
    effect: str
    message: str
    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
    cadence: str | None = None
    step: str | None = None
    certainty: str | None = None
    witness: Witness | None = None
    help: str | None = None
    turn: str | None = None


@struct
class FileRead:
    """A file that was checked: its format, and how many cadences and steps it has."""

    path: str
    format: str
    cadences: int
    steps: int


@struct
class Fault:
    """Why something was not checked: what is wrong, in which file, if in one, and where, if that is
    known."""

    message: str
    path: str | None = None
    line: int | None = None
    column: int | None = None


@struct
class Report:
    """All of a check. `assumes` says what the files do not, in words, in a steady order; `errors`
    what kept the check from being whole: where there is one, no findings do not mean clean."""

    files: tuple[FileRead, ...] = ()
    findings: tuple[Finding, ...] = ()
    assumes: tuple[str, ...] = ()
    errors: tuple[Fault, ...] = ()
