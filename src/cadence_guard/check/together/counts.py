"""Caps, pressure, missed calls and streaks: which touches can the others' touches make too many?

For each question the most of every member is laid over the clock (`most`), region by region, and a
target is hit where its own touches and those of the others come to the limit.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from functools import partial
from typing import Final, TypeAlias

from cadence_guard.check.judging import Concern
from cadence_guard.check.together.bounds import Bounds, Marks
from cadence_guard.check.together.cells import Member, Region, Way
from cadence_guard.check.together.entries import UNBOUND, Loose, spread
from cadence_guard.check.together.group import TRIES, Group, speaks
from cadence_guard.check.together.most import Table
from cadence_guard.check.together.questions import Broken, Question, back_of, broken
from cadence_guard.check.together.sights import Hit, Part, Sight, View, look
from cadence_guard.check.together.timeline import objects
from cadence_guard.instants import DAY, PERIOD
from cadence_guard.rules.unanswered_streak import ENDS


def _again(member: Member) -> int:
    """How long after an entry into a member the next one may come."""
    return min((one.again for one in member.cadences if one.again is not None), default=UNBOUND)


Hits: TypeAlias = dict[Broken, tuple[Question, Concern, Hit]]
"""What is refused beside the others, with an instant at which it is."""

A_LINE: Final = 200
"""What it costs to judge a time line."""
FEW: Final = 8
"""How many regions are looked at before a bound is taken from all starts."""


class Counts:
    """Answers the questions about a group."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.layouts = group.layouts
        self._marked: dict[Hashable, Marks | None] = {}
        self._parts: dict[Hashable, Part] = {}

    def answer(self, questions: Sequence[Question], hits: Hits) -> None:
        """Adds for each target that can be refused an instant at which it is."""
        for question in questions:
            left: set[Broken] = {
                key
                for concern in question.targets
                if (key := broken(concern, question.entry)) not in hits
                and key not in self.group.alone
            }
            bounds = self._bounds(question)
            left = bounds.may(left, exact=False)
            if not left:
                continue
            doubted: set[Broken] = set()
            regions = self.layouts.regions(
                bounds.within, self.layouts.dated or question.unit == "month"
            )
            few = min(FEW, sum(region.usual for region in regions))
            for number, region in enumerate(regions):
                if number == few:  # before all the others are looked at
                    left = bounds.may(left, exact=True)
                if not left:
                    break
                for silent in (True, False):  # where nobody speaks it is exact
                    if left and (silent or not self.exact(question)):
                        found = self._ask(question, region, left, doubted, silent=silent)
                        for key, (concern, hit) in found.items():
                            hits[key] = (question, concern, hit)
                            left.discard(key)
            for cadence, step, entry in sorted(doubted & left, key=lambda key: key[:2]):
                self.group.say(
                    f"whether {entry.name} objects to {step!r} of {cadence!r} beside the others"
                    " was not proved: ranges and answers between them were tried, not exhausted"
                )

    def doubt_answers(self, kept: Sequence[Question], hits: Collection[Broken]) -> None:
        """Says where a person's touch of another cadence may be the answer instead of one that is
        let pass as an answer by itself."""
        members = self.group.members
        for question in kept:
            terms = question.entry.answers
            assert terms is not None
            for member in members:
                targets = {
                    key
                    for concern in question.targets
                    if concern.cadence in member.cadences and speaks(member, terms.signals)
                    if (key := broken(concern, question.entry)) not in hits
                    and key not in self.group.alone
                }
                if any(other.answers for other in members if other is not member):
                    for cadence, step, entry in sorted(
                        self._bounds(question).own(targets), key=lambda key: key[:2]
                    ):
                        self.group.say(
                            f"whether {entry.name} objects to {step!r} of {cadence!r} beside the"
                            " others was not proved: a person's touch of another cadence may be"
                            " the answer instead of it"
                        )

    def doubt_entries(self, questions: Sequence[Question], hits: Collection[Broken]) -> None:
        """Says where a cadence that may be entered again might bring more touches beside the others
        than one entry does."""
        members = self.group.members
        if all(one.again is None for member in members for one in member.cadences):
            return
        spreads = [
            [spread(way, self.layouts.shift) for way in member.ways if way.whole]
            for member in members
        ]
        for question in questions:
            left = [
                concern
                for concern in question.targets
                if (key := broken(concern, question.entry)) not in hits
                and key not in self.group.alone
            ]
            often = [
                Loose(question, each, _again(member))
                for each, member in zip(spreads, members, strict=True)
            ]
            if not any(loose.twice() for loose in often):
                continue
            most = [loose.most() for loose in often]
            for concern in left:
                for n, loose in enumerate(often):
                    others = sum(most) - most[n]
                    if loose.may(concern, beside=others):
                        self.group.say(
                            f"whether {question.entry.name} objects to {concern.step.name!r} of"
                            f" {concern.cadence.name!r} when one of them is entered again was not"
                            " proved"
                        )

    def _ask(
        self,
        question: Question,
        region: Region,
        left: set[Broken],
        doubted: set[Broken],
        *,
        silent: bool,
    ) -> dict[Broken, tuple[Concern, Hit]]:
        """The targets that can be refused in a region, each with as few others as can be. `silent`:
        on ways on which the contact says nothing that ends a streak."""
        views = {
            n: self._view(question, self.group.members[n], region, silent=silent)
            for n in self.layouts.zones[region.where]
        }
        table = Table(views, region, near=question.near is not None)
        found: dict[Broken, tuple[Concern, Hit]] = {}
        exact = self.exact(question, silent=silent)
        tried: dict[Broken, int] = {}
        done: set[Broken] = set()
        wanted = [c for c in question.targets if broken(c, question.entry) in left]
        for number, view in views.items():
            aims = [
                aim.moved(base, region)
                for base, part in view
                for concern in wanted
                for aim in part.aims.get(concern, ())
                if aim.high + base >= region.low and aim.low + base < region.high
            ]
            own: dict[Concern, int] = {}
            for aim in aims:
                own[aim.concern] = max(own.get(aim.concern, 0), aim.many)
            for aim in aims:
                key = broken(aim.concern, question.entry)
                if key in done:
                    continue
                need = max(question.limit - aim.many, 1)
                self.layouts.spend(1 + table.width(aim))
                for hit in table.hits(number, aim, need, every=not exact):
                    if key in found and len(found[key][1].others) <= len(hit.others):
                        continue
                    if not exact:
                        doubted.add(key)
                        tried[key] = tried.get(key, 0) + 1
                        if tried[key] > TRIES:
                            break
                        self.layouts.spend(A_LINE)
                        if not objects(self.group, question.entry, aim.concern, hit):
                            continue
                    found[key] = (aim.concern, hit)
                    if len(hit.others) == 1:
                        done.add(key)
                        break
                if aim.loose and key not in found:
                    need = max(question.limit - own[aim.concern], 1)
                    if table.hits(number, aim._replace(near=True), need, every=False):
                        doubted.add(key)
        return found

    def exact(self, question: Question, *, silent: bool = False) -> bool:
        """Whether what one cadence does cannot change what another one's touches count for."""
        if question.near is not None and self.group.spoken(ENDS, silent=silent):
            return False
        return not self.group.answered(question.entry, question.targets)

    # -- what is seen of a member ----------------------------------------------------------------

    def _view(self, question: Question, member: Member, region: Region, *, silent: bool) -> View:
        """What of a member a question sees in a region."""
        view: View = []
        within = self._within(question)
        for way in member.ways:
            marks = self.marks(question, way)
            if marks is None or (silent and question.near is not None and way.speaks):
                continue
            for key, base, cells, reach in self.layouts.placed(
                way, region, back_of(question, within)
            ):
                part = None
                if key is not None:
                    key = (question, key, base if question.unit == "month" else None)
                    part = self._parts.get(key)
                if part is None:
                    part = Part({}, {})
                    self.layouts.spend(len(cells) * len(way.stops))
                    for cell in cells:
                        sight = Sight(way, region.where, base, cell, -1, reach)
                        look(question, within, sight, *marks, part)
                    if key is not None:
                        self._parts[key] = part
                view.append((base, part))
        return view

    def marks(self, question: Question, way: Way) -> Marks | None:
        """Which stops of a way are counted, and which are targets; None if there are neither."""
        key = (question, way)
        if key not in self._marked:
            counted = [c is not None and question.counts(c) for c in way.concerns]
            aimed = [c is not None and c in question.targets for c in way.concerns]
            self._marked[key] = (counted, aimed) if any(counted) or any(aimed) else None
        return self._marked[key]

    def _bounds(self, question: Question) -> Bounds:
        within = back_of(question, self._within(question))
        marks = partial(self.marks, question)
        return Bounds(question, within, self.group.members, self.layouts, marks)

    def _within(self, question: Question) -> int:
        """How long the window of a question has to be: since the starts are free and every way
        makes its touches in a time it does not exceed, none need have been made much longer ago."""
        if question.within < PERIOD or self.layouts.dated:
            return question.within
        return min(question.within, self.layouts.window + 15 * DAY)
