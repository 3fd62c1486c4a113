"""The proof: per step and policy entry, does the entry object, for every start or for some?

The cadence is laid out as written, as if nobody stopped it, and every touch is judged by the engine
against the touches before it, refused or not. So when a touch happens does not depend on the
policy, and is piecewise a translation of the start or a constant (`layout`). An entry says, in its
`spans`, where its answer can change. Between the starts at which a piece ends, a touch crosses a
wall-clock edge, a calendar border or a date, or the distance of a moving and a standing one crosses
a span, nothing changes: such a cell [c, d) is judged at c and at c + 1, and c - 1 lies in the cell
before. That is all starts of the period, to the microsecond.

`always` means that whenever the step is made, however often on that way, the entry objects to one
of its touches: from every start, in every zone, on every way, however the ranges fall. One way on
which each of them is let pass makes it `sometimes`. For a step that is made once on a way that is
what is said of its touch; for one that is made several times, its touches are taken together start
by start, as far as no range lies between them. Where one does, or it is too much to judge, and no
single touch settles it, `sometimes` is said: `always` is never said of what is not.

Two things make it quick, and neither leaves anything out. Days alike are judged once (`days`); how
far a day reaches is measured on every one that is judged, and all is done again with a longer reach
if one went further than it was compared for. And pictures alike are judged once (`judging`).

A *range* is a choice. Whether a touch can lie within an entry's hours depends on the instants it
can reach, which are propagated as intervals; caps, gaps and streaks on how near and how far touches
can come. So a way is laid out with its ranges as short and as long as they can be and, where two
touches may come in either order, or a time counted from the entry may be over or not, also as they
must fall for the two to meet, whatever the start, or for a wait to jump back (`ranges`); and behind
each range the rest is laid out once more, from all instants that the stop there can reach. An entry
objects sometimes if it does anywhere there, and always if it does everywhere, however the ranges
fall. An objection seen behind a range is traced back to an entry and judged again with all that was
before it.

Where whether two touches meet hangs on a range and on the clock behind it at once, this is not
exact. Then the way is judged a second time as if each wait behind a range were itself a range, from
the least it can take to the most: to what nothing objects then, nothing does. Only what objects
then, and was not seen to in truth, is said not to be known (CG903).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import accumulate, combinations, pairwise
from operator import and_, or_
from typing import Final, NamedTuple

from cadence_guard._struct import struct
from cadence_guard.cadence import (
    Await,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Handover,
    Pause,
    Step,
    UntilDate,
    UntilOpen,
)
from cadence_guard.check import assumptions
from cadence_guard.check.days import SLACK, Calendar, Day, calendar_from, first_of_each
from cadence_guard.check.judging import Concern, Judge, Prior, months_passed
from cadence_guard.check.layout import (
    Laid,
    Lasts,
    SinceStart,
    Stop,
    apply,
    as_waits,
    is_range,
    lay,
    settled,
)
from cadence_guard.check.paths import Heard, Item, Made, Path, ways
from cadence_guard.check.ranges import (
    Choice,
    Meeting,
    Reach,
    alone_of,
    chain_of,
    drops_of,
    falls_of,
    filled,
    free_of,
    meetings_of,
    modes_of,
    ranges_of,
    reached,
    unbound,
    wait_of,
)
from cadence_guard.instants import (
    DAY,
    NEVER,
    PERIOD,
    WEEK,
    Hours,
    Zone,
    day_number,
    local_period,
    zone,
)
from cadence_guard.rules import RULES, Rule
from cadence_guard.rules._sets import Intervals
from cadence_guard.rules.blackout import Blackout
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.not_the_holder import NotTheHolder
from cadence_guard.rules.unanswered_streak import UnansweredStreak
from cadence_guard.rules.uninvited_channel import UninvitedChannel
from cadence_guard.ruleset import Ruleset

ALWAYS: Final = "always"
SOMETIMES: Final = "sometimes"
_STEP: Final = 8 * DAY
WORK: Final = 3_000_000
"""How much is judged at most: touches, each counted with what was before it; some seconds."""
RANGES: Final = (
    "how its ranges fall beside one another, or beside times counted from the entry, was not"
    " followed: they are too many, or hang on the clock as well"
)
TURNS_WORK: Final = 1_000_000
"""The same for taking together the touches of steps that are made several times on a way."""
_ROUND: Final = 5 * WEEK
"""In so long a time a loop of whole hours comes by many hours of the week, and by a month's end."""


@struct
class Objected:
    """One entry's objection to the touches of one step.

    `start` is an earliest entry for which it objects (behind a range: an entry), in `zone`, on
    `path`, to the stop `index`; `times` is when the stops of the path are then, up to that one and
    those that follow it (NEVER: not at all).
    """

    step: Step
    entry: Rule
    code: str
    name: str
    effect: str
    certainty: str
    start: int
    zone: Zone
    path: Path
    message: str
    cadence: Cadence
    index: int
    times: tuple[int, ...]


class _TooMuchError(Exception):
    """There is more to judge than `WORK`."""


@struct
class Proof:
    """What was proved: objections in the order of the steps, why it is not complete (CG903), and
    what was assumed, in words."""

    objections: tuple[Objected, ...]
    incomplete: tuple[str, ...]
    assumes: tuple[str, ...]
    unsure: frozenset[tuple[str, str]] = frozenset()
    """The steps, each with its cadence, of which *sometimes* may be said though it is always so."""
    work: int = 0
    """How much was judged: touches, each counted with what was before it."""


def prove(
    ruleset: Ruleset,
    cadence: Cadence,
    start: int,
    end: int,
    zones: Sequence[Zone] | None = None,
    *,
    others: Mapping[str, Cadence] | None = None,
) -> Proof:
    """Every objection of every entry to the steps of a cadence, for all starts in [start, end)
    (microseconds UTC) and all zones: those given, else those of the audience.

    `others` are the cadences known by name, for those that this one enters besides.
    """
    return Prover(ruleset, cadence, start, end, zones, others).prove()


