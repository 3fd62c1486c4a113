"""Who is with whom: the groups of cadences that one person may be in at once.

Groups are listed in a file (`together`) or let share by the policy. Cadences that enter one another
count as one, and so do those that a handoff joins. Pairs in no group are counted in a note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

from cadence_guard.cadence import Cadence, CadenceFile, Handover, entered_by
from cadence_guard.check.proof import prove
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import finding_at
from cadence_guard.check.shape import listed as listed_in_words
from cadence_guard.check.together.layouts import declared
from cadence_guard.check.together.questions import Broken
from cadence_guard.importers._source import Source
from cadence_guard.policy import Policy
from cadence_guard.rules.overlapping_cadence import OverlappingCadence
from cadence_guard.ruleset import Ruleset

INCOMPLETE: Final = ("CG903", "check-incomplete", "note")
NAMED: Final = 3
"""How many of the pairs that were not proved are named."""


class Listing:
    """The cadences of a run, and which of them are asked about together."""

    def __init__(
        self,
        policy: Policy,
        ruleset: Ruleset,
        files: Sequence[tuple[Source, CadenceFile]],
        start: int,
        end: int,
        alone: Collection[Broken] | None,
    ) -> None:
        self.policy = policy
        self.ruleset = ruleset
        self.files = files
        self.start = start
        self.end = end
        self.homes: dict[Cadence, Source] = {}
        self.names: dict[str, Cadence] = {}
        for source, file in files:
            for cadence in file.cadences:
                self.names[cadence.name] = cadence
                self.homes[cadence] = source
                if cadence.other is not None:
                    self.homes[cadence.other] = source
        self.alone = alone
        self._entered = {one: entered_by(one, self.names).values() for one in self.homes}

    # -- who is with whom ---------------------------------------------------------------------

    def groups(self) -> list[tuple[Cadence, ...]]:
        """The groups that are listed or share, as far as they are among the files."""
        said = [*self._listed()]
        for entry in self.ruleset.entries:
            if isinstance(entry, OverlappingCadence):
                said += (tuple(map(self.names.get, g)) for g in entry.params.share)
        groups: dict[frozenset[Cadence], tuple[Cadence, ...]] = {}
        for group in said:
            there = dict.fromkeys(one for one in group if one is not None)
            known = tuple(one for one in there if _runs(one))
            if len(known) > 1:
                groups.setdefault(frozenset(known), known)
        return list(groups.values())

    def _listed(self) -> Iterator[tuple[Cadence | None, ...]]:
        """The groups that files list."""
        for _, file in self.files:
            names = {**self.names, **{one.name: one for one in file.cadences}}
            yield from (tuple(map(names.get, group)) for group in file.together)

    def listed(self, group: Collection[Cadence]) -> bool:
        """Whether a file lists all of a group, so that it asks for the proof."""
        return any(set(group) <= set(listed) for listed in self._listed())

    def linked(self, one: Cadence, other: Cadence) -> bool:
        """Whether one of them enters the other."""
        return other in self._entered[one] or one in self._entered[other]

    def handed(self, one: Cadence, other: Cadence) -> bool:
        """Whether one of them hands the contact over to the team of the other."""
        return _hands_over(one, other) or _hands_over(other, one)

    def members(self, group: Sequence[Cadence]) -> list[tuple[Cadence, ...]]:
        """The group's cadences, those together that are joined."""
        found = [{one} for one in group]
        for one, other in combinations(group, 2):
            if self.linked(one, other) or self.handed(one, other):
                joined = [each for each in found if one in each or other in each]
                found = [each for each in found if each not in joined] + [set().union(*joined)]
        place = {one: n for n, one in enumerate(group)}
        members = (tuple(sorted(each, key=place.__getitem__)) for each in found)
        return sorted(members, key=lambda member: place[member[0]])

    def known(self, cadences: Iterable[Cadence]) -> Collection[Broken]:
        """What cadences break by themselves."""
        if self.alone is not None:
            return self.alone
        return {
            (one.cadence.name, one.step.name, one.entry)
            for cadence in cadences
            for one in prove(
                self.ruleset, cadence, self.start, self.end, others=self.names
            ).objections
        }

    # -- what was not proved ------------------------------------------------------------------

    def note(self, cadence: Cadence, text: str) -> Finding:
        """A note about what was not proved."""
        return finding_at(
            self.homes[cadence], *INCOMPLETE, cadence.where, text, cadence=cadence.name
        )

    def unproved(self, group: Sequence[Cadence], reason: str) -> Finding:
        """Why not all of a group is proved. A file that lists it asked for that, so what was not
        looked at is not clean: it blocks; a policy lets share, and has a note."""
        note = self.note(group[0], reason)
        if not self.listed(group):
            return note
        names = listed_in_words([repr(one.name) for one in group], "and")
        text = f"{names} together: {reason}"
        return replace(note, effect="block", certainty="always", message=text)

    def joined(self, group: Sequence[Cadence]) -> Iterator[Finding]:
        """A note for each pair of a group that is one because of a handoff."""
        for one, other in combinations(group, 2):
            if self.handed(one, other) and not self.linked(one, other):
                yield self.note(
                    one,
                    f"{one.name!r} and {other.name!r} are joined by a handoff: one follows the"
                    " other, so they were not proved at once",
                )

    def not_there(self) -> Iterator[Finding]:
        """A note about what the policy lets share, and is not among the files: a policy is that of
        all cadences, so it is nothing that this run was asked to prove."""
        missed = {
            name: here[0]
            for entry in self.ruleset.entries
            if isinstance(entry, OverlappingCadence)
            for group in entry.params.share
            if (here := [one for one in map(self.names.get, group) if one is not None])
            for name in group
            if name not in self.names
        }
        if missed:
            pairs = [f"{one.name!r} and {name!r}" for name, one in missed.items()]
            yield self.note(
                next(iter(missed.values())),
                "the policy lets cadences share a contact of which not all are among those checked,"
                f" so they were not proved together: {_first_of(pairs)}",
            )

    def not_proved(self, groups: Sequence[Sequence[Cadence]]) -> Iterator[Finding]:
        """A note about the pairs that could meet the same people and are in no group."""
        proved = {frozenset(pair) for group in groups for pair in combinations(group, 2)}
        cadences = [one for _, file in self.files for one in file.cadences if _runs(one)]
        zones = {one: declared(one) for one in cadences}
        count = 0
        named: list[tuple[Cadence, Cadence]] = []
        for one, other in combinations(cadences, 2):
            kinds = {one.audience.kind, other.audience.kind} - {None}
            mine, theirs = zones[one], zones[other]
            if (
                len(kinds) < 2
                and (mine is None or theirs is None or not mine.isdisjoint(theirs))
                and frozenset((one, other)) not in proved
                and not self.linked(one, other)
                and not self.handed(one, other)
            ):
                count += 1
                if len(named) < NAMED:
                    named.append((one, other))
        if count:
            pairs = _first_of([f"{one.name!r} and {other.name!r}" for one, other in named], count)
            many = "1 pair of cadences" if count == 1 else f"{count} pairs of cadences"
            yield self.note(
                named[0][0],
                f"{many} with a common audience not proved together: {pairs};"
                " list in `together` those that may run for one person at once",
            )


def _runs(cadence: Cadence) -> bool:
    """Whether there is anything to lay out."""
    return cadence.schedule and any(True for _ in cadence.steps)


def _hands_over(one: Cadence, other: Cadence) -> bool:
    """Whether one gives the contact to the other's team."""
    return one.team != other.team and any(
        isinstance(node, Handover) and node.to == other.team for node in one.nodes.values()
    )


def _first_of(pairs: list[str], count: int | None = None) -> str:
    """The first of some pairs, of which there may be more."""
    more = (len(pairs) if count is None else count) > NAMED
    return ", ".join([*pairs[:NAMED], *["..."][:more]])
