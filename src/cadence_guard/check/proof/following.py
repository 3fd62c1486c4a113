"""Steps that are made several times on a way in line, with ranges between: whether an entry can let
pass all their touches, exactly.

Of most entries one fall of the ranges tells all: what objects to what is too near lets pass the
most with all ranges at their longest. For an entry that looks at the instant alone, and for a cap
of days, weeks or months, the instants that the way reaches are followed as sets, as far as the
entry lets pass what is made there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from cadence_guard.cadence import Elapsed, Handover
from cadence_guard.check.judging import Concern, Judge
from cadence_guard.check.layout import SinceStart, Stop, is_range
from cadence_guard.check.paths import Made, Path
from cadence_guard.check.proof.cuts import edges
from cadence_guard.check.proof.runs import Spot
from cadence_guard.check.proof.starts import Starts
from cadence_guard.check.proof.work import A_PIECE, A_TOUCH, Work
from cadence_guard.check.ranges import image
from cadence_guard.instants import Zone, local_period
from cadence_guard.rules import RULES
from cadence_guard.rules._sets import Intervals, merged
from cadence_guard.rules.already_answered import AlreadyAnswered
from cadence_guard.rules.missed_calls import MissedCalls
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.not_the_holder import NotTheHolder
from cadence_guard.rules.over_cap import OverCap
from cadence_guard.rules.overlapping_cadence import OverlappingCadence
from cadence_guard.rules.pressure import Pressure
from cadence_guard.rules.repeated_message import RepeatedMessage
from cadence_guard.rules.too_soon import TooSoon
from cadence_guard.rules.unanswered_streak import UnansweredStreak
from cadence_guard.rules.uninvited_channel import UninvitedChannel

_NEAR: Final = (
    AlreadyAnswered,
    MissedCalls,
    NotTheHolder,
    OverCap,
    OverlappingCadence,
    Pressure,
    RepeatedMessage,
    TooSoon,
    UnansweredStreak,
)
"""They object to what is too near, and to nothing because it is farther."""
_FAR: Final = (MissingConsent, UninvitedChannel)
"""They object to what is too far from a signal, and to nothing because it is nearer."""
_Key: TypeAlias = tuple[int, int]
"""Of the last touch that a cap counts: its period, and how many there are up to it; (0, 0) if there
was none."""
_Part: TypeAlias = tuple[_Key, int, int]
"""With that the instants from one on and before another."""


class Kinds(NamedTuple):
    """Entries, as bits: those that object to what is too near, or too far, those that look at the
    instant alone, and caps of a calendar unit."""

    near: int
    far: int
    timed: int
    calendar: int


def kinds_of(path: Path, spots: Sequence[Spot], asked: int) -> Kinds:
    """Those among some entries of which it is told exactly what they say of the touches of a
    step."""
    whats = [item.what for item in path.items]
    handed = any(isinstance(what, Handover) for what in whats)
    by_person = any(isinstance(what, Made) and not what.step.automated for what in whats)
    near, far, calendar = 0, 0, 0
    for bit, entry in {
        bit: entry for spot in spots for bit, entry in spot.concern.counting
    }.items():
        if type(entry) is not RULES.get(entry.name) or (by_person and entry.answers is not None):
            continue
        if isinstance(entry, OverCap) and entry.calendar is not None:
            calendar |= bit if entry.scope != "point" else 0
        elif isinstance(entry, _NEAR) and not (handed and isinstance(entry, NotTheHolder)):
            near |= bit
        elif isinstance(entry, _FAR):
            far |= bit
    timed = 0
    for spot in spots:
        timed |= spot.concern.timed
    return Kinds(near & asked, far & asked, timed & asked, calendar & asked)


def elapses(stops: Sequence[Stop]) -> bool:
    """Whether every wait from the first range on is elapsed time."""
    legs = [leg for stop in stops for leg in stop.legs]
    first = next(n for n, leg in enumerate(legs) if is_range(leg))
    return all(isinstance(leg, Elapsed) for leg in legs[first:])


def follows(stops: Sequence[Stop], spots: Sequence[Spot]) -> bool:
    """Whether a way can be followed instant by instant: no wait counts from another stop, and all
    touches of the step are made."""
    legs = [leg for stop in stops for leg in stop.legs]
    since_start = any(isinstance(leg, SinceStart) for leg in legs)
    return not (since_start or any(spot.missing for spot in spots))


class Following:
    """Follows the instants of ways."""

    def __init__(self, judge: Judge, starts: Starts, work: Work) -> None:
        self._judge = judge
        self._starts = starts
        self._work = work

    def lets_pass(self, path: Path, stops: list[Stop], spots: Sequence[Spot], entry: int) -> bool:
        """Whether an entry, a bit, that looks at the instant alone or is a cap of a calendar unit
        can let pass all touches of a step. Raises TooMuchError."""
        return any(
            self._passes(path, stops, spots, starts, where, entry)
            for where, starts in self._starts.of(path.fresh)
        )

    def _passes(
        self,
        path: Path,
        stops: list[Stop],
        spots: Sequence[Spot],
        starts: Intervals,
        where: Zone,
        entry: int,
    ) -> bool:
        made = {spot.index for spot in spots}
        reached: dict[_Key, Intervals] = {(0, 0): starts}
        for place, stop in enumerate(stops):
            for leg in stop.legs:
                for key, instants in reached.items():
                    reached[key] = image(leg, instants, where, self._spend)
            what = path.items[place].what
            concern = self._judge.concern(what) if isinstance(what, Made) else None
            if concern is not None and entry & concern.counted:
                reached = _told_apart(self._counted(concern, reached, where, entry, place in made))
            elif concern is not None and place in made:
                reached = _told_apart(self._open(concern, reached, where, entry))
        return any(reached.values())

    def _open(
        self, concern: Concern, reached: dict[_Key, Intervals], where: Zone, entry: int
    ) -> Iterator[_Part]:
        """Where an entry lets pass a touch for its instant."""
        for key, instants in reached.items():
            for low, high in instants:
                cuts = {low, *edges(low, high, concern.edges, where)}
                for instant in concern.instants:
                    cuts.update((instant, instant + 1))
                inside = sorted(cut for cut in cuts if low <= cut < high)
                for cut, following in pairwise((*inside, high)):
                    self._work.spend(A_TOUCH)
                    if not entry & self._judge.timing(concern, cut, where):
                        yield key, cut, following

    def _counted(
        self,
        concern: Concern,
        reached: dict[_Key, Intervals],
        where: Zone,
        entry: int,
        made: bool,
    ) -> Iterator[_Part]:
        """Where a cap lets pass a touch that it counts, if it is of the step that is asked for,
        else all."""
        cap = next(each for bit, each in concern.counting if bit == entry)
        assert isinstance(cap, OverCap)
        assert cap.calendar is not None
        for (period, count), instants in reached.items():
            for low, high in instants:
                at = low
                while at < high:
                    self._work.spend(A_TOUCH)
                    now, border = local_period(at, cap.calendar, where)
                    before = count if now == period else 0
                    if before < cap.max or not made:
                        yield (now, min(before + 1, cap.max)), at, min(border, high)
                    at = border

    def _spend(self, pieces: int) -> None:
        self._work.spend(A_PIECE * pieces)


def _told_apart(parts: Iterator[_Part]) -> dict[_Key, Intervals]:
    """Parts, each with those of one key."""
    found: dict[_Key, list[tuple[int, int]]] = {}
    for key, low, high in parts:
        found.setdefault(key, []).append((low, high))
    return {key: merged(each) for key, each in found.items()}


def each_of(bits: int) -> Iterator[int]:
    """Each of some bits."""
    while bits:
        yield bits & -bits
        bits &= bits - 1
