"""CG801 and CG802: somebody reacts, and the cadence goes on.

For each signal that is no exit of a cadence, the worst instant is one second before a touch: also
before the first one, if that is not at once, and between the attempts of a call. Where a cadence
waits for the signal, or enters another one, one second before that is as bad: neither hears what
came earlier. If the policy refuses the touch then, and would not without the signal, the cadence
lacks an exit. The guard says the same on the time line of the finding.

All starts of the period, all zones and ranges are looked at, as in the proof and by its means: a
way is laid out with the signal as one more stop on it (`search`), and where a cadence asks for a
signal is a stop, too (`marks`), so that it is known who comes to a touch all the same (`sent`).
Once a start is found for a signal, no more is asked about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cadence_guard.cadence import Cadence
from cadence_guard.check.proof import Objected
from cadence_guard.check.reactions.search import Reacting, is_own
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import NAMES, finding_at, listed
from cadence_guard.check.witness import witness
from cadence_guard.history import CLOSING, SPREADING
from cadence_guard.importers._source import Source
from cadence_guard.policy import Policy
from cadence_guard.rules import Rule
from cadence_guard.rules.already_answered import AlreadyAnswered
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.uninvited_channel import UninvitedChannel
from cadence_guard.ruleset import Ruleset

ANSWERS: Final = ("replied", "meeting_booked", "purchased")
REFUSALS: Final = (
    "not_now",
    "declined",
    "hung_up",
    "opt_out",
    "complained",
    "wrong_person",
    "paused",
)
"""The signals that ought to end a cadence; entries of a policy may take others for an answer."""


class Reacted(NamedTuple):
    """CG801 and CG802 of a cadence, at most one finding each, which lists the signals; and why
    that may not be all (CG903)."""

    findings: list[Finding]
    incomplete: tuple[str, ...]


def reactions(
    policy: Policy,
    ruleset: Ruleset,
    cadence: Cadence,
    source: Source,
    start: int,
    end: int,
    others: Mapping[str, Cadence] | None = None,
) -> Reacted:
    """The signals that a cadence lacks as exits: those after which a touch is refused, from some
    start, in some zone, on some way.

    `ruleset` is that of the policy, [start, end) the starts in microseconds UTC, `others` the
    cadences known by name. A cadence whose file does not settle what its delays count from is
    looked at in both readings.
    """
    codes = {"CG801": _answers(ruleset, cadence), "CG802": REFUSALS}
    asked = [
        kind
        for kinds in codes.values()
        for kind in kinds
        if kind not in cadence.exits and any(_hears(entry, kind) for entry in ruleset.entries)
    ]
    refused: dict[str, Objected] = {}
    incomplete: dict[str, None] = {}
    for reading in (cadence, cadence.other):
        left = [kind for kind in asked if kind not in refused]
        if reading is not None and left:
            looked = Reacting(ruleset, reading, left, start, end, others or {})
            refused |= looked.refused()
            incomplete |= looked.incomplete
    findings = [
        _finding(policy, cadence, source, code, found, refused[found[0]])
        for code, kinds in codes.items()
        if (found := [kind for kind in kinds if kind in refused])
    ]
    return Reacted(findings, tuple(incomplete))


def _answers(ruleset: Ruleset, cadence: Cadence) -> tuple[str, ...]:
    """The signals that are answers, and those that the entries of a ruleset take for one besides;
    not the one that makes a cadence enter."""
    read = {
        kind
        for entry in ruleset.entries
        if isinstance(entry, AlreadyAnswered)
        for kind in entry.signals
    }
    others = sorted(read - {*ANSWERS, *REFUSALS, cadence.entry_signal})
    return (*ANSWERS, *others)


def _hears(entry: Rule, kind: str) -> bool:
    """Whether an entry that blocks may object because of a signal. What gives a ground only opens;
    what closes makes counted what was an answer."""
    if entry.effect != "block" or isinstance(entry, (MissingConsent, UninvitedChannel)):
        return False
    if entry.by_noes:
        return kind in SPREADING
    heard = kind in (entry.hears or ()) or (entry.answers is not None and kind in CLOSING)
    return heard or is_own(entry)


def _finding(
    policy: Policy,
    cadence: Cadence,
    source: Source,
    code: str,
    kinds: list[str],
    first: Objected,
) -> Finding:
    step = first.step.name
    return finding_at(
        source,
        code,
        NAMES[code],
        "block",
        (*cadence.where, "exits"),
        f"after {listed(kinds, 'or')} it goes on: {step!r} would be refused"
        f" ({first.code} {first.name})",
        cadence=cadence.name,
        step=step,
        help=f"let these end it: exits: [{', '.join(kinds)}]",
        certainty="always",
        witness=witness(policy, first),
    )
