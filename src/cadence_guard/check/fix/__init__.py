"""Repair by waiting: the least waits with which the policy has nothing to say against a cadence.

`fix` changes waits, and may put a wait before a step; nothing else. It is the wait on the very way
that is objected to which grows: before a loop for its first turn alone, in the loop for the turns
after one another, in an arm of a branch for that arm. Where an entry asks for hours, a wait until
they open is put right before the step. What a comment of the file asks to ignore is let be.

Least means: no wait that grew could be a minute shorter, or a day where the file counts days, the
others as they are. Other waits of which that is so might do as well; what is changed is the wait
before the step that is too soon, so that the steps before it stay as early as they can.

How it is found: the proof names a start from which an entry objects. From that start the entry says
when the touch would be free, and the wait grows to that; then the proof is asked again, until it
finds nothing. Then each wait is shortened as far as the proof still finds nothing, until no one can
be. So what is written is proved, and so is that it is the least. The work for that is bounded; a
cadence that needs more is told, and is not changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from cadence_guard.cadence import Cadence, CadenceFile, Enter
from cadence_guard.check.fix.cuts import written
from cadence_guard.check.fix.edits import UNTIL, Edit
from cadence_guard.check.fix.graph import without_slots
from cadence_guard.check.fix.repair import Repair
from cadence_guard.check.ignores import is_ignored
from cadence_guard.check.reactions import reactions
from cadence_guard.check.report import Finding
from cadence_guard.check.run import INCOMPLETE, Opened
from cadence_guard.check.shape import shape
from cadence_guard.importers import native
from cadence_guard.importers._source import Source
from cadence_guard.policy import Policy
from cadence_guard.ruleset import Ruleset


class Change(NamedTuple):
    """A wait to set, or to put before a step, in words; `line` is where the file says what it is
    about."""

    cadence: str
    step: str
    line: int
    text: str


class Fixed(NamedTuple):
    """What came of a repair.

    `text` is the file with the waits changed; None for a format that is not written, and then
    `changes` says what to set. `unrepaired` says what waiting cannot repair. `after` is what the
    file says with the waits changed. `notes` says which cadences wait longer than needed, perhaps.
    """

    text: str | None
    changes: tuple[Change, ...]
    unrepaired: tuple[str, ...]
    after: Opened
    notes: tuple[str, ...] = ()

    def checked(self, findings: Iterable[Finding]) -> Fixed:
        """The same, with all that a check of `after` still blocks among what is not repaired: the
        repair looks at one cadence at a time, and only at one reading of it."""
        more: list[str] = []
        for finding in findings:
            who = finding.cadence or finding.path
            said = f"{finding.code} {finding.message}"
            line = f"{who}: {said}" if finding.step is None else f"{who}: {finding.step}: {said}"
            known = (line, f"{who}: {said}")
            if finding.effect == "block" and not any(
                told.startswith(known) for told in self.unrepaired
            ):
                more.append(line)
        return self._replace(unrepaired=tuple(dict.fromkeys((*self.unrepaired, *more))))


def fix(file: CadenceFile, source: Source, policy: Policy, start: int, end: int) -> Fixed:
    """The least waits with which no entry that blocks objects, for any start in [start, end)
    (microseconds UTC) and any zone of the audience, but where a comment asks to ignore it. Each
    cadence is repaired by itself: `Fixed.checked` adds what is then left. Raises CadenceError for a
    list of steps that no wait can be put into."""
    ruleset = Ruleset(policy)
    others = {cadence.name: cadence for cadence in file.cadences}
    findings = shape(file, source)
    for cadence in file.cadences:
        findings += reactions(policy, ruleset, cadence, source, start, end, others).findings
    unrepaired = [
        f"{finding.cadence or source.path}: {finding.code} {finding.message}"
        for finding in findings
        if finding.effect == "block"
        and not is_ignored(file.ignores, finding.code, finding.line, finding.end_line)
    ]
    notes: list[str] = []
    edits: list[Edit] = []
    repaired: dict[int, Cadence] = {}
    is_native = file.format == native.FORMAT
    to_do = native.read(source, slots=True).cadences if is_native else file.cadences
    for place in _entered_first(to_do):
        cadence = to_do[place]
        repair = Repair(source, ruleset, cadence, (start, end), others, file.ignores)
        repair.go()
        repaired[place] = repair.cadence
        others[cadence.name] = without_slots(repair.cadence)
        edits += repair.edits.values()
        notes += [f"{cadence.name}: {note}" for note in repair.notes]
        unrepaired += [f"{cadence.name}: {why}" for why in repair.refused.values()]
        if not repair.is_ignored(INCOMPLETE, cadence.where):
            unrepaired += [f"{cadence.name}: {INCOMPLETE} {why}" for why in repair.incomplete]
    edits.sort(key=lambda edit: (source.mark(edit.where).line, edit.where[-1] == UNTIL))
    changes = tuple(
        Change(edit.cadence, edit.step, source.mark(edit.where).line, edit.text) for edit in edits
    )
    if not is_native:
        after = Opened(
            source, replace(file, cadences=tuple(repaired[n] for n in range(len(to_do))))
        )
        return Fixed(None, changes, tuple(unrepaired), after, tuple(notes))
    text = written(source, edits)
    made = Source(source.path, text.encode())
    after = Opened(made, native.read(made))
    return Fixed(text, changes, tuple(unrepaired), after, tuple(notes))


def _entered_first(cadences: Sequence[Cadence]) -> Iterator[int]:
    """The places of cadences, each behind those that it enters: what these wait counts for it.
    Those that enter each other come as the file has them."""
    left = dict(enumerate(cadences))
    entered = {
        place: {node.cadence for node in one.nodes.values() if isinstance(node, Enter)} - {one.name}
        for place, one in left.items()
    }
    while left:
        names = {one.name for one in left.values()}
        ready = [place for place in left if not entered[place] & names]
        for place in ready or [*left][:1]:
            del left[place]
            yield place
