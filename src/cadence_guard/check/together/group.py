"""A group: cadences that one person may be in at once, with their ways and all that judges them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from cadence_guard.cadence import Cadence
from cadence_guard.check import assumptions
from cadence_guard.check.judging import Concern, Judge
from cadence_guard.check.layout import Stop, is_range
from cadence_guard.check.paths import Heard, Made, Path, ways
from cadence_guard.check.ranges import since_start
from cadence_guard.check.together.cells import Member, Way, distinct
from cadence_guard.check.together.layouts import Layouts
from cadence_guard.check.together.listing import Listing
from cadence_guard.check.together.questions import (
    Broken,
    Question,
    Spacing,
    counting,
    passed,
    spacing_of,
)
from cadence_guard.instants import PERIOD, WEEK
from cadence_guard.rules import RULES, Rule
from cadence_guard.rules.unanswered_streak import ENDS, UnansweredStreak

TRIES: Final = 100
"""How many time lines are tried where answers join the cadences."""


class Group:
    """A group, and why not all of it is proved (`reasons`); `remarks` are about what is a note
    anyway."""

    def __init__(
        self, listing: Listing, members: Sequence[tuple[Cadence, ...]], *, people: int = 1
    ) -> None:
        """`people`: so many of an account are in each member, each by themselves."""
        self.listing = listing
        self.people = people
        self.reasons: dict[str, None] = {}
        self.remarks: dict[str, None] = {}
        self.cadences = tuple(one for member in members for one in member)
        self.judge = Judge(listing.ruleset, self.say)
        self.judge.cadences = self.cadences
        entries = listing.ruleset.entries
        spans = [us for e in entries if e.spans for us in e.spans.elapsed if us < PERIOD]
        self._longest = max(*spans, 5 * WEEK, 0)
        self._touches = max(
            (s.after for e in entries if isinstance(e, UnansweredStreak) for s in e.params.steps),
            default=0,
        )
        known = [(member, list(self._ways(member))) for member in members]
        self.members = [Member(member, ways_) for member, ways_ in known for _ in range(people)]
        self.layouts = Layouts(self.members, listing.start, listing.end)

    def say(self, reason: str) -> None:
        """Remembers why something is not proved."""
        self.reasons[reason] = None

    @cached_property
    def alone(self) -> Collection[Broken]:
        """What the cadences break by themselves."""
        return self.listing.known(self.cadences)

    # -- ways ---------------------------------------------------------------------------------

    def _ways(self, cadences: Sequence[Cadence]) -> Iterator[Way]:
        """The ways of cadences, in all readings."""
        for one in cadences:
            for reading in (one, one.other):
                if reading is not None:
                    found = ways(
                        reading,
                        longest=self._longest,
                        touches=self._touches,
                        others=self.listing.names,
                    )
                    for reason in found.reasons:
                        self.say(f"not all ways of {reading.name!r} were followed: {reason}")
                    for path, shared in distinct(found.paths):
                        yield from self._variants(reading, path, shared)

    def _variants(self, cadence: Cadence, path: Path, shared: int) -> Iterator[Way]:
        """A way, and if it has ranges the rests of it."""
        items = path.items
        in_line = all(item.stop.after == place - 1 for place, item in enumerate(items))
        concerns = tuple(
            self.judge.concern(item.what) if isinstance(item.what, Made) else None for item in items
        )
        stops = tuple(item.stop for item in items)
        ends = {
            n
            for n, item in enumerate(items)
            if isinstance(item.what, Heard) and item.what.kind in ENDS
        }
        shared = shared if in_line else 0
        whole = Way(cadence, path, stops, concerns, frozenset(ends), in_line, shared)
        yield whole
        ranges = [place for place, stop in enumerate(stops) if any(map(is_range, stop.legs))]
        if not ranges:
            return
        yield replace(whole, far=True)
        if not in_line or since_start(stops, ranges[0]):
            self.say(
                f"{cadence.name!r} has ranges beside ways that are gone at once, or before a time"
                " that is counted from the entry: only their shortest and longest were judged"
            )
            return
        for place in range(ranges[0], len(stops)):
            if concerns[place] is not None:
                rest = replace(
                    whole,
                    origin=place,
                    stops=(
                        Stop(-1, ()),
                        *(Stop(s.after - place, s.legs) for s in stops[place + 1 :]),
                    ),
                    concerns=concerns[place:],
                    ends=frozenset(n - place for n in ends if n >= place),
                    shared=max(0, shared - place),
                )
                yield rest
                yield replace(rest, far=True)

    def asked(self) -> tuple[list[Question], list[Spacing], list[Question]]:
        """What is asked of the touches of all ways, and what answers are let pass by."""
        questions: dict[Hashable, Question] = {}
        kept: dict[Hashable, Question] = {}
        spacings: dict[Rule, Spacing | None] = {}
        concerns = dict.fromkeys(
            c for way in self.layouts.ways for c in way.concerns if c is not None
        )
        for concern in concerns:
            for _, entry in concern.entries:
                if type(entry) is not RULES.get(entry.name):
                    if entry.looks_back:
                        self.say(
                            f"rule {entry.name!r} is somebody's own: what it says of cadences"
                            " together was not proved"
                        )
                    continue
                for key, asked in counting(entry, concern):
                    question = questions.setdefault((entry, key), asked)
                    question.targets[concern] = None
                for key, asked in passed(entry, concern):
                    kept.setdefault((entry, key), asked).targets[concern] = None
                if entry not in spacings:
                    spacings[entry] = spacing_of(entry)
                if (near := spacings[entry]) is not None:
                    near.targets[concern] = None
        spaced = [each for each in spacings.values() if each is not None]
        return list(questions.values()), spaced, list(kept.values())

    # -- answers ------------------------------------------------------------------------------

    def answered(self, entry: Rule, targets: Iterable[Concern]) -> bool:
        """Whether a touch by a person may be an answer."""
        terms = entry.answers
        return (
            terms is not None
            and any(not concern.touch.automated for concern in targets)
            and self.spoken(terms.signals)
        )

    def spoken(self, kinds: Collection[str], *, silent: bool = False) -> bool:
        """Whether the contact may say something of these kinds, recently enough to matter: before
        they enter, or unless `silent` on their ways."""
        return any(speaks(member, kinds, silent=silent) for member in self.members)


def speaks(member: Member, kinds: Collection[str], *, silent: bool = False) -> bool:
    """The same of one member."""
    return any(
        signal.kind in kinds and ago < PERIOD
        for cadence in member.cadences
        for ago, signal in assumptions.signals(cadence)
    ) or any(
        isinstance(item.what, Heard) and item.what.kind in kinds
        for way in ([] if silent else member.ways)
        for item in way.path.items
    )