@dataclass(eq=False, slots=True)
class Spot:
    """A touch of a way, with all that came before it there: what is judged."""

    path: Path
    index: int
    concern: Concern
    always: int = -1
    """The entries, as bits, that object whenever it is made."""
    missing: bool = False
    """Whether it is not made for some start."""


@dataclass(eq=False)
class _Run:
    """A way, or the rest of it from a stop on, laid out from all instants of `starts`.

    `origin` is the index of that stop in the path; None means all of it, from the entry. `way` is
    what is laid out: of the path's `stops` those at `places`.
    """

    path: Path
    origin: int | None
    stops: Sequence[Stop]
    places: Sequence[int]
    way: tuple[Stop, ...]
    kinds: tuple[int, ...]
    spots: tuple[Spot, ...]
    starts: Sequence[tuple[Zone, Intervals]]
    signals: tuple[tuple[int, int], ...]
    """Signals before the entry: (how long before, kind)."""
    far: bool | frozenset[int]
    order: tuple[int, ...]
    in_line: bool
    """Whether each stop follows the one before it, so that none overtakes another."""
    always: dict[Spot, int] = field(default_factory=dict)
    first: dict[Spot, dict[int, _First]] = field(default_factory=dict)
    """Where each entry, as a bit, objects first."""
    reach: int = 0
    window: int = 0
    """How far after its start the last stop may lie."""
    shapes: dict[tuple[int, ...], list[int]] = field(default_factory=dict)
    """For distances of all stops from the start, what they bring about for each of the spots."""

    @cached_property
    def heard(self) -> bool:
        """Whether signals are among what is laid out."""
        return bool(self.signals) or any(
            isinstance(self.path.items[place].what, Heard) for place in self.places
        )

    def index(self, spot: Spot) -> int:
        """Where a touch is among what is laid out."""
        return bisect_left(self.places, spot.index)

    def plain(self, spot: Spot) -> bool:
        """Whether a touch is judged by its distances and by the instant alone."""
        return spot.concern.plain and not self.asks_months(spot.concern)

    def asks_months(self, concern: Concern) -> bool:
        """Whether so many months after a signal, as an entry asks for, may have passed."""
        oldest = max((ago for ago, _ in self.signals), default=0)
        return self.heard and months_passed(concern, oldest + self.window)

    def priors(self, index: int, cell: _Cell, by: int) -> list[Prior]:
        """What was before a stop for who starts so much after a cell's start, in order."""
        found = [(cell.start + by - ago, kind) for ago, kind in self.signals]
        times = cell.times(by)
        if self.in_line:
            found += zip(times[:index], self.kinds, strict=False)
        else:
            found += _earlier(index, times, self.kinds)
        return found


class _Layout(NamedTuple):
    """A way laid out from the entry, for each fall of its ranges, and behind each range."""

    stops: list[Stop]
    whole: list[_Run]
    behind: dict[int, list[_Run]]
    exact: bool
    """Whether that is all that matters."""
    jumps: bool = False
    """Whether it is but for where waits behind a range jump back."""
    origins: Sequence[int] = ()
    """The stops that can lie at several instants for one start: behind each there is a range."""

    def reaches(self, place: int) -> bool:
        """Whether it is known at which instants a stop can lie."""
        chain = chain_of(self.stops, place)
        return all(n in self.behind for n in self.origins if n in chain)

    @property
    def runs(self) -> list[_Run]:
        """All of it."""
        return [*self.whole, *(run for runs in self.behind.values() for run in runs)]


class _Cell(NamedTuple):
    """Starts in [start, end) for which each stop moves along, or stands; `together`: all move."""

    zone: Zone
    start: int
    end: int
    laid: Laid
    together: bool

    def times(self, by: int) -> list[int]:
        """Where the stops lie for who starts so much later than the first."""
        at, moves, _ = self.laid
        return [a + by if m else a for a, m in zip(at, moves, strict=True)]


class _First(NamedTuple):
    start: int
    zone: Zone
    times: tuple[int, ...]


class _Seen(NamedTuple):
    """Where an entry objects to a step."""

    start: int
    zone: Zone
    spot: Spot
    times: tuple[int, ...]


