"""The proof: per step and policy entry, does the entry object, for every start or for some?

The cadence is laid out as written, as if nobody stopped it, and every touch is judged by the engine
against the touches before it, refused or not. So when a touch happens does not depend on the
policy, and is piecewise a translation of the start or a constant (`layout`). An entry says, in its
`spans`, where its answer can change. Between the starts at which a piece ends, a touch crosses a
wall-clock edge, a calendar border or a date, or the distance of a moving and a standing one crosses
a span, nothing changes: such a cell [c, d) is judged at c and at c + 1, and c - 1 lies in the cell
before. That is all starts of the period, to the microsecond.

`always` means that no touch of the step, on no way, from no start, in no zone, is let pass by that
entry; `sometimes` that one is not.

Two things make it quick, and neither leaves anything out. Days alike are judged once (`days`); how
far a day reaches is measured on every one that is judged, and all is done again with a longer reach
if one went further than it was compared for. And pictures alike are judged once (`judging`).

A *range* is a choice. Whether a touch can lie within an entry's hours depends on the instants it
can reach, which are propagated as intervals; caps, gaps and streaks on how near and how far touches
can come. So a way is laid out with its ranges as short and as long as they can be, those that fall
freely of one another in every combination and, where several ways are gone at once, also as they
must fall for two touches to meet; and behind each range the rest is laid out once more, from all
instants that the stop there can reach. An entry objects sometimes if it does anywhere there, and
always if it does everywhere, however the ranges fall. An objection seen behind a range is traced
back to an entry and judged again with all that was before it. Where the order of two touches hangs
on a range and on the clock at once, this is not exact, and said to be so (CG903).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial, reduce
from itertools import chain, combinations, product
from typing import Final, NamedTuple

from cadence_guard.cadence import (
    Await,
    Cadence,
    Elapsed,
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
    LATEST,
    Laid,
    Lasts,
    Leg,
    Piece,
    SinceStart,
    Stop,
    Upto,
    apply,
    is_range,
    lasts,
    lay,
    piece,
    settled,
)
from cadence_guard.check.paths import Heard, Made, Path, ways
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
from cadence_guard.rules._sets import Intervals, merged
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
_FREE: Final = 5
"""How many ranges of a way may fall freely of one another, each at its shortest and longest."""
_MEETINGS: Final = 40
"""How many ways for two of them to meet are looked at."""
_ROUND: Final = 5 * WEEK
"""In so long a time a loop of whole hours comes by many hours of the week, and by a month's end."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved: objections in the order of the steps, why it is not complete (CG903), and
    what was assumed, in words."""

    objections: tuple[Objected, ...]
    incomplete: tuple[str, ...]
    assumes: tuple[str, ...]


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
        """Whether it was ended before all was judged, so that nothing is known to be always so."""
        self.judge = Judge(ruleset, self._say)
        self.calendar = calendar_from(start)
        given = assumptions.zones_for(cadence) if zones is None else zones
        self.zones = tuple(dict.fromkeys(given))
        self._spots: dict[Hashable, Spot] = {}
        self._prefixes: dict[Hashable, int] = {}
        self._entries: dict[bool, list[tuple[Zone, Intervals]]] = {}
        self._seen: dict[tuple[tuple[str, str], int], _Seen] = {}

    def prove(self) -> Proof:
        """All of it."""
        found = ways(
            self.cadence, longest=self._longest(), touches=self._streak(), others=self.others
        )
        for reason in found.reasons:
            self._say(reason)
        try:
            for path in found.paths:
                self.judge.cadences = path.cadences
                self._prove_path(path)
        except _TooMuchError:
            self.cut = True
            self._say("more starts, ways and ranges together than are followed")
        assumed = dict.fromkeys((*assumptions.in_words(self.cadence), *found.assumes))
        return Proof(tuple(self._objections()), tuple(self.incomplete), tuple(assumed))

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
        in_line = all(item.stop.after == place - 1 for place, item in enumerate(path.items))
        spots = self._new_spots(path, in_line)
        if not spots:
            return
        last = spots[-1].index + 1 if in_line else len(path.items)
        stops = [item.stop for item in path.items[:last]]
        choices = [_Choice(stops)]
        exact = True
        if _ranged(stops):
            stops, choices, exact = self._choices(path, stops, in_line)
        if not exact:
            self._say(
                "ranges beside ways that are gone at once, or before a time that is counted from"
                " the entry and may be over: only their shortest and longest were judged"
            )
        whole = [self._run(path, choice, spots, in_line) for choice in choices]
        behind = {place: self._rest(path, place, stops, spots) for place in _ranged(stops) if exact}
        for run in (*whole, *(run for runs in behind.values() for run in runs)):
            self._evaluate(run)
        for spot in spots:
            self._conclude(spot, whole, behind, _chain(stops, spot.index))
            if not exact and (in_line is False or _ranged(stops)[0] <= spot.index):
                spot.always = 0

    def _choices(
        self, path: Path, stops: list[Stop], in_line: bool
    ) -> tuple[list[Stop], list[_Choice], bool]:
        """A way with ranges, settled; how they can fall; and whether that is all that matters."""
        calm = settled(stops)
        if calm is None:
            return stops, [_Choice(stops), _Choice(stops, frozenset(_ranged(stops)))], False
        stops, own = calm
        modes = _modes(stops, in_line)
        if modes is None:
            return stops, [_Choice(stops), _Choice(stops, frozenset(_ranged(stops)))], False
        choices = [_Choice(stops, far) for far in modes]
        if in_line:
            return stops, choices, True
        where, starts = self._starts(path.fresh)[0]
        start = starts[0][0] if starts else self.start
        meetings = _meetings(choices, start, where)
        exact = len(meetings) <= _MEETINGS and not _may_meet(stops, own)
        return stops, [*choices, *meetings[:_MEETINGS]], exact

    def _new_spots(self, path: Path, in_line: bool) -> list[Spot]:
        """The touches of a path that were not on one judged before, with the same before them."""
        spots: list[Spot] = []
        prefix = -1 - path.fresh
        for place, item in enumerate(path.items):
            prefix = self._prefixes.setdefault((prefix, item), len(self._prefixes))
            if not isinstance(item.what, Made):
                continue
            concern = self.judge.concern(item.what)
            key: Hashable = prefix if in_line else (id(path), place)
            if concern is not None and key not in self._spots:
                spots.append(self._spots.setdefault(key, Spot(path, place, concern)))
        return spots

    def _run(self, path: Path, choice: _Choice, spots: list[Spot], in_line: bool) -> _Run:
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
            in_line=in_line,
        )

    def _rest(self, path: Path, origin: int, stops: list[Stop], spots: list[Spot]) -> list[_Run]:
        """The layouts of what hangs on a stop behind a range, from all instants it can reach."""
        starts = [
            (where, Reach(_alone(stops, _chain(stops, origin)), starts, where).instants)
            for where, starts in self._starts(path.fresh)
        ]
        places = [n for n in range(origin, len(stops)) if origin in _chain(stops, n)]
        rest = [Stop(-1, ()), *_alone(stops, places)[1:]]
        in_line = all(stop.after == place - 1 for place, stop in enumerate(rest))
        return [
            _Run(
                path=path,
                origin=origin,
                stops=stops,
                places=places,
                way=tuple(rest),
                kinds=tuple(self.judge.kind(path.items[place].what) for place in places),
                spots=tuple(spot for spot in spots if spot.index in places),
                starts=starts,
                signals=(),
                far=far,
                in_line=in_line,
            )
            for far in _modes(rest, in_line) or [frozenset()]
        ]

    def _conclude(
        self, spot: Spot, whole: list[_Run], behind: Mapping[int, list[_Run]], on: list[int]
    ) -> None:
        """What the runs say together of a touch, which hangs on some stops."""
        always = -1
        for run in whole:
            always &= run.always.get(spot, -1)
            self._remember(run, spot, -1)
        ranges = [place for place in behind if place in on]
        if ranges:
            always &= ~spot.concern.momentary
        for place in ranges:
            allowed = self._allowed(spot, place)
            each = -1
            for run in behind[place]:
                each &= run.always.get(spot, -1)
                self._remember(run, spot, allowed)
            if place != ranges[-1]:
                each &= ~spot.concern.momentary
            always |= each & allowed
        spot.always = always

    def _allowed(self, spot: Spot, origin: int) -> int:
        """The entries, as bits, that can be judged without what was before a stop."""
        before = [item.what for item in spot.path.items[:origin]]
        fresh = spot.path.fresh
        heard = any(isinstance(what, Heard) for what in before) or any(
            assumptions.signals(self.cadence, fresh=fresh)
        )
        handed = any(isinstance(what, Handover) for what in before)
        allowed = 0
        for bit, entry in spot.concern.entries:
            if (
                (handed and isinstance(entry, NotTheHolder))
                or (heard and isinstance(entry, (MissingConsent, UninvitedChannel)))
                or (heard and entry.answers is not None and not spot.concern.touch.automated)
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
        chain = _chain(run.stops, run.origin)
        start, times = Reach(_alone(run.stops, chain), starts, first.zone).back(first.start)
        known = dict(zip((*chain, *run.places), (*times, *first.times), strict=True))
        return start, _filled(run.stops, start, first.zone, known)

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
        window = self._guess(run)
        while True:
            run.window = window
            run.always.clear()
            run.first.clear()
            run.reach = 0
            for day in self._unlike_days(run, window):
                self._judge_day(run, day)
            if run.reach + SLACK <= window:
                return
            window = -(-(run.reach + SLACK) // _STEP) * _STEP

    def _guess(self, run: _Run) -> int:
        """How far the last stop may lie from its start: as far as it does in one week."""
        reach = 0
        for where, starts in run.starts[:1]:
            for first, _ in starts[:1]:
                for day in range(7):
                    start = first + day * DAY
                    reach = max(reach, _end(lay(run.way, start, where, far=run.far)) - start)
        return -(-(reach + DAY + SLACK) // _STEP) * _STEP

    def _unlike_days(self, run: _Run, window: int) -> list[Day]:
        """The days that have to be judged: of those alike, the first."""
        dates = self._dates(run)
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
        waits = [_wait(leg) for stop in run.way for leg in stop.legs]
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

    def _judge_day(self, run: _Run, day: Day) -> None:
        t = day.start
        while t < day.end:
            laid = lay(run.way, t, day.zone, far=run.far)
            border = min(laid.border, day.end)
            run.reach = max(run.reach, _end(laid) + border - t - day.start)
            cell = _Cell(day.zone, t, border, laid, all(laid.moves))
            shape = self._shape(run, cell) if cell.together else ()
            for place, spot in enumerate(run.spots):
                if laid.at[run.index(spot)] < NEVER:
                    plain = shape[place] if shape and run.plain(spot) else None
                    self._judge_spot(run, spot, cell, plain)
            t = border

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

    # -- what was found -----------------------------------------------------------------------

    def _objections(self) -> Iterator[Objected]:
        always: dict[tuple[str, str], int] = {}
        for spot in self._spots.values():
            key = _step_of(spot)
            always[key] = always.get(key, -1) & spot.always
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
                certainty=ALWAYS if always[step] & bit and not self.cut else SOMETIMES,
                start=seen.start,
                zone=seen.zone,
                path=spot.path,
                message=said.message,
                cadence=spot.concern.cadence,
                index=spot.index,
                times=seen.times,
            )


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


def _wait(leg: Leg) -> Leg:
    """The wait within a leg."""
    return leg.wait if isinstance(leg, (SinceStart, Upto)) else leg


def _ranged(stops: Sequence[Stop]) -> list[int]:
    """The stops with a range among their waits."""
    return [place for place, stop in enumerate(stops) if any(map(is_range, stop.legs))]


def since_start(stops: Sequence[Stop], ranged: int) -> bool:
    """Whether a wait counts from the entry behind the first range, or is one itself."""
    first = next(n for n, leg in enumerate(stops[ranged].legs) if is_range(leg))
    legs = [
        *stops[ranged].legs[first:],
        *(leg for stop in stops[ranged + 1 :] for leg in stop.legs),
    ]
    return any(isinstance(leg, SinceStart) for leg in legs)


class _Choice(NamedTuple):
    """A way with ranges, and how they fall: at their longest at some stops, else at their
    shortest."""

    stops: list[Stop]
    far: frozenset[int] = frozenset()


def _chain(stops: Sequence[Stop], place: int) -> list[int]:
    """The stops that a stop hangs on, and it itself, in order."""
    found = [place]
    while (place := stops[place].after) >= 0:
        found.append(place)
    return found[::-1]


def _alone(stops: Sequence[Stop], places: Sequence[int]) -> list[Stop]:
    """Some stops of a way as a way; what they hang on and is none of them becomes its entry."""
    moved = {place: n for n, place in enumerate(places)}
    return [
        Stop(
            moved.get(stops[place].after, -1),
            tuple(
                replace(leg, base=moved.get(leg.base, -1)) if isinstance(leg, SinceStart) else leg
                for leg in stops[place].legs
            ),
        )
        for place in places
    ]


def _modes(stops: Sequence[Stop], in_line: bool) -> list[frozenset[int]] | None:
    """For which stops the ranges are at their longest together, or not: in a line those of one
    stretch that hangs together. None if these are too many choices."""
    together: dict[int, list[int]] = {}
    for place in _ranged(stops):
        key = _chain(stops, place)[0] if in_line else place
        together.setdefault(key, []).append(place)
    if len(together) > _FREE:
        return None
    chosen = product(*([(), stretch] for stretch in together.values()))
    return [frozenset(chain.from_iterable(choice)) for choice in chosen]


def _meetings(choices: Sequence[_Choice], start: int, where: Zone) -> list[_Choice]:
    """How ranges fall if what hangs on one of them comes at the same instant as something else, or
    next to it."""
    found: dict[tuple[frozenset[int], int, int], _Choice] = {}
    for stops, far in choices:
        laid = lay(stops, start, where, far=far)
        for place in _ranged(stops):
            on = [place in _chain(stops, n) for n in range(len(stops))]
            low, high = _span(stops[place])
            now = high if place in far else low
            for one, other in product(range(len(stops)), repeat=2):
                if on[one] and not on[other] and max(laid.at[one], laid.at[other]) < NEVER:
                    for by in (-1, 0, 1):
                        value = now + laid.at[other] - laid.at[one] + by
                        key = (far - {place}, place, value)
                        if low < value < high and key not in found:
                            found[key] = _Choice(_fixed(stops, place, value), far - {place})
    return list(found.values())


def _span(stop: Stop) -> tuple[int, int]:
    """Between which lengths the one range of a stop lies; (0, 0) if that is not so simple."""
    ranged: Sequence[Leg] = [
        leg.wait if isinstance(leg, Upto) else leg for leg in stop.legs if is_range(leg)
    ]
    match ranged:
        case [Elapsed(low=low, high=int(high))]:
            upto = any(isinstance(leg, Upto) for leg in stop.legs)
            return (0, high - 1) if upto else (low, high)
        case _:
            return 0, 0


def _fixed(stops: list[Stop], place: int, value: int) -> list[Stop]:
    """A way in which the range of one stop has a length."""
    legs = tuple(Elapsed(value, value) if is_range(leg) else leg for leg in stops[place].legs)
    return [*stops[:place], Stop(stops[place].after, legs), *stops[place + 1 :]]


def _may_meet(stops: Sequence[Stop], own: Sequence[Lasts]) -> bool:
    """Whether two stops, one of them behind a range, can come in either order, and waits that are
    not elapsed time hang on how near they are."""
    chains = [_chain(stops, place) for place in range(len(stops))]
    for one, other in combinations(range(len(stops)), 2):
        apart = [
            [place for place in chains[mine] if place not in chains[theirs]]
            for mine, theirs in ((one, other), (other, one))
        ]
        if not all(apart):
            continue  # one hangs on the other
        (first, waits), (second, others) = _parted(stops, own, *apart)
        if (
            (first.ranged or second.ranged)
            and not all(isinstance(leg, Elapsed) for leg in (*waits, *others))
            and not (first.high is not None and first.high < second.low)
            and not (second.high is not None and second.high < first.low)
        ):
            return True
    return False


def _parted(
    stops: Sequence[Stop], own: Sequence[Lasts], *apart: Sequence[int]
) -> Iterator[tuple[Lasts, Sequence[Leg]]]:
    """Of two ways that part: how long each lasts from there, and what its waits are. What both
    begin with is none of them."""
    first, second = (stops[each[0]].legs for each in apart)
    same = [one == other for one, other in zip(first, second, strict=False)]
    common = same.index(False) if False in same else len(same)
    if any(isinstance(leg, SinceStart) for leg in (*first[common:], *second[common:])):
        common = 0
    for each in apart:
        legs = [*stops[each[0]].legs[common:], *(leg for n in each[1:] for leg in stops[n].legs)]
        begins = reduce(Lasts.then, map(lasts, stops[each[0]].legs[common:]), Lasts())
        begins = begins if common else own[each[0]]
        waits = [leg.wait if isinstance(leg, Upto) else leg for leg in legs]
        yield reduce(Lasts.then, (own[n] for n in each[1:]), begins), waits


def _filled(
    stops: Sequence[Stop], start: int, where: Zone, known: Mapping[int, int]
) -> tuple[int, ...]:
    """When all stops are, if some are known, with ranges as short as they can be."""
    times: list[int] = []
    for place, (after, legs) in enumerate(stops):
        at = times[after] if after >= 0 else start
        for leg in legs if place not in known else ():
            if isinstance(leg, SinceStart):
                base = times[leg.base] if leg.base >= 0 else start
                at = max(at, piece(leg.wait, base, where).at)
            else:
                at = piece(leg, at, where).at if at < NEVER else NEVER
        times.append(known.get(place, at))
    return tuple(times)


class Reach:
    """The instants that a stop behind a range can lie at: what is fixed first, and then wait by
    wait, as sets.
    """

    def __init__(self, stops: Sequence[Stop], starts: Intervals, where: Zone) -> None:
        self._where = where
        self._stops = stops
        place = next(n for n, stop in enumerate(stops) if any(map(is_range, stop.legs)))
        ranged = stops[place]
        first = next(n for n, leg in enumerate(ranged.legs) if is_range(leg))
        self._fixed = [*stops[:place], Stop(ranged.after, ranged.legs[:first])]
        self._place = place
        self._legs = [
            (n, leg)
            for n, stop in enumerate(stops[place:], place)
            for leg in (stop.legs[first:] if n == place else stop.legs)
        ]
        self._sets = [starts, merged(self._image(self._fixed_at, starts))]
        for _, leg in self._legs:
            self._sets.append(merged(self._image(partial(self._ends, leg), self._sets[-1])))

    @property
    def instants(self) -> Intervals:
        """All of them."""
        return self._sets[-1]

    def back(self, at: int) -> tuple[int, list[int]]:
        """An entry from which the last stop can lie at an instant, and when the stops then are."""
        times: dict[int, int] = {len(self._stops) - 1: at}
        for (place, leg), before in zip(
            reversed(self._legs), reversed(self._sets[1:-1]), strict=True
        ):
            times.setdefault(place, at)
            at = self._from(partial(self._ends, leg), before, at)
        start = self._from(self._fixed_at, self._sets[0], at)
        fixed = lay(self._fixed, start, self._where).at[:-1]
        return start, [*fixed, *(times[n] for n in range(self._place, len(self._stops)))]

    def _fixed_at(self, t: int) -> tuple[Piece, Piece]:
        laid = lay(self._fixed, t, self._where)
        one = Piece(laid.at[-1], laid.moves[-1], laid.border)
        return one, one

    def _ends(self, leg: Leg, t: int) -> tuple[Piece, Piece]:
        return piece(leg, t, self._where), piece(leg, t, self._where, far=True)

    def _pieces(
        self, ends: Callable[[int], tuple[Piece, Piece]], before: Intervals
    ) -> Iterator[tuple[int, int, Piece, Piece]]:
        """The pieces of a set: from, to, and what a wait does there at its shortest and longest."""
        for t, hi in before:
            while t < hi:
                near, far = ends(t)
                border = min(near.border, far.border, hi)
                yield t, border, near, far
                t = border

    def _image(
        self, ends: Callable[[int], tuple[Piece, Piece]], before: Intervals
    ) -> Iterator[tuple[int, int]]:
        for t, border, near, far in self._pieces(ends, before):
            if near.at < NEVER:
                last = far.at + (border - t - 1 if far.moves else 0)
                yield near.at, min(last, LATEST) + 1

    def _from(self, ends: Callable[[int], tuple[Piece, Piece]], before: Intervals, at: int) -> int:
        """An instant of a set from which a wait can end at `at`."""
        found = (_source(at, *each) for each in self._pieces(ends, before))
        return next(instant for instant in found if instant is not None)


def _source(at: int, t: int, border: int, near: Piece, far: Piece) -> int | None:
    """The first instant of a piece [t, border) from which a wait can end at `at`: the shortest must
    not pass it, and the longest has to reach it."""
    first = max(t, t + at - far.at) if far.moves else t
    last = min(border - 1, t + at - near.at) if near.moves else border - 1
    reaches = far.moves or at <= far.at
    return first if near.at <= at and reaches and first <= last else None
