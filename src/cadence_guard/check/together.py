"""Cadences that one person may be in at once, over all offsets and for any number of them.

The starts of several cadences are free of one another, and to lay out all of them would be to lay
out every combination. So the clock is fixed instead: at an instant t, who has touched the contact
how often in the window that ends there? Each cadence has a most of its own, M(t), over all its
starts and ways, and none of them hinders the others. A cap of N refuses a touch made at t iff its
own cadence's earlier touches and the M(t) of the others come to N. M(t) >= m is a union of
intervals: for each piece of the starts, on which every touch moves along with the start or stands,
m touches in a row lie in the window from when the last of them is made until the first leaves it.

A streak counts all touches and asks besides for one that is near: then one of the cadences brings
that, and the others as many as they can. Gaps, overlap and the baton ask for one other touch only;
at runtime the guard spaces them, so they are told as notes.

Instants at which the clock has been alike for long enough are judged once (`days`). An answer joins
the cadences, since it ends the streak of all of them: there, what the engine does not confirm is
said to be unproved.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate, chain, combinations, compress, pairwise
from typing import Final, NamedTuple, TypeAlias

from cadence_guard.cadence import Cadence, CadenceFile, Enter, Handover, UntilDate, UntilOpen
from cadence_guard.check import assumptions
from cadence_guard.check.days import SLACK, Calendar, Day
from cadence_guard.check.judging import Concern, Judge
from cadence_guard.check.layout import Leg, SinceStart, Stop, Upto, is_range, lay
from cadence_guard.check.paths import Heard, Item, Made, Path, What, ways
from cadence_guard.check.proof import prove
from cadence_guard.check.ranges import Reach, since_start
from cadence_guard.check.report import Finding, Witness, WitnessSignal, WitnessTouch
from cadence_guard.check.shape import finding_at, listed
from cadence_guard.contact import Handoff, Signal
from cadence_guard.decision import Decision
from cadence_guard.engine import raised
from cadence_guard.guard import Guard
from cadence_guard.importers._source import Source
from cadence_guard.instants import (
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    PERIOD,
    SECOND,
    WEEK,
    Zone,
    canonical,
    local_period,
    to_datetime,
    zone,
)
from cadence_guard.lines import Form, form_of
from cadence_guard.policy import Policy
from cadence_guard.rules import RULES, Rule
from cadence_guard.rules._sets import Intervals, merged
from cadence_guard.rules.missed_calls import MissedCalls
from cadence_guard.rules.not_the_holder import NotTheHolder
from cadence_guard.rules.over_cap import OverCap
from cadence_guard.rules.overlapping_cadence import OverlappingCadence
from cadence_guard.rules.pressure import Pressure
from cadence_guard.rules.too_soon import TooSoon
from cadence_guard.rules.unanswered_streak import ENDS, UnansweredStreak
from cadence_guard.ruleset import Ruleset

Broken: TypeAlias = tuple[str, str, Rule]
"""A cadence and a step, by name, and an entry that objects to it."""

INCOMPLETE: Final = ("CG903", "check-incomplete", "note")
NAMED: Final = 3
"""How many of the pairs that were not proved are named."""
TRIES: Final = 100
"""How many time lines are tried where answers join the cadences."""
_LONGEST: Final = {"day": 2 * DAY, "week": 9 * DAY, "month": 33 * DAY}


def prove_together(
    policy: Policy,
    ruleset: Ruleset,
    files: Sequence[tuple[Source, CadenceFile]],
    start: int,
    end: int,
    alone: Collection[Broken] | None = None,
) -> list[Finding]:
    """What the policy objects to when cadences run for one person at once: those that a file's
    `together` lists, and those that the policy lets share; all starts in [start, end)
    (microseconds UTC) of each.

    `alone` is what each of them already breaks by itself, which is not told again; without it, each
    is proved here. `ruleset` is that of the policy. Raises AssertionError if the guard does not
    refuse what was found.
    """
    return _Together(policy, ruleset, files, start, end, alone).findings()


# -- what is asked -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """Do `limit` counted touches lie before one of the targets: in the window of length `within`,
    or in the same calendar `unit`; and, with `near`, one of them so near?"""

    entry: Rule
    limit: int
    within: int
    counts: Callable[[Concern], bool]
    unit: str | None = None
    near: int | None = None
    targets: dict[Concern, None] = field(default_factory=dict)
    """The touches that ask it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Spacing:
    """Can a touch come less than `within` after one of another cadence that it clashes with?"""

    entry: Rule
    within: int
    clashes: Callable[[Concern, Concern], bool]
    targets: dict[Concern, None] = field(default_factory=dict)


def _form(concern: Concern) -> Form:
    missed = concern.step.channel == "call"  # nobody answers one
    outcome = "no_answer" if missed else "sent"
    return form_of(concern.touch.model_copy(update={"outcome": outcome}))


def _counting(entry: Rule, target: Concern) -> Iterator[tuple[Hashable, _Question]]:
    """What an entry asks of a touch; equal keys ask the same."""

    def counts(other: Concern) -> bool:
        return entry.counts(_form(other))

    touch = target.touch
    match entry:
        case OverCap(max=limit, per=per, calendar=unit) if limit:
            to = touch.to if entry.scope == "point" else None
            at_point = counts if to is None else lambda o: o.touch.to == to and counts(o)
            yield to, _Question(entry, limit, per, at_point, unit)
        case MissedCalls(max=limit, per=per) if limit:
            yield None, _Question(entry, limit, per, counts)
        case UnansweredStreak():
            for step in entry.params.steps:
                near = min(step.us, PERIOD)
                yield step.after, _Question(entry, step.after, PERIOD, counts, near=near)
        case Pressure():
            for place, cap in enumerate(entry.caps):
                if cap.max and not set(cap.tags).isdisjoint(touch.tags):
                    yield (
                        place,
                        _Question(
                            entry,
                            cap.max,
                            cap.per.us,
                            lambda o, tags=set(cap.tags): (  # type: ignore[misc]
                                not tags.isdisjoint(o.touch.tags) and counts(o)
                            ),
                        ),
                    )
            if entry.moved and touch.offer is not None and (deadline := touch.deadline):
                offer = touch.offer
                yield (
                    (offer, deadline),
                    _Question(
                        entry,
                        1,
                        PERIOD,
                        lambda o: (
                            o.touch.offer == offer
                            and o.touch.deadline is not None
                            and o.touch.deadline < deadline
                            and counts(o)
                        ),
                    ),
                )
        case _:
            pass


def _spacing(entry: Rule) -> _Spacing | None:
    """What an entry asks of the distance of two touches, if it does."""

    def counts(target: Concern, other: Concern) -> bool:
        return entry.counts(_form(other))

    match entry:
        case TooSoon():
            return _Spacing(entry, entry.gap, counts)
        case MissedCalls() if entry.gap:
            return _Spacing(entry, entry.gap, counts)
        case NotTheHolder():
            return _Spacing(
                entry,
                entry.within,
                lambda t, o: t.touch.team != o.touch.team and counts(t, o),
            )
        case OverlappingCadence():
            return _Spacing(
                entry,
                entry.within,
                lambda t, o: (
                    t.touch.automated
                    and not any(
                        {t.cadence.name, o.cadence.name} <= set(g) for g in entry.params.share
                    )
                    and counts(t, o)
                ),
            )
        case _:
            return None


# -- what is laid out ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A way, or the rest of it behind a range from the stop `origin` on."""

    cadence: Cadence
    path: Path
    stops: tuple[Stop, ...]
    concerns: tuple[Concern | None, ...]
    ends: frozenset[int]
    """The stops at which the contact speaks, so that a streak ends."""
    in_line: bool
    shared: int = 0
    """How many of its first stops are those of another way."""
    origin: int | None = None
    far: bool = False

    @property
    def speaks(self) -> bool:
        """Whether the contact says something on it that ends a streak."""
        return any(
            isinstance(item.what, Heard) and item.what.kind in ENDS for item in self.path.items
        )


