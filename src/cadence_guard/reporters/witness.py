"""A witness as rows: when, by which channel, what, and what the guard said. Every format draws on
these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from cadence_guard.check.report import Witness, WitnessSignal, WitnessStep, WitnessTouch
from cadence_guard.reporters.text import plain, wall
from cadence_guard.reporters.timeline import MARKS

ROWS: Final = 14
"""A text shows this many rows of a witness, those that matter most: the refused touch, what stands
in the window that overflows, and then what was last."""
BEFORE: Final = 5
"""A text names this many of the steps before a wait of unknown length."""
CODES: Final = 3
"""A row names this many codes."""
_BRACKET: Final = {True: ("╭", "│", "╰"), False: ("/", "|", "\\")}


class Row(NamedTuple):
    """A touch or a signal of a witness. `mark` is a verdict, or `signal`; `window` says whether it
    stands in the window that overflows, `refused` that it is the touch the witness is about (which
    a warning allows), `handed` that it is a handoff and no signal."""

    at: datetime
    channel: str
    what: str
    mark: str
    codes: tuple[str, ...]
    window: bool
    refused: bool
    handed: bool = False


def rows(witness: Witness) -> tuple[Row, ...]:
    """The touches and signals in the order of time; at one instant, as they came."""
    several = len({touch.cadence for touch in witness.touches}) > 1
    last = witness.touches[-1] if witness.touches else None
    found = [
        (
            signal.after,
            Row(
                signal.at,
                signal.channel or "",
                _said(signal),
                "signal",
                (),
                False,
                False,
                signal.to is not None,
            ),
        )
        for signal in witness.signals
    ]
    for place, touch in enumerate(witness.touches):
        inside = witness.since is not None and witness.since <= touch.at
        found.append(
            (
                place,
                Row(
                    touch.at,
                    touch.channel,
                    _named(touch, several=several),
                    touch.verdict,
                    touch.codes,
                    inside,
                    touch is last,
                ),
            )
        )
    # Signals stand first, so that one after so many touches comes before the next.
    return tuple(row for _, row in sorted(found, key=lambda pair: (pair[1].at, pair[0])))


def _named(touch: WitnessTouch | WitnessStep, *, several: bool) -> str:
    """The step of a touch, with its cadence if there are several, its turn of a loop, and who of an
    account gets it."""
    name = f"{touch.cadence}/{touch.step}" if several else touch.step
    if touch.turn is not None:
        name += f", turn {touch.turn}"
    if isinstance(touch, WitnessTouch) and touch.person is not None:
        name += f", person {touch.person}"
    return name


def _said(signal: WitnessSignal) -> str:
    return signal.kind if signal.to is None else f"{signal.kind} to {signal.to}"


def in_lines(witness: Witness, marks: Mapping[str, str] = MARKS) -> Iterator[str]:
    """The witness in lines: who and when, then a row for each touch and signal."""
    yield _opening(witness)
    every = rows(witness)
    shown = _chosen(every)
    window = [place for place, row in enumerate(shown) if row.window]
    head, bar, foot = _BRACKET["●" in marks.values()]
    times = [wall(row.at, witness.zone) for row in shown]
    width = max(map(len, times), default=0)
    broad = max((len(row.channel) for row in shown), default=0)
    if len(shown) < len(every):
        yield f"  ({len(every) - len(shown)} more are not shown)"
    for place, row in enumerate(shown):
        bracket = " "
        if len(window) > 1 and window[0] <= place <= window[-1]:
            bracket = head if place == window[0] else foot if place == window[-1] else bar
        mark = "«" if row.mark == "signal" else marks[row.mark]
        if "●" not in marks.values() and row.mark == "signal":
            mark = "<"
        if row.refused and row.mark != "allow":
            mark = marks["deny"]
        said = f"{bracket} {times[place]:<{width}}  {row.channel:<{broad}}  {mark} {_what(row)}"
        yield said.rstrip()


def _what(row: Row) -> str:
    if row.mark == "signal":
        return plain(row.what) if row.handed else f"the contact: {plain(row.what)}"
    text = plain(row.what)
    codes = ", ".join(row.codes[:CODES])
    if len(row.codes) > CODES:
        codes += f" and {len(row.codes) - CODES} more"
    if row.refused:
        return f"{text}  <- {'warned' if row.mark == 'allow' else 'refused'}: {codes}"
    return f"{text}  ({codes})" if codes else text


def _chosen(every: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows that are shown, if there are too many."""
    if len(every) <= ROWS:
        return every
    places = range(len(every))
    ranked = sorted(
        places, key=lambda place: (not every[place].refused, not every[place].window, -place)
    )
    return tuple(every[place] for place in sorted(ranked[:ROWS]))


def _opening(witness: Witness) -> str:
    """Who this could happen to: the zone, the starts, how far apart they may lie."""
    starts = [(wall(at, witness.zone), plain(name)) for name, at in witness.starts.items()]
    one = starts[0][0] if len(starts) == 1 else ", ".join(f"{name} {at}" for at, name in starts)
    text = f"a contact in {witness.zone} who {begins(witness, one)}"
    if witness.offset is not None:
        low, high = (length(seconds) for seconds in witness.offset)
        apart = low if low == high else f"{low} to {high}"
        text += f" (and whenever the starts lie {apart} apart)"
    return f"{text}:"


def begins(witness: Witness, start: str) -> str:
    """How the time line of a contact begins: `starts Mon 2026-03-02 10:01 CST`, or what was before
    a wait of unknown length."""
    if witness.before is None:
        return f"starts {start}"
    several = len({*witness.starts, *(step.cadence for step in witness.before)}) > 1
    last = [plain(_named(step, several=several)) for step in witness.before[-BEFORE:]]
    if len(witness.before) > BEFORE:
        last = [f"{len(witness.before) - BEFORE} more touches", *last]
    been = f"{', '.join(last)} and " if last else ""
    return f"goes on {start}, after {been}a wait of unknown length"


def length(seconds: float) -> str:
    """A span of time in words: `2d`, `7d 1h 15m`, `1.5s`; no part of it is cut off."""
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number:g}{unit}")
    if seconds or not parts:
        parts.append(f"{seconds:.6f}".rstrip("0").rstrip(".") + "s")
    return " ".join(parts)