class Prover:
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
        self.ruleset = ruleset
        self.cadence = cadence
        self.start = start
        self.end = end
        self.others = others or {}
        self.incomplete: dict[str, None] = {}
        self.work = 0
        self.cut = False
        """Whether ways or starts were left out, so that nothing is known to be always so."""
        self.judge = Judge(ruleset, self._say)
        self.calendar = calendar_from(start)
        given = assumptions.zones_for(cadence) if zones is None else zones
        self.zones = tuple(dict.fromkeys(given))
        self._spots: dict[Hashable, Spot] = {}
        self._turns: dict[tuple[str, str], dict[tuple[Spot, ...], Path]] = {}
        """The touches of each step that are made on one way, and such a way."""
        self._prefixes: dict[Hashable, int] = {}
        self._entries: dict[bool, list[tuple[Zone, Intervals]]] = {}
        self._seen: dict[tuple[tuple[str, str], int], _Seen] = {}
        self._doubts: dict[tuple[str, str], int] = {}
        """The entries, as bits, that may object to a step, for all that is known."""
        self._unsure: set[tuple[str, str]] = set()
        self._jumping = False
        """Whether ranges also fall as waits behind them jump back."""
        self._runs = 0

    def prove(self) -> Proof:
        """All of it."""
        found = ways(
            self.cadence, longest=self._longest(), touches=self._streak(), others=self.others
        )
        for reason in found.reasons:
            self._say(reason)
        self.cut = bool(found.reasons)
        try:
            for path in found.paths:
                self.judge.cadences = path.cadences
                self._prove_path(path)
        except _TooMuchError:
            self.cut = True
            self._say("more starts, ways and ranges together than are followed")
        for step, doubts in self._doubts.items():
            if doubts & ~self._objecting(step):
                self._say(RANGES)
        assumed = dict.fromkeys((*assumptions.in_words(self.cadence), *found.assumes))
        work = self.work
        return Proof(
            tuple(self._objections()),
            tuple(self.incomplete),
            tuple(assumed),
            frozenset(self._unsure),
            work + self.work,
        )

    def _say(self, reason: str) -> None:
        self.incomplete[reason] = None

    def _longest(self) -> int:
        """How long a loop is gone round: until no entry looks back to its first turn, it has come
        by the hours of the week and a month's end if an entry or a wait asks for them, and by
        every date. (A streak looks back 400 days, but what it counts is full long before.)"""
        longest = 0
        dates = [step.not_after + 1 for step in self.cadence.steps if step.not_after is not None]
        asks_clock = False
        heard = bool(self.cadence.audience.grounds or self.cadence.entry_signal) or any(
            isinstance(node, Await) for node in self.cadence.nodes.values()
        )
        for entry in self.ruleset.entries:
            if entry.spans is not None and (entry.looks_back or heard):
                longest = max(longest, *(us for us in entry.spans.elapsed if us < PERIOD), 0)
            if entry.spans is not None:
                asks_clock |= bool(entry.spans.clock or entry.spans.calendar)
            if isinstance(entry, Blackout):
                dates += [(day_number(last) + 2) * DAY for _, last in entry.params.dates]
        for node in self.cadence.nodes.values():
            if isinstance(node, Pause):
                asks_clock |= not isinstance(node.wait, Elapsed)
                if isinstance(node.wait, UntilDate):
                    dates.append(node.wait.at + DAY)
        if asks_clock:
            longest = max(longest, _ROUND)
        return max(longest, *(min(date - self.start, PERIOD) for date in dates), 0)

    def _streak(self) -> int:
        return max(
            (
                step.after
                for entry in self.ruleset.entries
                if isinstance(entry, UnansweredStreak)
                for step in entry.params.steps
            ),
            default=0,
        )

    def _starts(self, fresh: bool) -> list[tuple[Zone, Intervals]]:
        """The instants at which a way can begin, by zone."""
        starts = self._entries.get(fresh)
        if starts is None:
            hours = None if fresh else self.cadence.entry_hours
            starts = self._entries[fresh] = [
                (where, [(self.start, self.end)] if hours is None else self._open(hours, where))
                for where in self.zones
            ]
        return starts

    def _open(self, hours: Hours, where: Zone) -> Intervals:
        found: Intervals = []
        t = self.start
        while t < self.end:
            opens, closes = hours.next_open(t, (where,))
            if opens < self.end:
                found.append((opens, min(closes, self.end)))
            t = closes
        return found

    # -- ways and runs ------------------------------------------------------------------------

    def _prove_path(self, path: Path) -> None:
        in_line = _in_line(path)
        spots = self._new_spots(path, in_line)
        if not spots:
            return
        last = spots[-1].index + 1 if in_line else len(path.items)
        stops = [item.stop for item in path.items[:last]]
        layout = self._layout(path, stops, spots, in_line)
        self._evaluate_all(layout)
        for spot in spots:
            spot.always, _ = self._concluded(layout, spot, remember=True)
        if layout.exact:
            return
        doubt = self._doubt(path, layout, spots, in_line)
        if doubt is not None and not (layout.jumps and self._refined(path, layout, spots, in_line)):
            doubt()

    def _doubt(
        self, path: Path, layout: _Layout, spots: list[Spot], in_line: bool
    ) -> Callable[[], None] | None:
        """Judges a way of which it is not known how the ranges fall by its bounds: to what nothing
        objects then, nothing does. Without any, each entry may object for all that is known. What
        notes that something may that was not seen to; None if there is no such thing."""
        bounds = self._bounds(path, layout, spots, in_line)
        if bounds is not None:
            self._evaluate_all(bounds)
        doubts: dict[tuple[str, str], int] = {}
        unsure: set[tuple[str, str]] = set()
        for spot in spots:
            step, concern = _step_of(spot), spot.concern
            always, seen = 0, -1
            if bounds is not None:
                always, seen = self._concluded(bounds, spot)
            most = reduce(and_, (run.always.get(spot, -1) for run in layout.whole))
            asked = concern.timed | concern.counted
            if layout.reaches(spot.index):  # then it is known when it can be
                asked = concern.counted
                most = most & ~concern.timed | spot.always & concern.timed
                always |= spot.always & concern.timed
            if most & ~always & asked:
                unsure.add(step)
            spot.always = most & always
            doubts[step] = doubts.get(step, 0) | seen & asked

        def note() -> None:
            self._unsure |= unsure
            for step, bits in doubts.items():
                self._doubts[step] = self._doubts.get(step, 0) | bits

        unseen = any(bits & ~self._objecting(step) for step, bits in doubts.items())
        return note if unseen or unsure else None

    def _objecting(self, step: tuple[str, str]) -> int:
        """The entries, as bits, of which an objection to a step was seen."""
        return sum(bit for known, bit in self._seen if known == step)

    def _refined(self, path: Path, layout: _Layout, spots: list[Spot], in_line: bool) -> bool:
        """Judges a way in all that its ranges can bring about if waits behind them jump back; that
        may be too much, and then nothing is done."""
        stops = [item.stop for item in path.items[: len(layout.stops)]]
        self._jumping = True
        more = self._layout(path, stops, spots, in_line)
        self._jumping = False
        a_run = 1 + self.work // self._runs
        if not more.exact or self.work + a_run * len(more.runs) > WORK // 2:
            return False
        self._evaluate_all(more)
        for spot in spots:
            spot.always, _ = self._concluded(more, spot, remember=True)
        return True

    def _bounds(
        self, path: Path, layout: _Layout, spots: list[Spot], in_line: bool
    ) -> _Layout | None:
        """A way laid out as if whatever hangs on a range fell freely; None if that is too much."""
        loose = unbound(layout.stops, self.start, self._shift)
        bounds = None if loose is None else self._layout(path, loose, spots, in_line)
        return bounds if bounds is not None and bounds.exact else None

    @cached_property
    def _shift(self) -> int:
        """How far clocks are put forward or back at most, in all that is looked at."""
        found = 0
        for where in self.zones:
            _, shifts = self.calendar.changes(where, self.end + 2 * PERIOD)
            offsets = [0, *accumulate(shifts)]
            found = max(found, max(offsets) - min(offsets) + max(map(abs, shifts), default=0))
        return found

    def _layout(
        self, path: Path, stops: list[Stop], spots: Sequence[Spot], in_line: bool
    ) -> _Layout:
        """How a way is laid out: with its ranges as they can fall, and behind each of them."""
        if not ranges_of(stops):
            return _Layout(stops, [self._run(path, Choice(stops), spots, in_line)], {}, True)
        stops, own, left = settled([as_waits(stop) for stop in stops])
        modes = modes_of(stops, in_line and not left)
        exact = modes is not None
        modes = modes or [frozenset(), frozenset(ranges_of(stops))]
        signals = self._signals(path.fresh)
        meetings = self._meetings(path, stops, own, left, range(len(stops)), signals)
        falls = None if meetings is None else falls_of(stops, modes, meetings)
        exact = exact and falls is not None
        falls = falls or [Choice(stops, far) for far in modes]
        behind: dict[int, list[_Run]] = {}
        origins = sorted({*ranges_of(stops), *(place for place, _ in left)})
        for place in origins:
            runs = self._rest(path, place, stops, spots, frozenset(n for n, _ in left))
            if runs is not None:
                behind[place] = runs
            else:
                exact = False
        whole = [self._run(path, choice, spots, in_line) for choice in falls]
        drops = drops_of(stops)
        jumps = exact and bool(drops) and not self._jumping
        exact = exact and drops is not None and not jumps
        return _Layout(stops, whole, behind, exact, jumps, origins)

    def _evaluate_all(self, layout: _Layout) -> None:
        for run in layout.runs:
            self._runs += 1
            self._evaluate(run)

    def _meetings(
        self,
        path: Path,
        stops: list[Stop],
        own: Sequence[Lasts],
        left: Sequence[tuple[int, int]],
        places: Sequence[int],
        signals: Sequence[tuple[int, int]],
    ) -> list[Meeting] | None:
        """Where stops, which are those at `places` of a path, may meet so that it matters; None if
        it cannot be told."""
        items = [path.items[place] for place in places]
        found: list[Meeting] = []
        for place, legs in left:
            leg = stops[place].legs[legs]
            assert isinstance(leg, SinceStart)
            if is_range(leg) or free_of(stops, place, legs, -1) is None:
                return None
            found.append(Meeting(place, legs, leg.base, (0,), leg.wait))
        drops = drops_of(stops) if self._jumping else []
        met = meetings_of(stops, own, lambda a, b: self._care(items[a], items[b]))
        turns = self._turning(signals, items, stops)
        if met is None or turns is None or drops is None:
            return None
        return [*found, *drops, *met, *turns]

    def _care(self, one: Item, other: Item) -> bool:
        """Whether an entry may answer otherwise if two stops come the other way round, or nearer:
        it judges, and so counts, both touches."""
        if isinstance(one.what, (Enter, Fan)) or isinstance(other.what, (Enter, Fan)):
            return False
        if not (isinstance(one.what, Made) and isinstance(other.what, Made)):
            return True
        first, second = self.judge.concern(one.what), self.judge.concern(other.what)
        if first is None or second is None:
            return False
        return first.own or second.own or bool(first.counted & second.counted)

    def _turning(
        self, signals: Sequence[tuple[int, int]], items: Sequence[Item], stops: Sequence[Stop]
    ) -> list[Meeting] | None:
        """Where it is too late for a touch to be an answer, or nobody holds the contact any more:
        then an entry that did not object may begin to, as far as the others are still near."""
        wanted: list[tuple[int, int, int]] = []
        said = [(-1, -ago) for ago, _ in signals]
        said += [(n, 0) for n, item in enumerate(items) if isinstance(item.what, Heard)]
        given = [n for n, item in enumerate(items) if isinstance(item.what, Handover)]
        for place, item in enumerate(items):
            concern = self.judge.concern(item.what) if isinstance(item.what, Made) else None
            if concern is None:
                continue
            for _, entry in concern.counting:
                if entry.answers is not None and not concern.touch.automated:
                    wanted += [
                        (place, base, after + entry.answers.within)
                        for base, after in said
                        if not self._spoken_since(items, stops, place, base)
                    ]
                if isinstance(entry, NotTheHolder):
                    wanted += [(place, base, entry.params.lapses.us - 1) for base in given]
        found: list[Meeting] = []
        for place, base, after in wanted:
            for one, other, by in ((place, base, after), (base, place, -after)):
                if one >= 0:
                    legs = len(stops[one].legs)
                    if free_of(stops, one, legs, other) is None:
                        return None
                    steps = (by, by + 1) if one == place else (by, by - 1)
                    found.append(Meeting(one, legs, other, steps))
        return found

    def _spoken_since(
        self, items: Sequence[Item], stops: Sequence[Stop], place: int, base: int
    ) -> bool:
        """Whether a person touches the contact after a signal and before a touch, which is no
        answer then."""
        chain = chain_of(stops, place)[:-1]
        if base >= 0 and base not in chain:
            return False
        between = chain[chain.index(base) + 1 :] if base >= 0 else chain
        return any(
            isinstance(what, Made) and not what.step.automated
            for what in (items[n].what for n in between)
        )

    def _new_spots(self, path: Path, in_line: bool) -> list[Spot]:
        """The touches of a path that were not on one judged before, with the same before them."""
        spots: list[Spot] = []
        turns: dict[tuple[str, str], list[Spot]] = {}
        prefix = -1 - path.fresh
        for place, item in enumerate(path.items):
            prefix = self._prefixes.setdefault((prefix, item), len(self._prefixes))
            if not isinstance(item.what, Made):
                continue
            concern = self.judge.concern(item.what)
            key: Hashable = prefix if in_line else (id(path), place)
            if concern is not None:
                if key not in self._spots:
                    spots.append(self._spots.setdefault(key, Spot(path, place, concern)))
                turns.setdefault(_step_of(self._spots[key]), []).append(self._spots[key])
        for step, made in turns.items():
            self._turns.setdefault(step, {}).setdefault(tuple(made), path)
        return spots

    def _run(self, path: Path, choice: Choice, spots: Sequence[Spot], in_line: bool) -> _Run:
        """The layout of a way from the entry."""
        return _Run(
            path=path,
            origin=None,
            stops=choice.stops,
            places=range(len(choice.stops)),
            way=tuple(choice.stops),
            kinds=tuple(self.judge.kind(item.what) for item in path.items[: len(choice.stops)]),
            spots=tuple(spots),
            starts=self._starts(path.fresh),
            signals=tuple(self._signals(path.fresh)),
            far=choice.far,
            order=choice.order,
            in_line=in_line,
        )

    def _rest(
        self,
        path: Path,
        origin: int,
        stops: list[Stop],
        spots: Sequence[Spot],
        left: Collection[int] = (),
    ) -> list[_Run] | None:
        """The layouts of what hangs on a stop behind a range, from all instants it can reach, and
        on none of those `left` to themselves. None if that cannot be told."""
        chain = chain_of(stops, origin)
        if not reached(stops, chain):
            return None
        starts = [
            (where, Reach(alone_of(stops, chain), starts, where).instants)
            for where, starts in self._starts(path.fresh)
        ]
        places = _hanging(stops, origin, left)
        rest, own, open_ = settled([Stop(-1, ()), *alone_of(stops, places)[1:]])
        in_line = all(stop.after == place - 1 for place, stop in enumerate(rest))
        modes = modes_of(rest, in_line)
        meetings = self._meetings(path, rest, own, open_, places, ())
        falls = None if modes is None or meetings is None else falls_of(rest, modes, meetings)
        if falls is None:
            return None
        return [
            _Run(
                path=path,
                origin=origin,
                stops=stops,
                places=places,
                way=tuple(choice.stops),
                kinds=tuple(self.judge.kind(path.items[place].what) for place in places),
                spots=tuple(spot for spot in spots if spot.index in places),
                starts=starts,
                signals=(),
                far=choice.far,
                order=choice.order,
                in_line=in_line,
            )
            for choice in falls
        ]

    def _concluded(self, layout: _Layout, spot: Spot, *, remember: bool = False) -> tuple[int, int]:
        """What the runs say together of a touch: the entries, as bits, that object whenever it is
        made, and those that ever do."""
        always, seen = -1, 0
        for run in layout.whole:
            always &= run.always.get(spot, -1)
            seen |= sum(run.first.get(spot, ()))
            if remember:
                self._remember(run, spot, -1)
        on = chain_of(layout.stops, spot.index)
        ranges = [
            place for place, runs in layout.behind.items() if place in on and spot in runs[0].spots
        ]
        whole, placed = always, spot.concern.momentary
        if not self._moves_alone(layout, spot, ranges):
            placed |= spot.concern.calendar
        if ranges:
            always &= ~placed
        for place in ranges:
            allowed = self._allowed(spot, place)
            each = -1
            for run in layout.behind[place]:
                each &= run.always.get(spot, -1)
                seen |= sum(run.first.get(spot, ())) & allowed
                if remember:
                    self._remember(run, spot, allowed)
            if place != ranges[-1]:
                each &= ~placed
            always |= each & allowed
        if remember and whole & ~always & spot.concern.calendar:
            self._unsure.add(_step_of(spot))
        return always, seen

    def _moves_alone(self, layout: _Layout, spot: Spot, ranges: Sequence[int]) -> bool:
        """Whether a touch is the first behind the one range it hangs on, and nothing else hangs on
        any. Then the shortest and the longest tell which days it shares with others, or not; else
        that is a matter of the instant."""
        stops = layout.stops[: spot.index + 1 if layout.whole[0].in_line else None]
        if len(ranges) != 1 or len(ranges_of(stops)) > 1:
            return False
        return not any(
            isinstance(spot.path.items[n].what, Made)
            for n in _hanging(stops, ranges[0])
            if n != spot.index
        )

    def _allowed(self, spot: Spot, origin: int) -> int:
        """The entries, as bits, that can be judged without what was before a stop."""
        before = [item.what for item in spot.path.items[:origin]]
        fresh = spot.path.fresh
        heard = any(isinstance(what, Heard) for what in before) or any(
            assumptions.signals(self.cadence, fresh=fresh)
        )
        handed = any(isinstance(what, Handover) for what in before)
        answers = heard and any(
            isinstance(item.what, Made) and not item.what.step.automated
            for item in spot.path.items[origin : spot.index + 1]
        )
        allowed = 0
        for bit, entry in spot.concern.entries:
            if (
                (handed and isinstance(entry, NotTheHolder))
                or (heard and isinstance(entry, (MissingConsent, UninvitedChannel)))
                or (answers and entry.answers is not None)
                or type(entry) is not RULES.get(entry.name)
            ):
                continue
            allowed |= bit
        return allowed

    def _remember(self, run: _Run, spot: Spot, allowed: int) -> None:
        """Keeps the earliest sight of each objection; behind a range only the first."""
        step = _step_of(spot)
        for bit, first in run.first.get(spot, {}).items():
            known = self._seen.get((step, bit))
            seen: _Seen | None = None
            if run.origin is None:
                seen = _Seen(first.start, first.zone, spot, first.times)
            elif known is None and bit & allowed:
                seen = self._traced(run, spot, bit, first)
            if seen is not None and (known is None or seen.start < known.start):
                self._seen[step, bit] = seen

    def _traced(self, run: _Run, spot: Spot, bit: int, first: _First) -> _Seen | None:
        """An entry from which a stop behind a range comes to lie where an objection was seen; None
        if what was before it makes the objection void."""
        start, every = self._placed(run, first)
        found = self.judge.objecting(
            spot.concern, every[spot.index], first.zone, self._before(spot, start, every)
        )
        return _Seen(start, first.zone, spot, every) if found & bit else None

    def _placed(self, run: _Run, first: _First) -> tuple[int, tuple[int, ...]]:
        """An entry from which the rest of a way comes to lie as it was seen, and when all stops are
        then."""
        assert run.origin is not None
        starts = next(each for where, each in self._starts(run.path.fresh) if where is first.zone)
        chain = chain_of(run.stops, run.origin)
        start, times = Reach(alone_of(run.stops, chain), starts, first.zone).back(first.start)
        known = dict(zip((*chain, *run.places), (*times, *first.times), strict=True))
        return start, filled(run.stops, start, first.zone, known)

    def _before(self, spot: Spot, start: int, times: Sequence[int]) -> list[Prior]:
        """All that was before a touch on its way, in order."""
        path, index = spot.path, spot.index
        kinds = [self.judge.kind(item.what) for item in path.items[: len(times)]]
        signals = [(start - ago, kind) for ago, kind in self._signals(path.fresh)]
        return [*signals, *_earlier(index, times, kinds)]

    def _signals(self, fresh: bool) -> list[tuple[int, int]]:
        """What came before the entry: (how long before, kind), in order."""
        found = [
            (ago, self.judge.kind(signal))
            for ago, signal in assumptions.signals(self.cadence, fresh=fresh)
        ]
        return sorted(found, key=lambda pair: -pair[0])

    # -- starts -------------------------------------------------------------------------------

    def _evaluate(self, run: _Run) -> None:
        """Judges a run for all its starts."""
        for _ in self._windows(run):
            run.always.clear()
            run.first.clear()
            for cell in self._cells(run):
                self._judge_cell(run, cell)

    def _windows(self, run: _Run) -> Iterator[None]:
        """Comes back, with a longer reach, until a run reached no farther than was thought."""
        run.window = self._guess(run)
        while True:
            run.reach = 0
            yield
            if run.reach + SLACK <= run.window:
                return
            run.window = -(-(run.reach + SLACK) // _STEP) * _STEP

    def _guess(self, run: _Run) -> int:
        """How far the last stop may lie from its start: as far as it does in one week."""
        reach = 0
        for where, starts in run.starts[:1]:
            for first, _ in starts[:1]:
                for day in range(7):
                    start = first + day * DAY
                    laid = lay(run.way, start, where, far=run.far, order=run.order)
                    reach = max(reach, _end(laid) - start)
        return -(-(reach + DAY + SLACK) // _STEP) * _STEP

    def _unlike_days(self, run: _Run) -> list[Day]:
        """The days that have to be judged: of those alike, the first."""
        dates, window = self._dates(run), run.window
        if run.origin is None and (run.path.fresh or self.cadence.entry_hours is None):
            days, alike = self.calendar.whole(self.zones, self.start, self.end, window)
            if dates.none:
                return alike
        else:
            days = self.calendar.days(run.starts, window)
        return first_of_each(
            ((day.alike, dates.near(day, window, self.calendar)), day) for day in days
        )

    def _dates(self, run: _Run) -> _Dates:
        """What of the calendar matters to a run."""
        concerns = {spot.concern for spot in run.spots}
        waits = [wait_of(leg) for stop in run.way for leg in stop.legs]
        return _Dates(
            every=any(c.dated or "month" in c.units for c in concerns),
            days=tuple({span for c in concerns for span in c.dates}),
            instants=tuple({instant for c in concerns for instant in c.instants}),
            until=tuple({wait for wait in waits if isinstance(wait, UntilDate)}),
            clocks=tuple(
                {
                    wait.zone
                    for wait in waits
                    if isinstance(wait, UntilOpen) and wait.zone is not None
                }
            ),
            months=any(run.asks_months(c) for c in concerns),
        )

    # -- cells --------------------------------------------------------------------------------

    def _cells(self, run: _Run) -> Iterator[_Cell]:
        """The starts that have to be judged."""
        for day in self._unlike_days(run):
            t = day.start
            while t < day.end:
                laid = lay(run.way, t, day.zone, far=run.far, order=run.order)
                border = min(laid.border, day.end)
                run.reach = max(run.reach, _end(laid) + border - t - day.start)
                yield _Cell(day.zone, t, border, laid, all(laid.moves))
                t = border

    def _judge_cell(self, run: _Run, cell: _Cell) -> None:
        shape = self._shape(run, cell) if cell.together else ()
        for place, spot in enumerate(run.spots):
            if cell.laid.at[run.index(spot)] < NEVER:
                plain = shape[place] if shape and run.plain(spot) else None
                self._judge_spot(run, spot, cell, plain)
            else:
                spot.missing = True

    def _shape(self, run: _Run, cell: _Cell) -> list[int]:
        """What the distances between stops alone bring about, for each touch of a run, where all
        stops move together."""
        shape = tuple(at - cell.start for at in cell.laid.at)
        known = run.shapes.get(shape)
        if known is None:
            known = run.shapes[shape] = [
                self.judge.counting(
                    spot.concern, cell.laid.at[index], cell.zone, run.priors(index, cell, 0)
                )
                if cell.laid.at[index := run.index(spot)] < NEVER
                else 0
                for spot in run.spots
            ]
        return known

    def _judge_spot(self, run: _Run, spot: Spot, cell: _Cell, plain: int | None) -> None:
        """Judges a touch for all starts of a cell. `plain`: what its distances bring about, if
        these are the same for all.

        Entries that look at the instant alone, and those that look at what was before, change at
        other starts and so are asked at those.
        """
        index = run.index(spot)
        self.work += 5  # as much as five touches before it
        if self.work > WORK:
            raise _TooMuchError
        concern, where = spot.concern, cell.zone
        now, moves = cell.laid.at[index], cell.laid.moves[index]
        always = concern.timed | concern.counted
        if concern.timing:
            for start in self._edges(concern, now, cell) if moves else (cell.start,):
                at = now + start - cell.start if moves else now
                found = self.judge.timing(concern, at, where)
                always &= found | concern.counted
                self._see(run, spot, cell, start, found)
        if plain is not None:
            always &= plain | concern.timed
            self._see(run, spot, cell, cell.start, plain)
        else:
            for start in self._changes(run, spot, index, cell):
                by = start - cell.start
                at = now + by if moves else now
                priors = run.priors(index, cell, by)
                self.work += len(priors)
                found = self.judge.counting(concern, at, where, priors)
                always &= found | concern.timed
                self._see(run, spot, cell, start, found)
        run.always[spot] = run.always.get(spot, -1) & always

    def _see(self, run: _Run, spot: Spot, cell: _Cell, start: int, found: int) -> None:
        """Keeps the first sight of entries that object."""
        first = run.first.setdefault(spot, {})
        while found:
            bit = found & -found
            found ^= bit
            if bit not in first or start < first[bit].start:
                times = tuple(cell.times(start - cell.start))
                first[bit] = _First(start, cell.zone, times)

    def _edges(self, concern: Concern, now: int, cell: _Cell) -> list[int]:
        """The starts of a cell at which hours open or close for a touch that moves, or a day begins
        or it is too late."""
        t, end = cell.start, cell.end
        found = {t + edge - now for edge in _edges(now, now + end - t, concern.edges, cell.zone)}
        found.update(t + instant + 1 - now for instant in concern.instants)
        return sorted({t, *(start for start in found if t < start < end)})

    def _changes(self, run: _Run, spot: Spot, index: int, cell: _Cell) -> Iterable[int]:
        """The starts of a cell at which a touch is judged against what was before it."""
        moves = cell.laid.moves
        if run.in_line and run.plain(spot) and not run.signals:
            first = moves[0]
            if all(each is first for each in moves[1 : index + 1]):
                return (cell.start,)  # no distance changes
        return _samples(cell, self._cuts(run, spot, index, cell))

    def _cuts(self, run: _Run, spot: Spot, index: int, cell: _Cell) -> Iterator[int]:
        """The starts of a cell at which what was before a touch can come to mean something else."""
        concern, t = spot.concern, cell.start
        at, moves = cell.laid.at, cell.laid.moves
        last = index + 1 if run.in_line else len(at)
        if moves[index] and (concern.clock or concern.dated or concern.own):
            yield from self._edges(concern, at[index], cell)
            yield from (t + instant - at[index] for instant in concern.instants)
        if concern.units:
            for place in range(last):
                if moves[place]:
                    for edge in _edges(at[place], at[place] + cell.end - t, (0,), cell.zone):
                        yield t + edge - at[place]
        if not cell.together:
            yield from self._crossings(run, spot, index, cell, last)
        if run.heard and concern.months:
            yield from self._month_ends(run, spot, index, cell)

    def _crossings(
        self, run: _Run, spot: Spot, index: int, cell: _Cell, last: int
    ) -> Iterator[int]:
        """The starts at which the distance of something that moves and something that stands is
        one that matters."""
        concern, t = spot.concern, cell.start
        at, moves = cell.laid.at, cell.laid.moves
        before = [(at[n], moves[n]) for n in range(last) if at[n] < NEVER]
        before += ((t - ago, True) for ago, _ in run.signals)
        spans = (0, *concern.elapsed)
        me = (at[index], moves[index])
        pairs: Iterable[tuple[tuple[int, bool], tuple[int, bool]]]
        pairs = ((me, other) for other in before)
        if concern.own or not run.in_line or run.heard:
            pairs = combinations(before, 2)
            if self.ruleset.answers is not None:
                spans = (*spans, self.ruleset.answers.within)
        for (one, one_moves), (other, other_moves) in pairs:
            if one_moves != other_moves:
                first = one - other if one_moves else other - one
                last = first + cell.end - t
                for span in spans:
                    if first < span < last:
                        yield t + span - first
                    if first < -span < last:
                        yield t - span - first

    def _month_ends(self, run: _Run, spot: Spot, index: int, cell: _Cell) -> Iterator[int]:
        """The starts at which a touch comes to be so many months after a signal, or that is
        another number of days."""
        at, moves = cell.laid.at, cell.laid.moves
        said = [cell.start - ago for ago, _ in run.signals]
        for n, place in enumerate(run.places):
            if isinstance(run.path.items[place].what, Heard) and moves[n] and at[n] < NEVER:
                said.append(at[n])
        for first in said:
            last = first + cell.end - cell.start
            for since in (first, *_edges(first, last, (0,), cell.zone)):
                start = cell.start + since - first
                yield start
                for months in spot.concern.months:
                    for latest in (False, True):
                        end = cell.zone.add_months(since, months, latest=latest)
                        _, border, offset = cell.zone.at(end)
                        shift = cell.zone.at(border).offset - offset
                        yield start + border - end
                        if not moves[index]:
                            yield start + at[index] - end
                            yield start + at[index] - end + shift

    # -- always -------------------------------------------------------------------------------

    def _always(self, step: tuple[str, str]) -> int:
        """The entries, as bits, that object to a touch of a step whenever, on any way, some are
        made."""
        always = self._objecting(step)
        left: list[tuple[tuple[Spot, ...], Path, int]] = []
        for spots, path in self._turns[step].items():
            single = len(spots) == 1
            by_one = reduce(or_, (spot.always for spot in spots if single or not spot.missing), 0)
            if single:
                always &= by_one
            else:
                left.append((spots, path, by_one))
        for spots, path, by_one in left:
            if asked := always & ~by_one:
                always &= ~asked | self._by_turns(path, spots, asked)
        return always

    def _by_turns(self, path: Path, spots: tuple[Spot, ...], asked: int) -> int:
        """Those of some entries that object to one or another touch of a step made several times
        on a way. Behind a range only the touches up to the next one are taken together, and where
        this is too much to judge, no entry is said to."""
        in_line = _in_line(path)
        stops = [item.stop for item in path.items[: spots[-1].index + 1 if in_line else None]]
        ranges = ranges_of(stops)
        if ranges:
            self._unsure.add(_step_of(spots[0]))
        if ranges and not in_line:
            return 0
        if ranges:
            stops, _, left = settled([as_waits(stop) for stop in stops])
            if left:
                stops = stops[: min(ranges_of(stops))]
            ranges = ranges_of(stops)
        found = 0
        for first, following in pairwise((-1, *ranges, len(stops))):
            group = tuple(spot for spot in spots if first <= spot.index < following)
            if len(group) < 2:
                continue
            upto = stops[: group[-1].index + 1] if in_line else stops
            allowed = dict.fromkeys(group, -1)
            run = self._run(path, Choice(upto), group, in_line)
            if first >= 0:
                rest = self._rest(path, first, upto, group)
                if rest is None or len(rest[0].places) < len(upto) - first:
                    continue  # something else comes between them
                (run,) = rest
                allowed = {spot: self._allowed(spot, first) for spot in group}
            try:
                found |= self._jointly(run, asked & ~found, allowed)
            except _TooMuchError:
                self._unsure.add(_step_of(spots[0]))
                return 0
        return found

    def _jointly(self, run: _Run, asked: int, allowed: Mapping[Spot, int]) -> int:
        """Those of some entries that object, from every start, to one or another touch of a run."""
        found = asked
        for _ in self._windows(run):
            for cell in self._cells(run):
                found &= self._in_cell(run, cell, found, allowed)
                if not found:
                    return 0
        return found

    def _in_cell(self, run: _Run, cell: _Cell, asked: int, allowed: Mapping[Spot, int]) -> int:
        """The same for the starts of a cell. A start at which none is made says nothing."""
        at, moves, _ = cell.laid
        made = [(spot, n) for spot in run.spots if at[n := run.index(spot)] < NEVER]
        cuts: set[int] = set()
        for spot, n in made:
            cuts.update(self._cuts(run, spot, n, cell))
            if moves[n]:
                cuts.update(self._edges(spot.concern, at[n], cell))
        for start in _samples(cell, cuts) if made else ():
            by, found = start - cell.start, 0
            for spot, n in made:
                priors = run.priors(n, cell, by)
                self.work += 5 + len(priors)
                now = at[n] + by if moves[n] else at[n]
                found |= allowed[spot] & self.judge.objecting(spot.concern, now, cell.zone, priors)
            asked &= found
            if self.work > TURNS_WORK:
                raise _TooMuchError
        return asked

    # -- what was found -----------------------------------------------------------------------

    def _objections(self) -> Iterator[Objected]:
        self.work = 0
        always = {step: 0 if self.cut else self._always(step) for step in self._turns}
        order = {key: place for place, key in enumerate(always)}
        entries = {bit: entry for entry in self.ruleset.entries if (bit := self.judge.bit(entry))}
        for step, bit in sorted(self._seen, key=lambda key: (order[key[0]], key[1])):
            seen = self._seen[step, bit]
            entry, spot = entries[bit], seen.spot
            at = seen.times[spot.index]
            priors = self._before(spot, seen.start, seen.times)
            case = self.judge.case(spot.concern, at, seen.zone, priors)
            said = entry.objection(at, case)
            yield Objected(
                step=spot.concern.step,
                entry=entry,
                code=said.code or entry.code,
                name=said.name or entry.name,
                effect=entry.effect,
                certainty=ALWAYS if always[step] & bit else SOMETIMES,
                start=seen.start,
                zone=seen.zone,
                path=spot.path,
                message=said.message,
                cadence=spot.concern.cadence,
                index=spot.index,
                times=seen.times,
            )


def _in_line(path: Path) -> bool:
    """Whether each of its stops hangs on the one before it."""
    return all(item.stop.after == place - 1 for place, item in enumerate(path.items))


def _hanging(stops: Sequence[Stop], origin: int, left: Collection[int] = ()) -> list[int]:
    """A stop, and those that hang on it, but on none of those `left`."""
    found = [origin]
    for n in range(origin + 1, len(stops)):
        if stops[n].after in found and n not in left:
            found.append(n)
    return found


def _step_of(spot: Spot) -> tuple[str, str]:
    return spot.concern.cadence.name, spot.concern.step.name


class _Dates(NamedTuple):
    """What of the calendar matters to a run, so that days of the same weekday are not alike."""

    every: bool
    """Whether any day may be another."""
    days: tuple[tuple[int, int], ...]
    instants: tuple[int, ...]
    until: tuple[UntilDate, ...]
    clocks: tuple[str, ...]
    """Zones of whose clocks a wait asks, whatever the contact's is."""
    months: bool
    """Whether something counts months from the day on."""

    @property
    def none(self) -> bool:
        """Whether nothing does."""
        return not any(self)

    def near(self, day: Day, window: int, calendar: Calendar) -> Hashable:
        """As much of the date as matters to who starts on a day."""
        local, _ = local_period(day.start, "day", day.zone)
        last = local + (day.end - day.start + window) // DAY + 1
        dated = self.every or any(a <= last and local - 1 <= b for a, b in self.days)
        instants = (
            instant - day.start if day.start <= instant <= day.end + window else instant > day.start
            for instant in self.instants
        )
        until = (max(apply(wait, day.start, day.zone) - day.start, 0) for wait in self.until)
        return (
            local if dated else None,
            tuple(instants),
            tuple(until),
            tuple(calendar.alike(zone(name), day.start, day.end, window) for name in self.clocks),
            (day.zone.name, day.start) if self.months else None,
        )


# -- helpers -------------------------------------------------------------------------------------


def _end(laid: Laid) -> int:
    """The last instant of a layout."""
    return max(at for at in laid.at if at < NEVER) if min(laid.at) < NEVER else 0


def _earlier(index: int, times: Sequence[int], kinds: Sequence[int]) -> list[Prior]:
    """The stops before one of them, in the order of time; at equal instants as they stand."""
    now = (times[index], index)
    found = sorted((at, place) for place, at in enumerate(times) if (at, place) < now)
    return [(at, kinds[place]) for at, place in found]


def _samples(cell: _Cell, cuts: Iterable[int]) -> Iterator[int]:
    """The starts at which a cell with these cuts is judged: at each of them, and right behind."""
    inside = sorted({cell.start, *(cut for cut in cuts if cell.start < cut < cell.end)})
    for cut, following in zip(inside, (*inside[1:], cell.end), strict=True):
        yield cut
        if cut + 1 < following:
            yield cut + 1


def _edges(start: int, end: int, edges: Sequence[int], where: Zone) -> Iterator[int]:
    """The instants of [start, end) at which the wall shows one of the times of day, or the clocks
    are changed."""
    while edges and start < end:
        _, border, offset = where.at(start)
        border = min(border, end)
        midnight = (start + offset) // DAY * DAY - offset
        while midnight < border:
            for edge in edges:
                if start <= midnight + edge < border:
                    yield midnight + edge
            midnight += DAY
        start = border
        yield start
