"""The search for objections: which entries object to a step, and whether they do from every start.

What is seen of the runs of a way is brought together (`Seen`), also what is seen behind a range
only; and what cannot be followed is bounded (`Prover.doubt`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Final, NamedTuple

from cadence_guard.cadence import Cadence, Elapsed, Enter, Fan, Handover
from cadence_guard.check import assumptions
from cadence_guard.check.layout import is_range
from cadence_guard.check.paths import Heard, Made, Path, ways
from cadence_guard.check.proof.cuts import changes_of, edges_of
from cadence_guard.check.proof.loops import loops_of
from cadence_guard.check.proof.objections import (
    ALWAYS,
    RANGES,
    SOMETIMES,
    TOO_MUCH,
    Objected,
    Proof,
)
from cadence_guard.check.proof.runs import (
    Cell,
    Counted,
    First,
    Layout,
    Run,
    Spot,
    hanging,
    judged_without,
    longer_streaks,
)
from cadence_guard.check.proof.search import CUT, WORK, Search
from cadence_guard.check.proof.turns import Turns
from cadence_guard.check.proof.work import A_TOUCH, TooMuchError
from cadence_guard.check.ranges import chain_of, ranges_of
from cadence_guard.instants import Zone
from cadence_guard.rules.not_the_holder import NotTheHolder
from cadence_guard.ruleset import Ruleset

_FIRST: Final = 8
"""After so many ways, and that part of the work, it is asked how much all of them will be."""
_FAR: Final = 4
"""So many times the work that may be done is far too much."""


class _Seen(NamedTuple):
    """Where an entry objects to a step."""

    start: int
    zone: Zone
    spot: Spot
    times: tuple[int, ...]


class Prover(Search):
    """Proves one cadence under one ruleset; see `prove`."""

    def __init__(
        self,
        ruleset: Ruleset,
        cadence: Cadence,
        start: int,
        end: int,
        zones: Sequence[Zone] | None,
        others: Mapping[str, Cadence] | None,
    ) -> None:
        super().__init__(ruleset, cadence, start, end, zones, others, WORK)
        self._within = ruleset.answers.within if ruleset.answers is not None else None
        self._turns: dict[tuple[str, str], dict[tuple[Spot, ...], Path]] = {}
        """The touches of each step that are made on one way, and such a way."""
        self._seen: dict[tuple[tuple[str, str], int], _Seen] = {}
        self._doubts: dict[tuple[str, str], int] = {}
        """The entries, as bits, that may object to a step, for all that is known."""
        self._unsure: set[tuple[str, str]] = set()
        self._spent: list[int] = []
        """The work that was done after each of the ways so far."""

    def prove(self) -> Proof:
        """All of it."""
        longest, touches = loops_of(
            self.ruleset, self.cadence, self.others.values(), self.starts.start
        )
        found = ways(
            self.cadence,
            longest=longest,
            touches=touches,
            others=self.others,
            unread=self.judge.unread,
        )
        for reason in found.reasons:
            self.say(reason)
        cut = bool(found.reasons)
        if cut:
            self.work.most //= CUT
        try:
            for path in found.paths:
                self.go(path)
                self._look_ahead(len(found.paths))
        except TooMuchError:
            cut = True
            self.say(TOO_MUCH)
        for step, doubts in self._doubts.items():
            if doubts & ~self._objecting(step):
                self.say(RANGES)
        assumed = dict.fromkeys((*assumptions.in_words(self.cadence), *found.assumes))
        judged = self.work.done
        always = dict.fromkeys(self._turns, 0) if cut else self._always()
        if not cut:  # the turns were counted from nothing
            judged += self.work.done
        return Proof(
            tuple(self._objections(always)),
            tuple(self.incomplete),
            tuple(assumed),
            frozenset(self._unsure),
            judged,
        )

    def _look_ahead(self, paths: int) -> None:
        """Notes the work of a way, one of so many. Raises TooMuchError if those to come would be
        far too much, each as much as the later half of those before it: better soon than late."""
        self._spent.append(self.work.done)
        gone = len(self._spent)
        half = gone // 2
        if gone >= _FIRST and self.work.done > self.work.most // _FIRST:
            later = (self.work.done - self._spent[half - 1]) // (gone - half)
            if self.work.done + later * (paths - gone) > _FAR * self.work.most:
                raise TooMuchError

    # -- one touch --------------------------------------------------------------------------------

    def asked(self, path: Path, touches: Sequence[Spot], new: list[Spot]) -> list[Spot]:
        """Those that are new."""
        turns: dict[tuple[str, str], list[Spot]] = {}
        for spot in touches:
            turns.setdefault(spot.step, []).append(spot)
        for step, made in turns.items():
            self._turns.setdefault(step, {}).setdefault(tuple(made), path)
        return new

    def judge_spot(self, run: Run, spot: Spot, cell: Cell) -> None:
        """Entries that look at the instant alone, and those that look at what was before, change at
        other starts and so are asked at those."""
        self.work.spend(A_TOUCH)
        concern = spot.concern
        always = concern.timed | concern.counted
        if concern.timing:
            index = run.index(spot)
            now, moves = cell.laid.at[index], cell.laid.moves[index]
            for start in edges_of(concern, now, cell) if moves else (cell.start,):
                at = now + start - cell.start if moves else now
                found = self.judge.timing(concern, at, cell.zone)
                always &= found | concern.counted
                run.see(spot, cell, start, found)
        counted = self._counted(run, spot, cell)
        for by, found in counted.first:
            run.see(spot, cell, cell.start + by, found)
        always &= counted.always | concern.timed
        run.always[spot] = run.always.get(spot, -1) & always

    def _counted(self, run: Run, spot: Spot, cell: Cell) -> Counted:
        """What was before a touch brings about. If that is a matter of distances alone, it is the
        same for all cells alike."""
        if not run.plain(spot):
            return self._count(run, spot, cell)
        known = run.alike(cell)
        counted = known.get(spot)
        if counted is None:
            counted = known[spot] = self._count(run, spot, cell)
        return counted

    def _count(self, run: Run, spot: Spot, cell: Cell) -> Counted:
        if spot not in run.streaks:
            run.streaks[spot] = list(longer_streaks(run, spot, self.judge))
        index = run.index(spot)
        always, seen = -1, 0
        first: list[tuple[int, int]] = []
        for start in changes_of(run, spot, cell, self._within):
            times = cell.times(start - cell.start)
            if run.is_over(spot, times):
                spot.ended = True
                if not run.bound:
                    continue
            priors = run.priors(index, start, times)
            self.work.spend(len(priors))
            found = self.judge.counting(spot.concern, times[index], cell.zone, priors)
            always &= found
            found |= _in_streaks(run, spot, times)
            if found & ~seen:
                first.append((start - cell.start, found & ~seen))
                seen |= found
        return Counted(always, first)

    # -- one way ----------------------------------------------------------------------------------

    def conclude(self, layout: Layout, spots: list[Spot]) -> None:
        """Keeps the earliest sight of each objection, and what is always so."""
        for spot in spots:
            for run in layout.whole:
                self._remember(run, spot, -1)
            clock = _clock_between(layout, spot, -1)
            for place in _ranges_before(layout, spot):
                allowed = judged_without(spot, place)
                for run in layout.behind[place]:
                    # Where a clock lies between, no fall of all ranges tells what was before.
                    void = self._remember(run, spot, -1 if clock else allowed) & ~allowed
                    if void and (doubts := void & _let_pass(layout, spot)):
                        self._doubts[spot.step] = self._doubts.get(spot.step, 0) | doubts
        said = {spot: _said(layout, spot) for spot in spots}
        bounds: Layout | None = None
        if any(each.loose for each in said.values()):
            bounds = self.bounds(spots[0].path, layout, spots)
            if bounds is not None:
                self.evaluate(bounds)
        for spot, each in said.items():
            sure = each.loose & _said(bounds, spot).always if bounds is not None else 0
            spot.always = each.always | sure
            if each.unsure or each.loose & ~sure:
                self._unsure.add(spot.step)

    def doubt(self, path: Path, layout: Layout, spots: list[Spot]) -> Callable[[], None] | None:
        """Judges a way by its bounds: to what nothing objects then, nothing does. Without any, each
        entry may object for all that is known."""
        bounds = self.bounds(path, layout, spots)
        if bounds is not None:
            self.evaluate(bounds)
        doubts: dict[tuple[str, str], int] = {}
        unsure: set[tuple[str, str]] = set()
        for spot in spots:
            concern = spot.concern
            always, seen = 0, -1
            if bounds is not None:
                always, seen, *_ = _said(bounds, spot)
            most = reduce(and_, (run.always.get(spot, -1) for run in layout.whole))
            asked = concern.timed | concern.counted
            if layout.reaches(spot.index):  # then it is known when it can be
                asked = concern.counted
                most = most & ~concern.timed | spot.always & concern.timed
                always |= spot.always & concern.timed
            if most & ~always & asked:
                unsure.add(spot.step)
            spot.always = most & always
            doubts[spot.step] = doubts.get(spot.step, 0) | seen & asked

        def note() -> None:
            self._unsure |= unsure
            for step, bits in doubts.items():
                self._doubts[step] = self._doubts.get(step, 0) | bits

        unseen = any(bits & ~self._objecting(step) for step, bits in doubts.items())
        return note if unseen or unsure else None

    def _remember(self, run: Run, spot: Spot, allowed: int) -> int:
        """Keeps the earliest sight of each objection; behind a range only the first. The entries,
        as bits, of which the first sight behind a range is void."""
        void = 0
        for bit, first in run.first.get(spot, {}).items():
            known = self._seen.get((spot.step, bit))
            seen: _Seen | None = None
            if run.origin is None:
                seen = _Seen(first.start, first.zone, spot, first.times)
            elif known is None and bit & allowed:
                seen = self._traced(run, spot, bit, first)
                void |= bit if seen is None else 0
            if seen is not None and (known is None or seen.start < known.start):
                self._seen[spot.step, bit] = seen
        return void

    def _traced(self, run: Run, spot: Spot, bit: int, first: First) -> _Seen | None:
        """An entry from which a stop behind a range comes to lie where an objection was seen; None
        if what was before it makes the objection void."""
        start, every = self.layouts.placed(run, first)
        before = self.layouts.before(spot, start, every)
        found = self.judge.objecting(spot.concern, every[spot.index], first.zone, before)
        return _Seen(start, first.zone, spot, every) if found & bit else None

    def _objecting(self, step: tuple[str, str]) -> int:
        """The entries, as bits, of which an objection to a step was seen, with whatever code."""
        seen = [self.judge.entry_of[bit] for known, bit in self._seen if known == step]
        return sum({self.judge.bit(entry) for entry in seen})

    # -- all ways ---------------------------------------------------------------------------------

    def _always(self) -> dict[tuple[str, str], int]:
        """The entries, as bits, that object to a touch of each step whenever, on any way, some are
        made."""
        turns = Turns(self.judge, self.starts, self.layouts, self.work, self._within)
        found = {step: self._of_step(step, turns) for step in self._turns}
        self._unsure |= turns.unsure
        return found

    def _of_step(self, step: tuple[str, str], turns: Turns) -> int:
        always = self._objecting(step)
        left: list[tuple[tuple[Spot, ...], Path, int]] = []
        for spots, path in self._turns[step].items():
            if len(spots) == 1:
                always &= spots[0].always
            else:
                by_one = reduce(or_, (spot.in_any_case for spot in spots))
                left.append((spots, path, by_one))
        for spots, path, by_one in left:
            if asked := always & ~by_one:
                always &= ~asked | turns.objecting(path, spots, asked)
        return always

    def _objections(self, always: Mapping[tuple[str, str], int]) -> Iterator[Objected]:
        order = {step: place for place, step in enumerate(always)}
        told: set[tuple[tuple[str, str], int, str]] = set()
        for step, bit in sorted(self._seen, key=lambda key: (order[key[0]], key[1])):
            seen = self._seen[step, bit]
            entry, spot = self.judge.entry_of[bit], seen.spot
            at = seen.times[spot.index]
            before = self.layouts.before(spot, seen.start, seen.times)
            case = self.judge.case(spot.concern, at, seen.zone, before)
            said = entry.objection(at, case)
            code, whose = said.code or entry.code, self.judge.bit(entry)
            if (step, whose, code) in told:
                continue  # where it objects first, with whatever code, is where it does with this
            told.add((step, whose, code))
            yield Objected(
                step=spot.concern.step,
                entry=entry,
                code=code,
                name=said.name or entry.name,
                effect=entry.effect,
                certainty=ALWAYS if always[step] & whose else SOMETIMES,
                start=seen.start,
                zone=seen.zone,
                path=spot.path,
                message=said.message,
                cadence=spot.concern.cadence,
                index=spot.index,
                times=seen.times,
            )


class _Said(NamedTuple):
    """What the runs of a way say together of a touch: the entries, as bits, that object whenever it
    is made, those that ever do, and whether more may always do. `loose` are those that do for each
    fall of the ranges that was looked at, and may not for one between."""

    always: int
    seen: int
    unsure: bool
    loose: int


def _said(layout: Layout, spot: Spot) -> _Said:
    """What runs were seen to say."""
    always, seen = -1, 0
    for run in layout.whole:
        always &= run.always.get(spot, -1)
        seen |= sum(run.first.get(spot, ()))
    ranges = _ranges_before(layout, spot)
    whole, placed = always, spot.concern.momentary
    if not _moves_alone(layout, spot, ranges):
        placed |= spot.concern.calendar
    if ranges:
        always &= ~placed
    loose = always & spot.concern.counted if _clock_between(layout, spot, -1) else 0
    always &= ~loose
    for place in ranges:
        allowed = judged_without(spot, place)
        apart = None if spot.path.in_line else layout.behind[place][0].places
        each = -1
        for run in layout.behind[place]:
            each &= run.always.get(spot, -1)
            seen |= sum(run.first.get(spot, ())) & allowed
        if place != ranges[-1]:
            each &= ~placed
            if _clock_between(layout, spot, place):
                each &= ~spot.concern.counted
        always |= each & judged_without(spot, place, apart)
    unsure = bool(whole & ~always & spot.concern.calendar)
    return _Said(always, seen, unsure, loose & ~always)


def _clock_between(layout: Layout, spot: Spot, origin: int) -> bool:
    """Whether a wait that is no elapsed time lies between a touch and what hangs on a range before
    it, as laid out from the entry or from the stop `origin`. Then these may be farther apart for a
    fall between the shortest and the longest, or for one short and one long range, than for
    either. (What hangs on other ranges is the nearer, the later it is, or the earlier.) Likewise if
    one lies behind such a range on another way."""
    stops = layout.stops
    chain = chain_of(stops, spot.index)
    ranged, between = False, False
    for n in chain[chain.index(origin) + 1 if origin >= 0 else 0 :]:
        if not ranged and any(map(is_range, stops[n].legs)):
            beside = {*hanging(stops, n)}.difference(chain, hanging(stops, spot.index))
            if any(not isinstance(leg, Elapsed) for k in beside for leg in stops[k].legs):
                return True
        for leg in stops[n].legs:
            if between and not isinstance(leg, Elapsed):
                return True
            ranged = ranged or is_range(leg)
        between = ranged and (between or not isinstance(spot.path.items[n].what, (Enter, Fan)))
    return False


def _in_streaks(run: Run, spot: Spot, times: Sequence[int]) -> int:
    """The entries, as bits, for whose streak a touch comes too soon, if all that was before a run
    is counted and the stops lie so."""
    index = run.index(spot)
    return sum(bit for bit, gap, last in run.streaks[spot] if times[index] - times[last] < gap)


def _let_pass(layout: Layout, spot: Spot) -> int:
    """The entries, as bits, that let pass a touch, or leave one alone, for what the contact said
    before or for a handoff, but may not do so for every fall of the ranges."""
    window = max(run.window for run in layout.whole)
    before = [item.what for item in spot.path.items[: spot.index]]
    said = [(0, what.kind) for what in before if isinstance(what, Heard)]
    for ago, signal in assumptions.signals(spot.path.cadences[0], fresh=spot.path.fresh):
        said.append((ago, signal.kind))
    found = 0
    for bit, entry in spot.concern.counting:
        lasts = [
            (ago, entry.answers.within)
            for ago, kind in said
            if entry.answers is not None and kind in entry.answers.signals
        ]
        if isinstance(entry, NotTheHolder):
            lasts += [(0, entry.lapses) for what in before if isinstance(what, Handover)]
        if any(ago <= within < ago + window for ago, within in lasts):
            found |= bit
    return found


def _ranges_before(layout: Layout, spot: Spot) -> list[int]:
    """The ranges that a touch hangs on, and behind which it was judged."""
    on = chain_of(layout.stops, spot.index)
    return [place for place, runs in layout.behind.items() if place in on and spot in runs[0].spots]


def _moves_alone(layout: Layout, spot: Spot, ranges: Sequence[int]) -> bool:
    """Whether a touch is the first behind the one range it hangs on, and nothing else hangs on any.
    Then the shortest and the longest tell which days it shares with others, or not; else that is a
    matter of the instant."""
    stops = layout.stops[: spot.index + 1 if layout.whole[0].in_line else None]
    if len(ranges) != 1 or len(ranges_of(stops)) > 1:
        return False
    return not any(
        isinstance(spot.path.items[n].what, Made)
        for n in hanging(stops, ranges[0])
        if n != spot.index
    )