@dataclass(slots=True, eq=False)
class _Unit:
    """Cadences of which a person is in one at a time, or that are one: each of their ways."""

    cadences: tuple[Cadence, ...]
    ways: list[_Way]

    @property
    def name(self) -> str:
        return self.cadences[0].name


class _Cell(NamedTuple):
    """Starts from `start` to `last` for which each stop moves along, or stands, and the stops that
    are touches or answers keep their order. `at` is when they are at `start`."""

    start: int
    last: int
    at: list[int]
    moves: list[bool]
    order: list[int]

    def at_last(self, index: int) -> int:
        """When a stop is at the last start."""
        return self.at[index] + (self.last - self.start if self.moves[index] else 0)

    def start_for(self, stop: int, t: int, first: int | None, within: int) -> int:
        """A start at which one stop is at `t`, or not later, and the other one less than `within`
        before `t`: the latest, or if the stop stands a round one."""
        if self.moves[stop]:
            return min(self.last, self.start + t - self.at[stop])
        if first is None:
            return self.last
        low = self.start
        if self.moves[first]:
            low = max(low, low + t - within + 1 - self.at[first])
        return _round_in(low, self.last)

    def moved(self, by: int) -> _Cell:
        """The same starts so much later."""
        at = [at + by if at < NEVER else at for at in self.at]
        return _Cell(self.start + by, self.last + by, at, self.moves, self.order)

    def part(self, start: int, last: int) -> _Cell:
        """Those of the starts from `start` to `last`."""
        by = start - self.start
        at = [at + by if moves else at for at, moves in zip(self.at, self.moves, strict=True)]
        return _Cell(start, last, at, self.moves, self.order)

    def nearer(self, first: int, last: int, within: int) -> bool:
        """Whether two stops can come nearer than that."""
        if self.moves[first] == self.moves[last]:
            return self.at[last] - self.at[first] < within
        return self.at[last] - self.at_last(first) < within


class _Source(NamedTuple):
    """Where something was seen: a stop of a way, for the starts of a cell. `first` is the stop that
    has to lie `within` so much before it; None: as late as it can."""

    way: _Way
    where: Zone
    base: int
    cell: _Cell
    stop: int
    reach: Reach | None
    first: int | None = None
    within: int = 0

    def moved(self, base: int, where: Zone) -> _Source:
        """The same on another day that is alike."""
        way, _, _, cell, stop, reach, first, within = self
        return _Source(way, where, base, cell, stop, reach, first, within)

    def taken(self, t: int) -> _Taken:
        """An entry for which the stop is at `t`, or not later."""
        start = self.cell.start_for(self.stop, t - self.base, self.first, self.within) + self.base
        times = lay(self.way.stops, start, self.where, far=self.way.far).at
        if self.reach is None or self.way.origin is None:
            return _Taken(self.way, start, times, self.stop)
        start, before = self.reach.back(start)
        return _Taken(self.way, start, [*before, *times[1:]], self.stop + self.way.origin)


class _Taken(NamedTuple):
    """A way gone from one entry, up to a stop at least."""

    way: _Way
    start: int
    times: list[int]
    stop: int


class _Seen(NamedTuple):
    """From `low` to `high` (up to `near` with one of them near) the window that ends there can hold
    `many` touches."""

    low: int
    high: int
    near: int
    many: int
    source: _Source


class _Aim(NamedTuple):
    """A touch that can be made from `low` to `high` with `many` touches of its own way before it
    in the window; `near`: one of them near. `loose`: what was before it is not known."""

    low: int
    high: int
    many: int
    near: bool
    loose: bool
    concern: Concern
    source: _Source

    def moved(self, by: int, region: _Region) -> _Aim:
        """The same so much later, as far as it lies in a region."""
        low, high, count, near, loose, concern, source = self
        low, high = max(low + by, region.low), min(high + by, region.high - 1)
        return _Aim(low, high, count, near, loose, concern, source.moved(by, region.where))


class _Hit(NamedTuple):
    """A touch refused at `t`, and what the others did before."""

    t: int
    aim: _Source
    others: list[_Source]
    before: int
    """When the others have made their touches at the latest."""


class _Stretch(NamedTuple):
    """A touch that can be made from `low` to `high`."""

    low: int
    high: int
    source: _Source


class _Part(NamedTuple):
    """What is seen of some cells: by how many touches there are, and by whose turn it is."""

    seen: dict[int, list[_Seen]]
    aims: dict[Concern, list[_Aim]]


_View: TypeAlias = list[tuple[int, _Part]]
"""Parts, and what is to be added to their instants."""


class _Region(NamedTuple):
    """Instants [low, high) in a zone that have to be judged. `usual`: no clocks are changed."""

    where: Zone
    low: int
    high: int
    usual: bool


class _Longer(Exception):
    """A way lasts longer than it was thought to."""

    def __init__(self, lasts: int) -> None:
        self.lasts = lasts


Column: TypeAlias = list[tuple[int, int, int, _Source]]
"""A function of time: (from, to, most, where that is seen)."""


# -- the run -------------------------------------------------------------------------------------


class _Together:
    """The groups of a run; see `prove_together`."""

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
        self._entered = {one: _entered(one, self.names) for one in self.homes}

    def findings(self) -> list[Finding]:
        """Of all groups, and the note about the pairs in none."""
        found: dict[Hashable, Finding] = {}
        groups = self._groups()
        for group in groups:
            for finding in _Group(self, self._units(group)).findings():
                key = (finding.path, finding.cadence, finding.step, finding.code, finding.message)
                found.setdefault(key, finding)
            for one, other in combinations(group, 2):
                if self._hands(one, other) and not self._linked(one, other):
                    found.setdefault(
                        (one, other),
                        self.note(
                            one,
                            f"{one.name!r} and {other.name!r} are joined by a handoff: one follows"
                            " the other, so they were not proved at once",
                        ),
                    )
        return [*found.values(), *self._missing(), *self._not_proved(groups)]

    def note(self, cadence: Cadence, text: str) -> Finding:
        """A note about what was not proved."""
        return finding_at(
            self.homes[cadence], *INCOMPLETE, cadence.where, text, cadence=cadence.name
        )

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

    # -- who is with whom ---------------------------------------------------------------------

    def _groups(self) -> list[tuple[Cadence, ...]]:
        """The groups that are listed or share, as far as they are among the files."""
        listed_: list[tuple[Cadence | None, ...]] = []
        for _, file in self.files:
            names = {**self.names, **{one.name: one for one in file.cadences}}
            listed_ += (tuple(map(names.get, group)) for group in file.together)
        for entry in self.ruleset.entries:
            if isinstance(entry, OverlappingCadence):
                listed_ += (tuple(map(self.names.get, g)) for g in entry.params.share)
        groups: dict[frozenset[Cadence], tuple[Cadence, ...]] = {}
        for group in listed_:
            known = tuple(one for one in group if one is not None and _runs(one))
            if len(known) > 1:
                groups.setdefault(frozenset(known), known)
        return list(groups.values())

    def _linked(self, one: Cadence, other: Cadence) -> bool:
        return other in self._entered[one] or one in self._entered[other]

    def _hands(self, one: Cadence, other: Cadence) -> bool:
        return _hands_over(one, other) or _hands_over(other, one)

    def _units(self, group: Sequence[Cadence]) -> list[tuple[Cadence, ...]]:
        """The group's cadences, those together that are joined."""
        units = [{one} for one in group]
        for one, other in combinations(group, 2):
            if self._linked(one, other) or self._hands(one, other):
                mine = [unit for unit in units if one in unit or other in unit]
                units = [unit for unit in units if unit not in mine] + [set().union(*mine)]
        place = {one: n for n, one in enumerate(group)}
        return sorted((tuple(sorted(unit, key=place.__getitem__)) for unit in units),
                      key=lambda unit: place[unit[0]])  # fmt: skip

    def _missing(self) -> Iterator[Finding]:
        """A note for each name in a `together` that no cadence has."""
        for source, file in self.files:
            names = dict.fromkeys(name for group in file.together for name in group)
            for name in (name for name in names if name not in self.names):
                text = f"{name!r} is not among the cadences checked, so nothing was proved with it"
                yield finding_at(source, *INCOMPLETE, ("together",), text)

    def _not_proved(self, groups: Sequence[Sequence[Cadence]]) -> Iterator[Finding]:
        proved = {frozenset(pair) for group in groups for pair in combinations(group, 2)}
        cadences = [one for _, file in self.files for one in file.cadences if _runs(one)]
        zones = {one: _declared(one) for one in cadences}
        count = 0
        named: list[tuple[Cadence, Cadence]] = []
        for one, other in combinations(cadences, 2):
            kinds = {one.audience.kind, other.audience.kind} - {None}
            mine, theirs = zones[one], zones[other]
            if (
                len(kinds) < 2
                and (mine is None or theirs is None or not mine.isdisjoint(theirs))
                and frozenset((one, other)) not in proved
                and not self._linked(one, other)
                and not self._hands(one, other)
            ):
                count += 1
                if len(named) < NAMED:
                    named.append((one, other))
        if count:
            pairs = ", ".join(f"{one.name!r} and {other.name!r}" for one, other in named)
            more = ", ..." if count > NAMED else ""
            many = "1 pair of cadences" if count == 1 else f"{count} pairs of cadences"
            yield self.note(
                named[0][0],
                f"{many} with a common audience not proved together: {pairs}{more};"
                " list in `together` those that may run for one person at once",
            )


