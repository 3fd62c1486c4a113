"""What a proof says: the objections of entries to steps, and how far that is all."""

from __future__ import annotations

from typing import Final

from cadence_guard._struct import struct
from cadence_guard.cadence import Cadence, Step
from cadence_guard.check.paths import Path
from cadence_guard.instants import Zone
from cadence_guard.rules import Rule

ALWAYS: Final = "always"
SOMETIMES: Final = "sometimes"
RANGES: Final = (
    "how its ranges fall beside one another, or beside times counted from the entry, was not"
    " followed: they are too many, or hang on the clock as well"
)
"""Why a proof may not be complete (CG903)."""
TOO_MUCH: Final = "more starts, ways and ranges together than are followed"
"""The same."""

FAR: Final = (
    "some of its touches come after 2199, or never: behind waits too long, or for what no clock"
    " shows; they were not judged"
)
"""The same: no instant is known there."""


@struct
class Objected:
    """One entry's objection to the touches of one step.

    `start` is an earliest entry for which it objects (behind a range: an entry), in `zone`, on
    `path`, to the stop `index`; `times` is when the stops of the path are then, up to that one and
    those that follow it (NEVER: not at all).
    """

    step: Step
    entry: Rule
    code: str
    name: str
    effect: str
    certainty: str
    start: int
    zone: Zone
    path: Path
    message: str
    cadence: Cadence
    index: int
    times: tuple[int, ...]


@struct
class Proof:
    """What was proved: objections in the order of the steps, why it is not complete (CG903), and
    what was assumed, in words."""

    objections: tuple[Objected, ...]
    incomplete: tuple[str, ...]
    assumes: tuple[str, ...]
    unsure: frozenset[tuple[str, str]] = frozenset()
    """The steps, each with its cadence, of which *sometimes* may be said though it is always so."""
    work: int = 0
    """How much was judged: touches, each counted with what was before it."""
