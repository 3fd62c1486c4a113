"""From hits to findings: what is told of a group, each with a time line that the guard refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cadence_guard.check.days import SLACK
from cadence_guard.check.judging import Concern
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import finding_at, listed
from cadence_guard.check.together.counts import Counts, Hits
from cadence_guard.check.together.group import Group
from cadence_guard.check.together.layouts import LONGEST, LongerError, TooMuchError, rounded
from cadence_guard.check.together.offset import offset_of
from cadence_guard.check.together.questions import Broken, broken, in_words, of_account
from cadence_guard.check.together.spacing import Near, Spacings
from cadence_guard.check.together.timeline import Shown
from cadence_guard.instants import DAY
from cadence_guard.rules import Rule


class Findings:
    """What is told of a group."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.questions, self.spacings, self.kept = group.asked()
        if group.people > 1:  # they have nothing in common but the account
            self.questions = [each for each in self.questions if of_account(each.entry)]
            self.kept = [each for each in self.kept if of_account(each.entry)]
            self.spacings = []
        self.counts = Counts(group)

    def all(self) -> Iterator[Finding]:
        """What is refused, then what can come too near, then why not all is proved."""
        if not self.group.layouts.zones:
            return
        hits, near = self._hits()
        shared = any(one.audience.account for one in self.group.cadences)
        if shared and self.group.people == 1 and any(of_account(q.entry) for q in self.questions):
            self.group.say(
                "several people of one account may be in it at once: by the caps of an account each"
                " cadence was judged by itself"
            )
        if self.group.layouts.window == LONGEST:
            self.group.say(
                f"a way lasts longer than {LONGEST // DAY} days: what comes later was not proved"
                " together"
            )
        told: dict[Broken, Finding] = {}
        # the fullest time lines first: what else they show need not be shown by others
        for key, (_, _, hit) in sorted(hits.items(), key=lambda item: -item[1][0].limit):
            if key not in told:
                full = len(hit.others) == 1
                wanted = hits.keys() - told.keys() if full else {key}
                shown = Shown(self.group, hit, wanted, full=full)
                for each in shown.refused:
                    told[each] = self._refused(hits[each][1], each, shown)
        yield from (told[key] for key in hits)
        yield from map(self._spaced, near)
        listing = self.group.listing
        for reason in self.group.reasons:
            yield listing.unproved(self.group.cadences, reason)
        for reason in self.group.remarks:
            yield listing.note(self.group.cadences[0], reason)

    def _hits(self) -> tuple[Hits, list[Near]]:
        """What can be refused, and what can come too near."""
        layouts = self.group.layouts
        layouts.longer(layouts.guess())
        while True:
            hits: Hits = {}
            near: list[Near] = []
            self.counts = Counts(self.group)
            spacings = Spacings(self.group)
            try:
                self.counts.answer(self.questions, hits)
                self.counts.doubt_answers(self.kept, hits)
                self.counts.doubt_entries(self.questions, hits)
                for each in self.spacings:
                    near += spacings.answer(each)
            except LongerError as longer:
                layouts.longer(rounded(longer.lasts + SLACK))
                continue
            except TooMuchError:
                self.group.say("more starts, ways and touches together than are followed")
            layouts.work = 0  # anew for what is told
            return hits, near

    def _refused(self, concern: Concern, key: Broken, shown: Shown) -> Finding:
        """The finding of a touch refused beside other cadences."""
        entry = key[2]
        place, message = shown.refused[key]
        mine = shown.line.events[place][2]
        others = [
            repr(taken.way.cadence.name)
            for number, taken in enumerate(shown.line.taken)
            if number != mine
        ]
        if self.group.people > 1:
            several = "somebody else" if len(others) == 1 else f"{len(others)} others"
            others = [f"{several} of the account"]
        found = self._at(entry, concern, f"{message}, together with {listed(others, 'and')}")
        offset = next(
            (
                offset
                for question in self.questions
                if question.entry is entry and concern in question.targets
                if (offset := offset_of(self.counts, question, shown, place)) is not None
            ),
            None,
        )
        return replace(found, effect=entry.effect, witness=shown.witness(place, entry, offset))

    def _spaced(self, near: Near) -> Finding:
        """The note about two cadences that can come too near to each other."""
        spacing, concern, hit, apart = near
        entry = spacing.entry
        key = broken(concern, entry)
        shown = Shown(self.group, hit, {key}, full=False)
        place, message = shown.refused[key]
        names = [repr(s.way.cadence.name) for s in (*hit.others, hit.aim)]
        how = f"within {in_words(apart)} of each other" if apart else "at the same instant"
        text = f"{' and '.join(names)} can come {how}: {message}; at runtime the guard spaces them"
        return replace(self._at(entry, concern, text), witness=shown.witness(place, entry, None))

    def _at(self, entry: Rule, concern: Concern, message: str) -> Finding:
        return finding_at(
            self.group.listing.homes[concern.cadence],
            entry.code,
            entry.name,
            "note",
            concern.step.where,
            message,
            cadence=concern.cadence.name,
            step=concern.step.id,
            certainty="sometimes",
        )