def _runs(cadence: Cadence) -> bool:
    """Whether there is anything to lay out."""
    return cadence.schedule and any(True for _ in cadence.steps)


def _declared(cadence: Cadence) -> frozenset[str] | None:
    """The zones an audience lives in, by their canonical names; None for anywhere."""
    if not cadence.audience.zones and not cadence.audience.countries:
        return None
    return frozenset(canonical(where.name) for where in assumptions.zones_for(cadence))


def _entered(cadence: Cadence, names: dict[str, Cadence]) -> set[Cadence]:
    """The cadences that one enters, and those that these enter."""
    found: set[Cadence] = set()
    todo = [cadence]
    while todo:
        for node in todo.pop().nodes.values():
            other = names.get(node.cadence) if isinstance(node, Enter) else None
            if other is not None and other not in found:
                found.add(other)
                todo.append(other)
    return found


def _hands_over(one: Cadence, other: Cadence) -> bool:
    """Whether one gives the contact to the other's team."""
    return one.team != other.team and any(
        isinstance(node, Handover) and node.to == other.team for node in one.nodes.values()
    )


# -- a group -------------------------------------------------------------------------------------


class _Group:
    """Proves one group."""

    def __init__(self, run: _Together, units: Sequence[tuple[Cadence, ...]]) -> None:
        self.run = run
        self.judge = Judge(run.ruleset, self._say)
        self.calendar = Calendar(run.start)
        self._reasons: dict[str, None] = {}
        self._alone: Collection[Broken] | None = None
        self._marked: dict[Hashable, tuple[list[bool], list[bool]] | None] = {}
        self.cadences = tuple(one for unit in units for one in unit)
        self.judge.cadences = self.cadences
        entries = run.ruleset.entries
        spans = [us for e in entries if e.spans for us in e.spans.elapsed if us < PERIOD]
        self._round = max(*spans, 5 * WEEK, 0)
        self._many = max(
            (s.after for e in entries if isinstance(e, UnansweredStreak) for s in e.params.steps),
            default=0,
        )
        self.units = [_Unit(unit, list(self._ways(unit))) for unit in units]
        self.ways = [way for unit in self.units for way in unit.ways]
        legs = {_inner(leg) for way in self.ways for stop in way.stops for leg in stop.legs}
        self.dated = any(isinstance(leg, UntilDate) for leg in legs)
        clocks = {leg.zone for leg in legs if isinstance(leg, UntilOpen) and leg.zone is not None}
        self.clocks = [zone(name) for name in sorted(clocks)]
        declared = {
            canonical(where.name): where
            for one in self.cadences
            for where in assumptions.zones_for(one)
        }
        self.zones = {
            where: present
            for where in declared.values()
            if len(present := self._present(where)) > 1
        }
        self.window = 0
        self._clear()

    def _say(self, reason: str) -> None:
        self._reasons[reason] = None

    def _clear(self) -> None:
        self._cells: dict[Hashable, list[_Cell]] = {}
        self._parts: dict[Hashable, _Part] = {}
        self._regions: dict[tuple[int, bool], list[_Region]] = {}
        self._mosts: dict[_Question, list[tuple[int, dict[Broken | None, int]]]] = {}
        self._reaches: dict[Hashable, Reach] = {}
        self._told_apart: dict[Hashable, list[tuple[Day, Hashable]]] = {}

    def _present(self, where: Zone) -> tuple[int, ...]:
        """The units that people of a zone can be in."""
        return tuple(
            n
            for n, unit in enumerate(self.units)
            if any(
                (zones := _declared(one)) is None or canonical(where.name) in zones
                for one in unit.cadences
            )
        )

    # -- ways ---------------------------------------------------------------------------------

    def _ways(self, unit: tuple[Cadence, ...]) -> Iterator[_Way]:
        for one in unit:
            for reading in (one, one.other):
                if reading is not None:
                    found = ways(
                        reading, longest=self._round, touches=self._many, others=self.run.names
                    )
                    for path, shared in _distinct(found.paths):
                        yield from self._ways_of(reading, path, shared)

    def _ways_of(self, cadence: Cadence, path: Path, shared: int) -> Iterator[_Way]:
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
        whole = _Way(cadence, path, stops, concerns, frozenset(ends), in_line, shared)
        yield whole
        ranges = [place for place, stop in enumerate(stops) if any(map(is_range, stop.legs))]
        if not ranges:
            return
        yield replace(whole, far=True)
        if not in_line or since_start(stops, ranges[0]):
            self._say(
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

    # -- all of it ----------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """The findings of the group, then its notes."""
        if not self.zones:
            return
        questions, spacings = self._questions()
        self.window = self._guess()
        while True:
            hits: dict[Broken, tuple[_Question, Concern, _Hit]] = {}
            noted: list[tuple[_Spacing, Concern, _Hit, int]] = []
            try:
                self._answer(questions, hits)
                for spacing in spacings:
                    noted += self._nearest(spacing)
                break
            except _Longer as longer:
                self.window = _rounded(longer.lasts + SLACK)
                self._clear()
        told: dict[Broken, Finding] = {}
        # the fullest time lines first: what else they show need not be shown by others
        for key, (_, _, hit) in sorted(hits.items(), key=lambda item: -item[1][0].limit):
            if key not in told:
                full = len(hit.others) == 1
                wanted = hits.keys() - told.keys() if full else {key}
                shown = _Shown(self, hit, wanted, full=full)
                for each in shown.refused:
                    told[each] = self._finding(hits[each][1], each, shown, questions)
        yield from (told[key] for key in hits)
        for spacing, concern, hit, apart in noted:
            yield self._spaced(spacing, concern, hit, apart)
        for reason in self._reasons:
            yield self.run.note(self.cadences[0], reason)

    def _questions(self) -> tuple[list[_Question], list[_Spacing]]:
        """What is asked of the touches of all ways."""
        questions: dict[Hashable, _Question] = {}
        spacings: dict[Rule, _Spacing | None] = {}
        concerns = dict.fromkeys(c for way in self.ways for c in way.concerns if c is not None)
        for concern in concerns:
            for _, entry in concern.entries:
                if type(entry) is not RULES.get(entry.name):
                    self._say(
                        f"rule {entry.name!r} is somebody's own: what it says of cadences together"
                        " was not proved"
                    )
                    continue
                for key, asked in _counting(entry, concern):
                    question = questions.setdefault((entry, key), asked)
                    question.targets[concern] = None
                if entry not in spacings:
                    spacings[entry] = _spacing(entry)
                if (spacing := spacings[entry]) is not None:
                    spacing.targets[concern] = None
        return list(questions.values()), [each for each in spacings.values() if each is not None]

    def _guess(self) -> int:
        """How long the longest way lasts: as long as it does in one week, and a little more."""
        where = next(iter(self.zones))
        lasts = 0
        for way in self.ways:
            if way.origin is None:
                for day in range(7):
                    start = self.run.start + day * DAY
                    laid = lay(way.stops, start, where, far=way.far).at
                    lasts = max(lasts, *(at - start for at in laid if at < NEVER), 0)
        return _rounded(lasts + DAY + SLACK)

    # -- time ---------------------------------------------------------------------------------

    def _time(self, back: int, dated: bool) -> list[_Region]:
        """The instants that have to be judged by who looks so far back: of the days alike one, if
        there is one before which all can have started; those with no change of clocks first."""
        back += self.window
        if (known := self._regions.get((back, dated))) is not None:
            return known
        start, end = self.run.start, self.run.end
        alike: dict[Hashable, list[_Region]] = {}
        for where, present in self.zones.items():
            t = start
            while t < end + self.window:
                border = local_period(t, "day", where)[1]
                local, changes = self.calendar.alike(where, t - back, border, SLACK)
                others = tuple(
                    self.calendar.alike(clock, t - back, border, SLACK) for clock in self.clocks
                )
                key = (
                    present,
                    border - t,
                    (local, changes, others, (where, t) if dated else None),
                )
                whole = t - back >= start and border <= end
                day = _Region(where, t, border, not changes)
                members = alike.setdefault(key, [])
                if not (members and self._whole(members[0], back)):
                    if whole:
                        members.clear()
                    members.append(day)
                t = border
        found: list[_Region] = []
        for day in sorted(chain.from_iterable(alike.values()), key=lambda d: (d[0].name, d.low)):
            last = found[-1] if found else None
            if (
                last
                and last.where is day.where
                and (last.high, last.usual) == (day.low, day.usual)
                and day.high - last.low <= WEEK + DAY
            ):
                found[-1] = last._replace(high=day.high)
            else:
                found.append(day)
        # first where most can have started
        found.sort(key=lambda region: (not region.usual, abs(end - region.high)))
        self._regions[back, dated] = found
        return found

    def _whole(self, day: _Region, back: int) -> bool:
        return day.low - back >= self.run.start and day.high <= self.run.end

    def _starts(self, way: _Way, where: Zone, low: int, high: int) -> Intervals:
        """The instants of [low, high) at which a way can begin."""
        low, high = max(low, self.run.start), min(high, self.run.end)
        zones = _declared(way.path.cadences[0])
        if low >= high or not (zones is None or canonical(where.name) in zones):
            return []
        hours = None if way.path.fresh else way.cadence.entry_hours
        if hours is None:
            return [(low, high)]
        found: Intervals = []
        while low < high:
            opens, closes = hours.next_open(low, (where,))
            if opens < high:
                found.append((opens, min(closes, high)))
            low = closes
        return found

    # -- cells --------------------------------------------------------------------------------

    def _placed(
        self, way: _Way, region: _Region, back: int
    ) -> Iterator[tuple[Hashable, int, list[_Cell], Reach | None]]:
        """The cells of a way whose touches can matter to a region, in parts: (what is alike has an
        equal key, to be added to all instants, cells, how the instants are reached)."""
        where = region.where
        starts = self._starts(way, where, region.low - back - self.window, region.high)
        if not starts:
            return
        if way.origin is not None:
            rest = (way.path, way.origin, region, back)
            if rest not in self._reaches:
                stops = [item.stop for item in way.path.items[: way.origin + 1]]
                self._reaches[rest] = Reach(stops, starts, where)
            reach = self._reaches[rest]
            for low, high in reach.instants:
                low = max(low, region.low - back - self.window)
                yield None, 0, list(_cells(way, where, low, min(high, region.high))), reach
            return
        for day, alike in self._days(where, starts):
            key = (way, alike)
            cells_ = self._cells.get(key)
            if cells_ is None:
                cells_ = [cell.moved(-day.start) for cell in _cells(way, where, day.start, day.end)]
                lasts = max((cell.at_last(n) for cell in cells_ for n in cell.order), default=0)
                if lasts + SLACK > self.window:
                    raise _Longer(lasts)
                self._cells[key] = cells_
            yield key, day.start, cells_, None

    def _within(self, question: _Question) -> int:
        """How long the window of a question has to be: since the starts are free and every way
        makes its touches in a time it does not exceed, none need have been made much longer ago."""
        if question.within < PERIOD or self.dated:
            return question.within
        return min(question.within, self.window + 15 * DAY)

    def _days(self, where: Zone, starts: Intervals) -> list[tuple[Day, Hashable]]:
        """The days of some starts, and what those alike have in common."""
        known = (where, tuple(starts))
        if known not in self._told_apart:
            self._told_apart[known] = [
                (
                    day,
                    (
                        day.alike,
                        tuple(
                            self.calendar.alike(clock, day.start, day.end, self.window)
                            for clock in self.clocks
                        ),
                        (where, day.start) if self.dated else None,
                    ),
                )
                for day in self.calendar.days([(where, starts)], self.window)
            ]
        return self._told_apart[known]

    def _view(self, question: _Question, unit: _Unit, region: _Region, *, silent: bool) -> _View:
        """What of a unit a question sees in a region."""
        view: _View = []
        within = self._within(question)
        for way in unit.ways:
            marks = self._marks(question, way)
            if marks is None or (silent and question.near is not None and way.speaks):
                continue
            for key, base, cells, reach in self._placed(way, region, _back(question, within)):
                part = None
                if key is not None:
                    key = (question, key, base if question.unit == "month" else None)
                    part = self._parts.get(key)
                if part is None:
                    part = _Part({}, {})
                    for cell in cells:
                        source = _Source(way, region.where, base, cell, -1, reach)
                        _look(question, within, source, *marks, part)
                    if key is not None:
                        self._parts[key] = part
                view.append((base, part))
        return view

    def _marks(self, question: _Question, way: _Way) -> tuple[list[bool], list[bool]] | None:
        """Which stops of a way are counted, and which are targets; None if there are neither."""
        key = (question, way)
        if key not in self._marked:
            counted = [c is not None and question.counts(c) for c in way.concerns]
            aimed = [c is not None and c in question.targets for c in way.concerns]
            self._marked[key] = (counted, aimed) if any(counted) or any(aimed) else None
        return self._marked[key]

    def _may(self, question: _Question, key: Broken) -> bool:
        """Whether a target can be refused at all, if all others came at the worst instant."""
        if question not in self._mosts:
            self._mosts[question] = [self._bounds(question, unit) for unit in self.units]
        bounds = self._mosts[question]
        total = sum(seen for seen, _ in bounds)
        return any(key in own and own[key] + total - seen >= question.limit for seen, own in bounds)

    def _bounds(self, question: _Question, unit: _Unit) -> tuple[int, dict[Broken | None, int]]:
        """The most touches of a unit in a window, and before each target of its own."""
        most = 0
        own: dict[Broken | None, int] = {}
        within = self._within(question)
        for way in unit.ways:
            marks = self._marks(question, way)
            if marks is None:
                continue
            counted, aimed = marks
            keys = [_broken(c, question.entry) if c else None for c in way.concerns]
            if way.origin is not None or question.unit is not None:
                most = max(most, sum(counted))
                own.update(dict.fromkeys(compress(keys, aimed), len(way.stops)))
                continue
            for cell in self._unlike(way):
                before: list[int] = []
                low = 0
                for n in cell.order:
                    while low < len(before) and not cell.nearer(before[low], n, within):
                        low += 1
                    if aimed[n]:
                        key = keys[n]
                        own[key] = max(own.get(key, 0), len(before) - low)
                    if counted[n]:
                        before.append(n)
                        most = max(most, len(before) - low)
        return most, own

    def _unlike(self, way: _Way) -> Iterator[_Cell]:
        """Every cell of a way, those alike once."""
        seen: set[Hashable] = set()
        for where in self.zones:
            region = _Region(where, self.run.start, self.run.end, False)
            for key, _, cells, _ in self._placed(way, region, 0):
                if key not in seen:
                    seen.add(key)
                    yield from cells

    def _most(self, question: _Question, unit: _Unit) -> int:
        """How many touches of a way are counted at most."""
        marks = (self._marks(question, way) for way in unit.ways)
        return max((sum(each[0]) for each in marks if each is not None), default=0)

    # -- caps, pressure, streaks --------------------------------------------------------------

    def _answer(
        self, questions: Sequence[_Question], hits: dict[Broken, tuple[_Question, Concern, _Hit]]
    ) -> None:
        """Finds for each target that can be refused an instant at which it is."""
        for question in questions:
            left = {
                key
                for concern in question.targets
                if (key := _broken(concern, question.entry)) not in hits and key not in self.alone
            }
            if sum(self._most(question, unit) for unit in self.units) < question.limit:
                continue
            doubted: set[Broken] = set()
            within = _back(question, self._within(question))
            regions = self._time(within, self.dated or question.unit == "month")
            for number, region in enumerate(regions):
                if number == 1:  # before all the others are looked at
                    left = {key for key in left if self._may(question, key)}
                if not left:
                    break
                for silent in (True, False):  # where nobody speaks it is exact
                    if left and (silent or not self._exact(question)):
                        found = self._ask(question, region, left, doubted, silent=silent)
                        for key, (concern, hit) in found.items():
                            hits[key] = (question, concern, hit)
                            left.discard(key)
            for cadence, step, entry in sorted(doubted & left, key=lambda key: key[:2]):
                self._say(
                    f"whether {entry.name} objects to {step!r} of {cadence!r} beside the others"
                    " was not proved: ranges and answers between them were tried, not exhausted"
                )

    def _ask(
        self,
        question: _Question,
        region: _Region,
        left: set[Broken],
        doubted: set[Broken],
        *,
        silent: bool,
    ) -> dict[Broken, tuple[Concern, _Hit]]:
        """The targets that can be refused in a region, each with as few others as can be. `silent`:
        on ways on which the contact says nothing that ends a streak."""
        views = {
            n: self._view(question, self.units[n], region, silent=silent)
            for n in self.zones[region.where]
        }
        table = _Table(views, region, near=question.near is not None)
        found: dict[Broken, tuple[Concern, _Hit]] = {}
        exact = self._exact(question, silent=silent)
        tried: dict[Broken, int] = {}
        done: set[Broken] = set()
        wanted = [c for c in question.targets if _broken(c, question.entry) in left]
        for unit, view in views.items():
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
                key = _broken(aim.concern, question.entry)
                if key in done:
                    continue
                need = max(question.limit - aim.many, 1)
                for hit in table.hits(unit, aim, need, every=not exact):
                    if key in found and len(found[key][1].others) <= len(hit.others):
                        continue
                    if not exact:
                        doubted.add(key)
                        tried[key] = tried.get(key, 0) + 1
                        if tried[key] > TRIES:
                            break
                        if not self._objects(question.entry, aim.concern, hit):
                            continue
                    found[key] = (aim.concern, hit)
                    if len(hit.others) == 1:
                        done.add(key)
                        break
                if aim.loose and key not in found:
                    need = max(question.limit - own[aim.concern], 1)
                    if table.hits(unit, aim._replace(near=True), need, every=False):
                        doubted.add(key)
        return found

    def _exact(self, question: _Question, *, silent: bool = False) -> bool:
        """Whether what one cadence does cannot change what another one's touches count for."""
        if question.near is not None and self._spoken(ENDS, silent=silent):
            return False
        return not self._answered(question.entry, question.targets)

    def _answered(self, entry: Rule, targets: Iterable[Concern]) -> bool:
        """Whether a touch by a person may be an answer."""
        terms = entry.answers
        return (
            terms is not None
            and any(not concern.touch.automated for concern in targets)
            and self._spoken(terms.signals)
        )

    def _spoken(self, kinds: Collection[str], *, silent: bool = False) -> bool:
        """Whether the contact may say something of these kinds, recently enough to matter: before
        they enter, or unless `silent` on their ways."""
        return any(
            signal.kind in kinds and ago < PERIOD
            for cadence in self.cadences
            for ago, signal in assumptions.signals(cadence)
        ) or any(
            isinstance(item.what, Heard) and item.what.kind in kinds
            for way in ([] if silent else self.ways)
            for item in way.path.items
        )

    # -- gaps, overlap, the baton -------------------------------------------------------------

    def _nearest(self, spacing: _Spacing) -> Iterator[tuple[_Spacing, Concern, _Hit, int]]:
        """For each pair of units how near a touch of one can come after one of the other, if that
        is too near."""
        handed = isinstance(spacing.entry, NotTheHolder) and any(
            isinstance(item.what, Handover) for way in self.ways for item in way.path.items
        )
        exact = not handed and not self._answered(spacing.entry, spacing.targets)
        left = list(combinations(range(len(self.units)), 2))
        tried = 0
        for region in self._time(spacing.within, self.dated):
            present = [pair for pair in left if set(pair) <= set(self.zones[region.where])]
            made = {
                n: self._made(self.units[n], region, spacing.within)
                for n in {n for pair in present for n in pair}
            }
            for one, other in present:
                for apart, concern, hit in _nearest_of(
                    chain(
                        _pairs(spacing, made[one], made[other], region),
                        _pairs(spacing, made[other], made[one], region),
                    ),
                    1 if exact else TRIES,
                ):
                    if exact or self._objects(spacing.entry, concern, hit):
                        yield spacing, concern, hit, apart
                        left.remove((one, other))
                        break
                    tried += 1
        if (tried or handed) and left:
            pairs = [f"{self.units[a].name!r} and {self.units[b].name!r}" for a, b in left]
            self._say(
                f"whether {spacing.entry.name} keeps {listed(pairs, 'or')} apart was not proved:"
                " a handoff or an answer may come between"
            )

    def _made(self, unit: _Unit, region: _Region, within: int) -> dict[Concern, list[_Stretch]]:
        """When each touch of a unit can be made, in a region and so long before it."""
        made: dict[Concern, list[_Stretch]] = {}
        for way in unit.ways:
            for _, base, cells, reach in self._placed(way, region, within):
                for cell in cells:
                    for n in cell.order:
                        concern = way.concerns[n] if n >= way.shared else None
                        low, high = base + cell.at[n], base + cell.at_last(n)
                        if concern and high > region.low - within and low < region.high:
                            source = _Source(way, region.where, base, cell, n, reach, n)
                            made.setdefault(concern, []).append(_Stretch(low, high, source))
        for stretches in made.values():
            stretches.sort(key=lambda each: each.low)
        return made

    # -- time lines ---------------------------------------------------------------------------

    @property
    def alone(self) -> Collection[Broken]:
        """What the cadences break by themselves."""
        if self._alone is None:
            self._alone = self.run.known(self.cadences)
        return self._alone

    def _objects(self, entry: Rule, concern: Concern, hit: _Hit) -> bool:
        """Whether an entry objects to a touch that was hit."""
        line = _Line(hit)
        priors = [(at, self.judge.kind(what)) for at, what, _ in line.events[: line.aimed]]
        case = self.judge.case(concern, hit.t, hit.aim.where, priors)
        return entry.next_open(hit.t, case)[0] > hit.t

    def _finding(
        self, concern: Concern, key: Broken, shown: _Shown, questions: Sequence[_Question]
    ) -> Finding:
        """The finding of a touch refused beside other cadences."""
        entry = key[2]
        place, message = shown.refused[key]
        mine = shown.line.events[place][2]
        others = [
            repr(taken.way.cadence.name)
            for number, taken in enumerate(shown.line.taken)
            if number != mine
        ]
        found = self._at(entry, concern, f"{message}, together with {listed(others, 'and')}")
        offset = next(
            (
                offset
                for question in questions
                if question.entry is entry and concern in question.targets
                if (offset := self._offset(question, shown, place)) is not None
            ),
            None,
        )
        return replace(found, effect=entry.effect, witness=shown.witness(place, entry, offset))

    def _spaced(self, spacing: _Spacing, concern: Concern, hit: _Hit, apart: int) -> Finding:
        """The note about two cadences that can come too near to each other."""
        entry = spacing.entry
        key = _broken(concern, entry)
        shown = _Shown(self, hit, {key}, full=False)
        place, message = shown.refused[key]
        names = [repr(s.way.cadence.name) for s in (*hit.others, hit.aim)]
        how = f"within {_words(apart)} of each other" if apart else "at the same instant"
        text = f"{' and '.join(names)} can come {how}: {message}; at runtime the guard spaces them"
        return replace(self._at(entry, concern, text), witness=shown.witness(place, entry, None))

    def _at(self, entry: Rule, concern: Concern, message: str) -> Finding:
        return replace(
            finding_at(
                self.run.homes[concern.cadence],
                entry.code,
                entry.name,
                "note",
                concern.step.where,
                message,
                cadence=concern.cadence.name,
                step=concern.step.id,
            ),
            certainty="sometimes",
        )

    def _offset(self, question: _Question, shown: _Shown, place: int) -> tuple[float, float] | None:
        """The least and greatest distance of two starts, around the one found, for which a touch is
        refused likewise, the first one being where it is; None for more than two cadences, behind
        ranges, where answers join them, and for what looks back 400 days."""
        line = shown.line
        t, _, number = line.events[place]
        if len(line.taken) != 2 or not self._exact(question) or question.within >= PERIOD:
            return None
        aim, other = line.taken[number], line.taken[1 - number]
        if _ranged(aim.way) or _ranged(other.way):
            return None
        counted = [
            n for n, c in enumerate(other.way.concerns) if c is not None and question.counts(c)
        ]
        mine = [
            at
            for at, what, whose in line.events[:place]
            if whose == number and isinstance(what, Made)
            if (c := self.judge.concern(what)) is not None and question.counts(c)
        ]
        parts: list[tuple[int, int, bool]] = []
        where = line.where
        region = _Region(where, t, t + 1, False)
        for _, base, cells, _ in self._placed(other.way, region, _back(question, question.within)):
            for cell in cells:
                parts += _parts(question, cell.moved(base), counted, mine, t, where)
        here = bisect_right(parts, other.start, key=lambda part: part[0]) - 1
        if not parts[here][2]:
            return None  # it is another of the entry's questions that holds here
        first, last = parts[here][:2]
        for low, high, holds in reversed(parts[:here]):
            if not holds or high != first - 1:
                break
            first = low
        for low, high, holds in parts[here + 1 :]:
            if not holds or low != last + 1:
                break
            last = high
        if aim.start <= other.start:
            return (first - aim.start) / SECOND, (last - aim.start) / SECOND
        return (aim.start - last) / SECOND, (aim.start - first) / SECOND


# -- helpers -------------------------------------------------------------------------------------


def _broken(concern: Concern, entry: Rule) -> Broken:
    return concern.cadence.name, concern.step.name, entry


def _inner(leg: Leg) -> Leg:
    return leg.wait if isinstance(leg, (SinceStart, Upto)) else leg


def _ranged(way: _Way) -> bool:
    return any(is_range(leg) for item in way.path.items for leg in item.stop.legs)


def _distinct(paths: Sequence[Path]) -> list[tuple[Path, int]]:
    """Ways, each with how many of its stops an earlier one has as well; none that a longer one
    begins like, since who goes round a loop once more has gone round. Where the contact may speak,
    a way on which they do not is one of its own."""
    if any(isinstance(item.what, Heard) for path in paths for item in path.items):
        return [(path, 0) for path in paths]
    known: dict[tuple[int, Item], int] = {}
    ended: dict[int, Path] = {}
    for path in paths:
        place = -1 - path.fresh
        for item in path.items:
            place = known.setdefault((place, item), len(known))
        ended[place] = path
    inner = {place for place, _ in known}
    seen: set[int] = set()
    found: list[tuple[Path, int]] = []
    for end, path in ended.items():
        if end not in inner:
            place, shared = -1 - path.fresh, 0
            for item in path.items:
                place = known[place, item]
                shared += place in seen
                seen.add(place)
            found.append((path, shared))
    return found


def _rounded(lasts: int) -> int:
    return -(-lasts // (8 * DAY)) * 8 * DAY


def _back(question: _Question, within: int) -> int:
    """How far a question looks back."""
    return within if question.unit is None else _LONGEST[question.unit]


def _words(us: int) -> str:
    """A length of time as policies write it."""
    for letter, unit in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if us % unit == 0:
            return f"{us // unit}{letter}"
    return f"{us / SECOND:g}s"


def _round_in(low: int, high: int) -> int:
    """An instant from `low` to `high`: the first whole hour, minute or second there is."""
    for unit in (HOUR, MINUTE, SECOND):
        if (whole := -(-low // unit) * unit) <= high:
            return whole
    return low


def _cells(way: _Way, where: Zone, low: int, high: int) -> Iterator[_Cell]:
    """The pieces of the starts in [low, high)."""
    while low < high:
        laid = lay(way.stops, low, where, far=way.far)
        border = min(laid.border, high)
        kept = [
            n
            for n, at in enumerate(laid.at)
            if at < NEVER and (way.concerns[n] is not None or n in way.ends)
        ]
        cuts = {low}
        if not way.in_line:  # one stop may overtake another
            for one, other in combinations(kept, 2):
                if laid.moves[one] != laid.moves[other]:
                    apart = laid.at[other] - laid.at[one]
                    meet = low + (apart if laid.moves[one] else -apart)
                    cuts.update(cut for cut in (meet, meet + 1) if low < cut < border)
        piece = _Cell(low, border - 1, laid.at, laid.moves, [])
        for cut, following in pairwise((*sorted(cuts), border)):
            cell = piece.part(cut, following - 1)
            yield cell._replace(order=sorted(kept, key=lambda n: (cell.at[n], n)))
        low = border


def _look(
    question: _Question,
    within: int,
    source: _Source,
    counted: Sequence[bool],
    aimed: Sequence[bool],
    part: _Part,
) -> None:
    """What a question sees in a cell: the touches counted, and those that are aimed at. More than
    its limit need not be seen."""
    if question.unit is not None:
        _look_by_period(question.unit, source, counted, part)
        return
    cell, way = source.cell, source.way
    near = question.near
    before: list[int] = []
    for n in cell.order:
        if near is not None and n in way.ends:
            before.clear()
        at, at_last = cell.at[n], cell.at_last(n)
        here = source._replace(stop=n, first=n, within=within)
        if aimed[n] and n >= way.shared:
            concern = way.concerns[n]
            assert concern is not None
            loose = n == 0 and way.origin is not None
            aims = [_Aim(at, at_last, 0, near is None, loose, concern, here)]
            for count, first in enumerate(before[: -question.limit : -1], 1):
                if not cell.nearer(first, n, within):
                    break
                high = min(at_last, cell.at_last(first) + within - 1)
                since = here._replace(first=first if near is None else None)
                aim = _Aim(at, high, count, near is None, False, concern, since)
                if high == aims[-1].high:
                    aims.pop()  # as long, and with more
                aims.append(aim)
            if near is not None and before and cell.nearer(before[-1], n, near):
                high = cell.at_last(before[-1]) + near - 1
                aims += [a._replace(high=min(a.high, high), near=True) for a in aims if a.many]
            part.aims.setdefault(concern, []).extend(aims)
        if counted[n]:
            before.append(n)
            counts = before[: -question.limit - 1 : -1] if n >= way.shared else ()
            for count, first in enumerate(counts, 1):
                if not cell.nearer(first, n, within):
                    break
                high = cell.at_last(first) + within - 1
                soon = high if near is None else min(high, at_last + near - 1)
                seen = _Seen(at, high, soon, count, here._replace(first=first))
                part.seen.setdefault(count, []).append(seen)


def _look_by_period(unit: str, source: _Source, counted: Sequence[bool], part: _Part) -> None:
    """The same for a calendar unit: a cell is cut where a touch comes into another one. A cap has
    an eye on what it counts."""
    way, base, where = source.way, source.base, source.where
    used = [n for n in source.cell.order if counted[n]]
    for cell in _by_borders(source.cell.moved(base), used, unit, where):
        before: dict[int, int] = {}
        for n in used:
            concern = way.concerns[n]
            assert concern is not None
            at, at_last = cell.at[n], cell.at_last(n)
            number, _ = local_period(at, unit, where)
            here = source._replace(cell=cell.moved(-base), stop=n, first=n)
            loose = n == 0 and way.origin is not None
            many = before.get(number, 0)
            aim = _Aim(at - base, at_last - base, many, True, loose, concern, here)
            part.aims.setdefault(concern, []).append(aim)
            before[number] = many + 1
            for first, end in _rest_of(at, unit, where):
                low, high = first - base, end - 1 - base
                seen = _Seen(low, high, high, many + 1, here)
                part.seen.setdefault(many + 1, []).append(seen)


def _by_borders(cell: _Cell, used: Sequence[int], unit: str, where: Zone) -> Iterator[_Cell]:
    """A cell by parts, in each of which no touch comes into another period."""
    cuts = {cell.start}
    for n in used:
        if cell.moves[n]:
            t = local_period(cell.at[n], unit, where)[1]
            while t <= cell.at_last(n):
                cuts.add(cell.start + t - cell.at[n])
                t = local_period(t, unit, where)[1]
    for low, following in pairwise((*sorted(cuts), cell.last + 1)):
        yield cell.part(low, following - 1)


def _rest_of(t: int, unit: str, where: Zone) -> Intervals:
    """What is left of a local day, week or month from `t` on: more than one stretch if the clocks
    are set back over midnight."""
    number, border = local_period(t, unit, where)
    found = [(t, border)]
    outside = border
    while border < outside + DAY:
        t = border
        now, border = local_period(t, unit, where)
        if now == number:
            if found[-1][1] == t:
                found[-1] = (found[-1][0], border)
                outside = border
            else:
                found.append((t, border))
    return found


def _parts(
    question: _Question,
    cell: _Cell,
    counted: Sequence[int],
    mine: Sequence[int],
    t: int,
    where: Zone,
) -> Iterator[tuple[int, int, bool]]:
    """The starts of a cell by parts, and whether a touch at `t` is refused there: with some touches
    before it, and those that are counted of this cell's way."""
    unit = question.unit
    moving = [n for n in counted if cell.moves[n] and cell.at[n] < NEVER]
    cuts = {cell.start}
    for n in moving:
        cuts.add(cell.start + t + 1 - cell.at[n])
        if unit is None:
            cuts.add(cell.start + t + 1 - question.within - cell.at[n])
    if unit is not None:
        cuts.update(part.start for part in _by_borders(cell, moving, unit, where))
    now = 0 if unit is None else local_period(t, unit, where)[0]
    inside = sorted(cut for cut in cuts if cell.start <= cut <= cell.last)
    for low, following in pairwise((*inside, cell.last + 1)):
        at = cell.part(low, following - 1).at
        times = [*mine, *(at[n] for n in counted)]
        if unit is None:
            count = sum(t - question.within < at <= t for at in times)
        else:
            count = sum(at <= t and local_period(at, unit, where)[0] == now for at in times)
        yield low, following - 1, count >= question.limit


def _pairs(
    spacing: _Spacing,
    aims: Mapping[Concern, list[_Stretch]],
    others: Mapping[Concern, list[_Stretch]],
    region: _Region,
) -> Iterator[tuple[int, Concern, _Hit]]:
    """For each two touches that clash the nearest that one can come after the other, if that is
    too near: (how near, the later touch, how)."""
    for other, before in others.items():
        lows = [each.low for each in before]
        latest = list(accumulate(before, _later))
        for concern in spacing.targets:
            best: tuple[int, Concern, _Hit] | None = None
            for aim in aims.get(concern, ()) if spacing.clashes(concern, other) else ():
                low, high = max(aim.low, region.low), min(aim.high, region.high - 1)
                place = bisect_right(lows, high) - 1
                if low > high or place < 0:
                    continue
                last = latest[place]
                apart = max(0, low - last.high)
                if apart < spacing.within and (best is None or apart < best[0]):
                    t = max(low, last.low)
                    source = last.source
                    best = apart, concern, _Hit(t, aim.source, [source], min(t, last.high))
                    if not apart:
                        break
            if best is not None:
                yield best


def _nearest_of(
    pairs: Iterable[tuple[int, Concern, _Hit]], number: int
) -> list[tuple[int, Concern, _Hit]]:
    """So many of the nearest pairs; nothing is nearer than the same instant."""
    best: list[tuple[int, Concern, _Hit]] = []
    for pair in pairs:
        best.append(pair)
        if number == 1 and not pair[0]:
            return [pair]
    return sorted(best, key=lambda pair: pair[0])[:number]


def _later(one: _Stretch, other: _Stretch) -> _Stretch:
    """The one that ends later."""
    return other if other.high > one.high else one


class _Table:
    """How many touches each unit can have made before each instant of a region."""

    def __init__(
        self,
        views: Mapping[int, _View],
        region: _Region,
        *,
        near: bool,
    ) -> None:
        columns = {n: _column(view, region, soon=False) for n, view in views.items()}
        soon = {n: _column(view, region, soon=True) for n, view in views.items() if near}
        self.borders = sorted(
            {region.low}.union(
                border
                for column in (*columns.values(), *soon.values())
                for low, high, *_ in column
                for border in (low, high + 1)
            )
        )
        self.counts = {n: self._spread(column) for n, column in columns.items()}
        self.soon = {n: self._spread(column) for n, column in soon.items()}
        self.totals = [
            sum(each[0] for each in row if each is not None)
            for row in zip(*self.counts.values(), strict=True)
        ]
        self.most = max(self.totals, default=0)

    def _spread(self, column: Column) -> list[tuple[int, _Source] | None]:
        """A column's values from each border to the next."""
        spread: list[tuple[int, _Source] | None] = [None] * len(self.borders)
        for low, high, count, source in column:
            place = bisect_left(self.borders, low)
            while place < len(self.borders) and self.borders[place] <= high:
                spread[place] = (count, source)
                place += 1
        return spread

    def hits(self, unit: int, aim: _Aim, need: int, *, every: bool) -> list[_Hit]:
        """The instants at which the other units have so many touches, each with as few of them as
        can be; one for each stretch of time in which nothing changes, those with fewest first.
        Unless `every` is asked for, one other is enough."""
        if self.most < need:
            return []
        found: list[_Hit] = []
        place = bisect_right(self.borders, aim.low) - 1
        while place < len(self.borders) and self.borders[place] <= aim.high:
            mine = self.counts[unit][place]
            if self.totals[place] - (mine[0] if mine else 0) >= need:
                chosen = self._chosen(unit, place, need, aim.near)
                if chosen is not None:
                    following = self.borders[place + 1 : place + 2] or [aim.high + 1]
                    high = min(aim.high, following[0] - 1)
                    t = _round_in(max(aim.low, self.borders[place]), high)
                    found.append(_Hit(t, aim.source, chosen, t))
                    if len(chosen) == 1 and not every:
                        break
            place += 1
        return sorted(found, key=lambda hit: len(hit.others))

    def _chosen(self, unit: int, place: int, need: int, near: bool) -> list[_Source] | None:
        """As few others as have so many touches; without `near` one of them has one that is."""
        counts = sorted(
            (
                (n, each)
                for n, column in self.counts.items()
                if n != unit and (each := column[place]) is not None
            ),
            key=lambda pair: -pair[1][0],
        )
        firsts: list[tuple[int | None, int, list[_Source]]] = [(None, 0, [])]
        if not near:
            firsts = [
                (n, each[0], [each[1]])
                for n, column in self.soon.items()
                if n != unit and (each := column[place]) is not None
            ]
        best: list[_Source] | None = None
        for first, count, chosen in firsts:
            for n, each in counts:
                if count >= need:
                    break
                if n != first:
                    count += each[0]
                    chosen = [*chosen, each[1]]
            if count >= need and (best is None or len(chosen) < len(best)):
                best = chosen
        return best


def _column(view: _View, region: _Region, *, soon: bool) -> Column:
    """The most of what is seen at each instant of a region. `soon`: with one of them near."""
    column: Column = []
    covered: Intervals = []
    for many in sorted({many for _, part in view for many in part.seen}, reverse=True):
        spans = sorted(
            (
                (max(one.low + base, region.low), min(high + base, region.high - 1), base, one)
                for base, part in view
                for one in part.seen.get(many, ())
                if (high := one.near if soon else one.high) >= one.low
                and high + base >= region.low
                and one.low + base < region.high
            ),
            key=_first,
        )
        new: Intervals = []
        for low, high, base, one in spans:
            if new:
                low = max(low, new[-1][1])
            for start, end in _without(covered, low, high + 1):
                source = one.source.moved(base, region.where)
                column.append((start, end - 1, many, source))
            if low <= high:
                new.append((low, high + 1))
        covered = merged((*covered, *new))
        if covered == [(region.low, region.high)]:
            break
    return column


def _first(span: tuple[int, int, int, _Seen]) -> int:
    return span[0]


def _without(covered: Intervals, low: int, high: int) -> Iterator[tuple[int, int]]:
    """What of [low, high) is not covered."""
    place = bisect_right(covered, low, key=lambda each: each[1])
    while low < high:
        start, end = covered[place] if place < len(covered) else (high, high)
        if low < start:
            yield low, min(start, high)
        low, place = max(low, end), place + 1


class _Line:
    """All that happens to somebody on the ways of a hit, in order: (when, what, whose: the index in
    `taken`); at equal instants the others come first. `aimed` is the place of the touch that was
    hit, `starts` when each cadence was entered, the earliest first."""

    def __init__(self, hit: _Hit) -> None:
        aim = hit.aim.taken(hit.t)
        self.where = hit.aim.where
        self.taken = [aim, *(source.taken(hit.before) for source in hit.others)]
        found: list[tuple[tuple[int, int, int, int], What | Signal]] = []
        entered: list[tuple[int, str]] = []
        for number, taken in enumerate(self.taken):
            path = taken.way.path
            for ago, signal in assumptions.signals(path.cadences[0], fresh=path.fresh):
                found.append(((taken.start - ago, 0, number, 0), signal))
            for n, (at, item) in enumerate(zip(taken.times, path.items, strict=True)):
                if at < NEVER:
                    found.append(((at, 1 if number else 2, number, n), item.what))
                    if isinstance(item.what, Enter):
                        entered.append((at, item.what.cadence))
        found.sort(key=lambda each: each[0])
        self.events = [(order[0], what, order[2]) for order, what in found]
        self.aimed = [order for order, _ in found].index((hit.t, 2, 0, aim.stop))
        self.starts: dict[str, int] = {}
        entries = [(taken.start, taken.way.path.cadences[0].name) for taken in self.taken]
        for at, name in (*sorted(entries), *entered):
            self.starts.setdefault(name, at)


class _Shown:
    """A time line, judged touch by touch by the guard on a fresh ledger. `refused` are the touches
    that an entry objects to: (place in the line, why)."""

    def __init__(self, group: _Group, hit: _Hit, wanted: Collection[Broken], *, full: bool) -> None:
        """`wanted` are the objections that matter. With `full` to the end of the ways, else up to
        the touch that was hit. Raises AssertionError if nothing objects to that."""
        self.line = _Line(hit)
        self.refused: dict[Broken, tuple[int, str]] = {}
        self._decisions: dict[int, Decision] = {}
        judge, where = group.judge, self.line.where
        last = len(self.line.events) - 1 if full else self.line.aimed
        guard = Guard(group.run.policy, clock=lambda: to_datetime(hit.t))
        for event in assumptions.facts(group.cadences, where):
            guard.record(event)
        priors: list[tuple[int, int]] = []
        for place, (at, what, _) in enumerate(self.line.events[: last + 1]):
            moment = to_datetime(at)
            if isinstance(what, Made) and (concern := judge.concern(what)) is not None:
                case = judge.case(concern, at, where, priors)
                for raising in raised(group.run.ruleset, case):
                    key = _broken(concern, raising.entry)
                    if key in wanted and (place == self.line.aimed or key not in self.refused):
                        said = raising.entry.objection(at, case).message
                        self.refused[key] = (place, said)
                touch = concern.touch.model_copy(update={"at": moment, "id": f"{place}"})
                self._decisions[place] = guard.evaluate(touch)
                guard.record(touch.model_copy(update={"outcome": what.outcome or "sent"}))
            elif (told := _told(what, moment)) is not None:
                guard.record(told)
            priors.append((at, judge.kind(what)))

    def witness(self, place: int, entry: Rule, offset: tuple[float, float] | None) -> Witness:
        """The time line up to a touch refused. Raises AssertionError if the guard does not object
        to it."""
        events = self.line.events
        message = self.refused_at(place, entry)
        decision = self._decisions[place]
        said = [
            finding
            for finding in decision.findings
            if (finding.code, finding.message, finding.when) == (entry.code, message, None)
        ]
        if not said:
            raise AssertionError(
                f"the guard does not object ({entry.code}) to a touch of a contact who entered at"
                f" {self.line.starts}: {decision.explain()}"
            )
        touches: list[WitnessTouch] = []
        signals: list[WitnessSignal] = []
        for number, (at, what, _) in enumerate(events[: place + 1]):
            moment = to_datetime(at)
            if number in self._decisions and isinstance(what, Made):
                judged = self._decisions[number]
                codes = sorted({f.code for f in judged.findings if f.when is None})
                touches.append(
                    WitnessTouch(
                        what.cadence.name,
                        what.step.name,
                        moment,
                        what.step.channel,
                        judged.verdict.value,
                        tuple(codes),
                    )
                )
            elif isinstance(told := _told(what, moment), Signal):
                signals.append(WitnessSignal(told.kind, moment, told.channel))
            elif isinstance(told, Handoff):
                signals.append(WitnessSignal("handoff", moment, to=told.to))
        counted = [events[int(id_)][0] for id_ in said[0].facts.get("touches", ())]
        starts = {
            name: to_datetime(at) for name, at in self.line.starts.items() if at <= events[place][0]
        }
        return Witness(
            starts=starts,
            zone=self.line.where.name,
            touches=tuple(touches),
            signals=tuple(signals),
            offset=offset,
            since=to_datetime(min(counted)) if counted else None,
        )

    def refused_at(self, place: int, entry: Rule) -> str:
        """Why an entry objects to a touch."""
        return next(
            why for (*_, by), (n, why) in self.refused.items() if n == place and by is entry
        )


def _told(what: What | Signal, at: datetime) -> Signal | Handoff | None:
    """What happens besides touches, as an event."""
    match what:
        case Signal():
            return what.model_copy(update={"at": at})
        case Heard(kind=kind):
            return Signal(contact=assumptions.CONTACT, kind=kind, at=at)
        case Handover(to=to):
            return Handoff(contact=assumptions.CONTACT, to=to, at=at)
        case _:
            return None
