"""A cadence that the same contact may enter again, beside their own earlier entries.

Two entries lie `again` apart at least; besides, what comes after each is as free as after the
first: every way, and every instant at which the entry is open. So it is asked what `together` asks
of several cadences, but for the starts, which mind each other (`together.chain`): can somebody
have entered so often, and at such times, that a touch is refused which one entry alone would have
had let pass? What refuses it is the cadence's own fault, gaps included.

Where ranges fall beside each other, answers and handoffs join the entries, or nobody knows when
something comes, what is found is shown, and what is not excluded is said to be unproved (CG903).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from cadence_guard.cadence import Cadence, Handover
from cadence_guard.check import assumptions
from cadence_guard.check.days import SLACK
from cadence_guard.check.judging import Concern, Judge
from cadence_guard.check.layout import least
from cadence_guard.check.paths import Heard, Made, Path, ways
from cadence_guard.check.ranges import modes_of, ranges_of
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import finding_at, listed
from cadence_guard.check.together.cells import Member, Way, distinct
from cadence_guard.check.together.chain import Chain
from cadence_guard.check.together.entries import Loose, Pieces, measured, spread
from cadence_guard.check.together.group import TRIES
from cadence_guard.check.together.layouts import (
    LONGEST,
    Layouts,
    LongerError,
    TooMuchError,
    rounded,
)
from cadence_guard.check.together.listing import Listing
from cadence_guard.check.together.pairs import Clash, Pairs, answered, handed
from cadence_guard.check.together.questions import Broken, Question, beside, broken, in_words
from cadence_guard.check.together.sights import Hit
from cadence_guard.check.together.timeline import Shown, objects
from cadence_guard.instants import DAY, PERIOD
from cadence_guard.rules import RULES, Rule
from cadence_guard.rules.already_answered import AlreadyAnswered
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.not_the_holder import NotTheHolder
from cadence_guard.rules.unanswered_streak import ENDS, UnansweredStreak
from cadence_guard.rules.uninvited_channel import UninvitedChannel

_MONTH: Final = 31 * DAY
_OPENERS: Final = (MissingConsent, UninvitedChannel)
"""What they look at opens only, and is given anew with each entry."""
_LASTING: Final[Mapping[str, frozenset[str]]] = {
    "opted-out": frozenset(("opt_out", "complained")),
    "wrong-person": frozenset(("wrong_person",)),
}
"""What holds for ever, by who hears it."""
_JOINS: Final = (Heard, Handover)
"""What may count at another entry besides touches."""
_Asked: TypeAlias = tuple[Question, dict[Concern, None]]
"""A question, and the touches that ask it."""
_VARIANTS: Final = 512
"""How many ways there are at most with each fall of their ranges."""


class Reentered(NamedTuple):
    """What several entries bring about: findings, what is broken, and why not all is proved."""

    findings: tuple[Finding, ...] = ()
    incomplete: tuple[str, ...] = ()
    broken: frozenset[Broken] = frozenset()


def reentered(
    listing: Listing, cadence: Cadence, others: Mapping[str, Cadence] | None = None
) -> Reentered:
    """What the policy objects to if somebody enters a cadence again, as often and as soon as it
    lets them; if its file does not settle what its delays count from, in both readings. `others`
    are the cadences that it may enter besides, by their names.

    Raises AssertionError if the guard does not refuse what was found.
    """
    if cadence.again is None or cadence.again >= listing.end - listing.start:
        return Reentered()
    readings = [cadence] if cadence.other is None else [cadence, cadence.other]
    judged = [Entries(listing, reading, cadence.again, others or {}) for reading in readings]
    found: dict[Broken, list[tuple[Cadence, Finding]]] = {}
    for reading, one in zip(readings, judged, strict=True):
        for key, finding in one.findings():
            found.setdefault(key, []).append((reading, finding))
    findings: list[Finding] = []
    for told in found.values():
        reading, finding = told[0]
        if len(told) < len(readings):
            text = f"{finding.message}, if its delays count from the {reading.anchor}"
            finding = replace(finding, message=text)
        findings.append(finding)
    reasons = dict.fromkeys(why for one in judged for why in one.reasons)
    return Reentered(tuple(findings), tuple(reasons), frozenset(found))


class Entries:
    """The entries of one person into one reading of a cadence, and why not all is proved
    (`reasons`)."""

    def __init__(
        self, listing: Listing, cadence: Cadence, again: int, others: Mapping[str, Cadence]
    ) -> None:
        self.listing = listing
        self.cadence = cadence
        self.again = again
        self.people = 1
        self.reasons: dict[str, None] = {}
        self.judge = Judge(listing.ruleset, self._say)
        unread = self.judge.unread
        found = ways(cadence, longest=PERIOD, touches=0, others=others, unread=unread)
        self._paths = [path for path in found.paths if not path.fresh]
        self.cadences = found.paths[0].cadences if found.paths else (cadence,)
        self.judge.cadences = self.cadences
        self._exits = {kind for one in self.cadences for kind in one.exits}
        self._whats = [item.what for path in self._paths for item in path.items]
        self.ways = list(self._ways(cadence))
        self.layouts = Layouts([Member((cadence,), self.ways)], listing.start, listing.end, least=1)
        by_path = {id(way.path): way for way in reversed(self.ways)}
        self._spreads = [spread(way, self.layouts.shift) for way in by_path.values()]
        self._longest = max((one.lasts for one in self._spreads), default=0)
        ends = (one.high[n] for one in self._spreads for n in one.way.marks)
        self._ends = max(self._longest, *ends, 0)
        """When whatever counts at another entry is over."""
        self._concerns = dict.fromkeys(
            c for way in self.ways for c in way.concerns if c is not None
        )
        self._alone = listing.known((cadence,))
        cut = dict.fromkeys(found.reasons)
        if len(self._paths) < len(found.paths):
            cut["what comes behind a wait that nobody knows may fall beside any other entry"] = None
        if any(map(_cut_off, self._paths)):
            cut["it goes round and round"] = None
        for why in cut:
            self._say(f"what two entries do together was not judged: {why}")

    def _say(self, reason: str) -> None:
        self.reasons[reason] = None

    def _ways(self, cadence: Cadence) -> Iterator[Way]:
        """The ways, as the ranges of each may fall."""
        kept = distinct(self._paths, _JOINS)
        for path, shared in kept:
            stops = tuple(item.stop for item in path.items)
            in_line = all(item.stop.after == place - 1 for place, item in enumerate(path.items))
            marks = frozenset(
                n for n, item in enumerate(path.items) if isinstance(item.what, _JOINS)
            )
            ends = frozenset(
                n
                for n in marks
                if isinstance(what := path.items[n].what, Heard) and what.kind in ENDS
            )
            concerns = tuple(
                self.judge.concern(item.what) if isinstance(item.what, Made) else None
                for item in path.items
            )
            ranged = ranges_of(stops)
            modes = modes_of(stops, together=False) if ranged else [frozenset[int]()]
            if modes is None or len(kept) * len(modes) > _VARIANTS:
                modes = [frozenset(), frozenset(ranged)]
            for far in modes:
                yield Way(
                    cadence,
                    path,
                    stops,
                    concerns,
                    ends,
                    in_line,
                    shared if in_line else 0,
                    far=far,
                    marks=marks,
                )

    # -- what is asked ------------------------------------------------------------------------

    def _questions(self) -> tuple[list[Question], list[tuple[Concern, Clash]]]:
        """What is asked of the touches, as far as earlier entries have a part in it; and what they
        clash with that is no touch."""
        found: dict[Hashable, Question] = {}
        clashes: list[tuple[Concern, Clash]] = []
        for concern in self._concerns:
            for _, entry in concern.entries:
                if type(entry) is not RULES.get(entry.name):
                    if self._may_see(entry):
                        self._say(
                            f"rule {entry.name!r} is somebody's own: what it says of two entries"
                            " was not judged"
                        )
                    continue
                self._say_what_joins(entry)
                if isinstance(entry, UnansweredStreak) and self._begins_anew():
                    continue
                if joins := [(concern, clash) for clash in self._joins(entry, concern)]:
                    clashes += joins
                    continue
                for key, asked in beside(entry, concern):
                    found.setdefault((entry, key), asked).targets[concern] = None
        return list(found.values()), clashes

    def _joins(self, entry: Rule, target: Concern) -> Iterator[Clash]:
        """What is no touch of another entry, and may refuse one of this."""
        if isinstance(entry, NotTheHolder) and self._may_see(entry):
            if any(isinstance(what, Handover) for what in self._whats):
                yield from handed(entry, target)
        elif isinstance(entry, AlreadyAnswered) and target.touch.automated:
            kinds = entry.signals - self._exits
            said = assumptions.signals(self.cadence)
            before = [ago for ago, signal in said if signal.kind in kinds]
            heard = any(isinstance(what, Heard) and what.kind in kinds for what in self._whats)
            if before or (heard and self._may_see(entry)):
                yield answered(entry, kinds, before)

    def _may_see(self, entry: Rule) -> bool:
        """Whether an entry of the policy may look back as far as another entry into the cadence."""
        return self.again < self._ends + _looks_back(entry)

    def _say_what_joins(self, entry: Rule) -> None:
        """Says it if what the contact says may count at another entry, and is not judged."""
        lasting = _LASTING.get(entry.name, frozenset())
        if isinstance(entry, _OPENERS) or not (lasting or self._may_see(entry)):
            return
        heard = {what.kind for what in self._whats if isinstance(what, Heard)}
        if self.again < self._longest:  # before the touches of the entry before
            heard |= {signal.kind for _, signal in assumptions.signals(self.cadence)}
        hears = lasting | (entry.hears or frozenset()) - {"invited"}
        if isinstance(entry, AlreadyAnswered):  # what is no exit is judged (`_joins`)
            hears &= self._exits
        said = sorted(heard & hears)
        if said:
            self._say(
                f"a contact may enter again while {listed([repr(each) for each in said], 'or')} of"
                f" the first time still counts for {entry.name}; what that does was not judged"
            )

    def _begins_anew(self) -> bool:
        """Whether each entry begins with an answer after all touches of the entry before."""
        return any(
            signal.kind in ENDS and self.again >= self._longest + ago
            for ago, signal in assumptions.signals(self.cadence)
        )

    # -- answers ------------------------------------------------------------------------------

    def findings(self) -> list[tuple[Broken, Finding]]:
        """What is refused beside other entries, each with a time line that the guard refuses."""
        questions, clashes = self._questions()
        asked = [(question, left) for question in questions if (left := self._left(question))]
        clashes = [(c, clash) for c, clash in clashes if broken(c, clash.entry) not in self._alone]
        if not (asked or clashes):
            return []
        hits = self._hits(asked, clashes)
        if self.layouts.window == LONGEST:
            self._say(
                f"a way lasts longer than {LONGEST // DAY} days: what comes later was not judged"
                " beside another entry"
            )
        return [(key, self._finding(*hit)) for key, hit in hits.items()]

    def _left(self, question: Question) -> dict[Concern, None]:
        """The touches that may be refused, and are not by one entry alone."""
        loose = Loose(question, self._spreads, self.again)
        return {
            concern: None
            for concern in question.targets
            if broken(concern, question.entry) not in self._alone and loose.may(concern)
        }

    def _hits(
        self, asked: list[_Asked], clashes: list[tuple[Concern, Clash]]
    ) -> dict[Broken, tuple[Rule, Concern, Hit]]:
        """Each touch that is refused, and how."""
        layouts = self.layouts
        layouts.longer(layouts.guess())
        while True:
            hits: dict[Broken, tuple[Rule, Concern, Hit]] = {}
            try:
                pieces = Pieces(layouts, self.again)
                left = self._answer(pieces, self._closer(asked), hits)
                self._settle(pieces, [*clashes, *left], hits)
            except LongerError as longer:
                layouts.longer(rounded(longer.lasts + SLACK))
                continue
            except TooMuchError:
                self._say("what several entries do together is more than is followed")
            return hits

    def _answer(
        self,
        pieces: Pieces,
        asked: list[_Asked],
        hits: dict[Broken, tuple[Rule, Concern, Hit]],
    ) -> list[tuple[Concern, Clash]]:
        """Adds what is refused, and says what is not known; but for what remains to be looked at as
        clashes."""
        ranged = any(way.far for way in self.ways)
        remain: list[tuple[Concern, Clash]] = []
        for question, left in asked:
            entry = question.entry
            targets = {c: None for c in left if broken(c, entry) not in hits}
            tried: dict[Concern, int] = {}
            speaks = question.near is not None and any(way.speaks for way in self.ways)
            for silent in (True, False) if speaks else (False,):
                for concern, t, chain in pieces.hits(question, targets, silent=silent):
                    hit = _hit(chain, t)
                    tried[concern] = tried.get(concern, 0) + 1
                    if objects(self, entry, concern, hit):
                        hits[broken(concern, entry)] = entry, concern, hit
                        for other in [c for c in targets if broken(c, entry) in hits]:
                            del targets[other]
                    elif tried[concern] >= TRIES:
                        del targets[concern]
            for concern in left:
                if broken(concern, entry) not in hits and (ranged or concern in tried):
                    if (clash := self._as_clash(question)) is not None:
                        remain.append((concern, clash))
                    else:
                        self._not_proved(entry, concern)
        return remain

    def _as_clash(self, question: Question) -> Clash | None:
        """A question for one other touch, as a clash; None if more are asked for, or answers may
        let one pass."""
        entry, counts = question.entry, question.counts
        by_person = any(not concern.touch.automated for concern in self._concerns)
        if question.limit > 1 or question.unit is not None or question.near is not None:
            return None
        if by_person and entry.answers is not None:
            return None
        return Clash(entry, question.within, lambda _, other: other is not None and counts(other))

    def _settle(
        self,
        pieces: Pieces,
        clashes: list[tuple[Concern, Clash]],
        hits: dict[Broken, tuple[Rule, Concern, Hit]],
    ) -> None:
        """The same of clashes."""
        pairs = Pairs(pieces, self._spreads)
        for concern, clash in clashes:
            entry = clash.entry
            if broken(concern, entry) not in hits:
                for hit in pairs.settle(clash, concern):
                    if hit is not None:
                        hits[broken(concern, entry)] = entry, concern, hit
                    else:
                        self._not_proved(entry, concern)
                    break

    def _not_proved(self, entry: Rule, concern: Concern) -> None:
        self._say(
            f"whether {entry.name} objects to {concern.step.name!r} of a contact who"
            " enters again was not proved: ranges and answers between were tried, not"
            " exhausted"
        )

    def _closer(self, asked: list[_Asked]) -> list[_Asked]:
        """The same without what is excluded when the ways are measured."""
        spreads = [
            measured(one, [way for way in self.ways if way.path is one.way.path], self.layouts)
            for one in self._spreads
        ]
        found: list[_Asked] = []
        for question, left in asked:
            loose = Loose(question, spreads, self.again)
            found.append((question, {concern: None for concern in left if loose.may(concern)}))
        return found

    def _finding(self, entry: Rule, concern: Concern, hit: Hit) -> Finding:
        """The finding of a touch refused beside other entries."""
        key = broken(concern, entry)
        shown = Shown(self, hit, {key}, full=False)
        place, message = shown.refused[key]
        starts = sorted(taken.start for taken in shown.line.taken)
        apart = [in_words(later - one) for one, later in pairwise(starts)]
        if len(set(apart)) == 1:
            apart = apart[:1]
        again = (
            f"enters again after {apart[0]}"
            if len(starts) == 2
            else f"enters {len(starts)} times, {listed(apart, 'and')} apart"
        )
        found = finding_at(
            self.listing.homes[concern.cadence],
            entry.code,
            entry.name,
            entry.effect,
            concern.step.where,
            f"{message}, if the contact {again}",
            cadence=concern.cadence.name,
            step=concern.step.id,
        )
        witness = shown.witness(place, entry, None)
        return replace(found, certainty="sometimes", witness=witness)


def _hit(chain: Chain, t: int) -> Hit:
    """A chain of entries as a time line."""
    sights = [one.sight for one in (chain.own, *chain.others)]
    aim, *others = [sight for sight in sights if sight is not None]
    return Hit(t, aim, others, t)


def _cut_off(path: Path) -> bool:
    """Whether a way comes back to where it has been for so long that it was cut off."""
    lasts = sum(least(leg) for item in path.items for leg in item.stop.legs)
    steps = [item.what for item in path.items if isinstance(item.what, Made)]
    return lasts >= PERIOD and len(set(steps)) < len(steps)


def _looks_back(entry: Rule) -> int:
    """How far back something may lie that an entry objects for."""
    assert entry.spans is not None
    months = (count * _MONTH for count in entry.spans.months)
    return max(entry.looks_back, *entry.spans.elapsed, *months, 0)
