"""Steps that are made several times on a way: their touches taken together, start by start.

Where ranges lie between them, however these fall (`following`); if that cannot be told, only the
touches behind one range and up to the next one are.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from cadence_guard.check.judging import Judge
from cadence_guard.check.layout import Stop, as_waits, settled
from cadence_guard.check.paths import Path
from cadence_guard.check.proof.cuts import cuts_of, edges_of, samples
from cadence_guard.check.proof.following import (
    Following,
    each_of,
    elapses,
    follows,
    kinds_of,
)
from cadence_guard.check.proof.layouts import Layouts
from cadence_guard.check.proof.runs import Cell, Run, Spot, judged_without
from cadence_guard.check.proof.starts import Starts
from cadence_guard.check.proof.work import A_TOUCH, TooMuchError, Work
from cadence_guard.check.ranges import Choice, ranges_of
from cadence_guard.instants import NEVER

WORK: Final = 1_000_000
"""How much is judged and laid out at most."""


class Turns:
    """Says which entries object, whenever a step is made, to one or another of its touches."""

    def __init__(
        self, judge: Judge, starts: Starts, layouts: Layouts, work: Work, within: int | None
    ) -> None:
        self._judge = judge
        self._starts = starts
        self._layouts = layouts
        self._work = work
        work.again(WORK)
        self._within = within
        self._following = Following(judge, starts, work)
        self.unsure: set[tuple[str, str]] = set()
        """The steps, each with its cadence, of which more may be so than was said."""

    def objecting(self, path: Path, spots: tuple[Spot, ...], asked: int) -> int:
        """Those of some entries, as bits, that object to one or another of the touches of a step on
        a way, from every start. Where this is too much to judge, no entry is said to."""
        try:
            return self._objecting(path, spots, asked)
        except TooMuchError:
            self.unsure.add(spots[0].step)
            return 0

    def _objecting(self, path: Path, spots: tuple[Spot, ...], asked: int) -> int:
        stops = [item.stop for item in path.items[: spots[-1].index + 1 if path.in_line else None]]
        if ranges_of(stops) and not path.in_line:
            self.unsure.add(spots[0].step)
            return 0
        stops, _, left = settled([as_waits(stop) for stop in stops])
        if not ranges_of(stops):
            run = self._layouts.whole(path, Choice(stops), spots)
            return self._jointly(run, asked, dict.fromkeys(spots, -1))
        if left:
            stops = stops[: min(ranges_of(stops))]
        # a wait from the entry that ends later in any case hangs on the entry alone
        apart = left or any(stop.after != place - 1 for place, stop in enumerate(stops))
        found, exact = (0, 0) if apart else self._however(path, stops, spots, asked)
        asked &= ~exact
        if asked:
            self.unsure.add(spots[0].step)
        return found | self._between(path, stops, spots, asked)

    def _however(
        self, path: Path, stops: list[Stop], spots: tuple[Spot, ...], asked: int
    ) -> tuple[int, int]:
        """Those of some entries, as bits, that object to one or another of the touches however the
        ranges between them fall; and those of which that is all."""
        kinds = kinds_of(path, spots, asked)
        found, exact = 0, 0
        if elapses(stops):
            longest = frozenset(ranges_of(stops))
            for bits, far in ((kinds.near, longest), (kinds.far, frozenset[int]())):
                run = self._layouts.whole(path, Choice(stops, far), spots)
                found |= self._jointly(run, bits, dict.fromkeys(spots, -1)) if bits else 0
            exact = kinds.near | kinds.far
        if follows(stops, spots):
            followed = kinds.timed | kinds.calendar
            exact |= followed
            for bit in each_of(followed):
                if not self._following.lets_pass(path, stops, spots, bit):
                    found |= bit
        return found, exact

    def _between(self, path: Path, stops: list[Stop], spots: tuple[Spot, ...], asked: int) -> int:
        """Those that object to one or another of the touches between two ranges."""
        found = 0
        for first, following in pairwise((-1, *ranges_of(stops), len(stops))):
            group = tuple(spot for spot in spots if first <= spot.index < following)
            if len(group) < 2 or not asked & ~found:
                continue
            upto = stops[: group[-1].index + 1]
            allowed = dict.fromkeys(group, -1)
            run = self._layouts.whole(path, Choice(upto), group)
            if first >= 0:
                rest = self._layouts.behind(path, first, upto, group)
                if rest is None or len(rest[0].places) < len(upto) - first:
                    continue  # something else comes between them
                (run,) = rest
                allowed = {spot: judged_without(spot, first) for spot in group}
            found |= self._jointly(run, asked & ~found, allowed)
        return found

    def _jointly(self, run: Run, asked: int, allowed: Mapping[Spot, int]) -> int:
        """Those of some entries that object, from every start, to one or another touch of a run."""
        found = asked
        for _ in self._starts.windows(run):
            for cell in self._starts.cells(run):
                found &= self._in_cell(run, cell, found, allowed)
                if not found:
                    return 0
        return found

    def _in_cell(self, run: Run, cell: Cell, asked: int, allowed: Mapping[Spot, int]) -> int:
        """The same for the starts of a cell. A start at which none is made says nothing."""
        at, moves = cell.laid.at, cell.laid.moves
        made = [(spot, n) for spot in run.spots if at[n := run.index(spot)] < NEVER]
        cuts: set[int] = set()
        for spot, n in made:
            cuts.update(cuts_of(run, spot, cell, self._within))
            if moves[n]:
                cuts.update(edges_of(spot.concern, at[n], cell))
        for start in samples(cell, cuts) if made else ():
            times, found = cell.times(start - cell.start), 0
            for spot, n in made:
                priors = run.priors(n, start, times)
                self._work.spend(A_TOUCH + len(priors))
                found |= allowed[spot] & self._judge.objecting(
                    spot.concern, times[n], cell.zone, priors
                )
            asked &= found
        return asked
