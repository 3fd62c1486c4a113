"""Every way of a cadence, laid out from every start: what proving it and reacting to it share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final

from cadence_guard.cadence import Cadence, Enter, Fan, entered_by
from cadence_guard.check import assumptions
from cadence_guard.check.judging import Judge
from cadence_guard.check.layout import LATEST, Stop
from cadence_guard.check.paths import Item, Made, Path
from cadence_guard.check.proof.layouts import Layouts, Near
from cadence_guard.check.proof.objections import FAR
from cadence_guard.check.proof.runs import Cell, Layout, Run, Spot
from cadence_guard.check.proof.starts import Starts
from cadence_guard.check.proof.work import Work
from cadence_guard.check.ranges import FEW
from cadence_guard.instants import Zone
from cadence_guard.ruleset import Ruleset

WORK: Final = 4_000_000
"""How much is judged and laid out at most; some seconds."""
CUT: Final = 4
"""How many times less it is if the ways are not all, so that not all can be known anyway."""


class Search(ABC):
    """Goes the ways of one cadence under one ruleset, for all starts in [start, end) (microseconds
    UTC) and all zones: those given, else those of the audience.

    `most` is how much is done at most. What is looked for on a way is the subclass's.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        cadence: Cadence,
        start: int,
        end: int,
        zones: Sequence[Zone] | None,
        others: Mapping[str, Cadence] | None,
        most: int,
    ) -> None:
        self.ruleset = ruleset
        self.cadence = cadence
        self.others = entered_by(cadence, others or {})
        self.incomplete: dict[str, None] = {}
        """Why not all is known (CG903)."""
        self.judge = Judge(ruleset, self.say)
        given = assumptions.zones_for(cadence) if zones is None else zones
        self.work = Work(most)
        self.starts = Starts(cadence, start, end, given, self.work)
        self.layouts = Layouts(self.judge, self.starts, self.work, self.cares, self.nears)
        self._runs = 0
        self._spots: dict[Hashable, Spot] = {}
        self._prefixes: dict[Hashable, int] = {}

    # -- what is looked for -----------------------------------------------------------------------

    @abstractmethod
    def asked(self, path: Path, touches: Sequence[Spot], new: list[Spot]) -> list[Spot]:
        """Those of the touches of a path that are to be judged; `new` are the ones that were not on
        a path before with the same before them."""

    @abstractmethod
    def judge_spot(self, run: Run, spot: Spot, cell: Cell) -> None:
        """Judges a touch for all starts of a cell."""

    @abstractmethod
    def doubt(self, path: Path, layout: Layout, spots: list[Spot]) -> Callable[[], None] | None:
        """What notes that not all is known of a way of which it is not known how all its ranges
        fall; None if there is no such thing."""

    def conclude(self, layout: Layout, spots: list[Spot]) -> None:
        """Keeps what was seen of a way, once all of it is judged."""

    def cares(self, one: Item, other: Item) -> bool:
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

    def nears(self, path: Path, items: Sequence[Item]) -> list[Near]:
        """Where it matters besides that a stop comes so much later than another one."""
        return []

    # -- the search -------------------------------------------------------------------------------

    def say(self, reason: str) -> None:
        """Notes why not all is known."""
        self.incomplete[reason] = None

    def go(self, path: Path) -> None:
        """Judges the touches of a way that are asked for. Raises TooMuchError if that is more than
        is left to do."""
        self.judge.cadences = path.cadences
        spots = self._asked(path)
        if not spots:
            return
        last = spots[-1].index + 1 if path.in_line else len(path.items)
        stops = [item.stop for item in path.items[:last]]
        layout = self.layouts.of(path, stops, spots)
        self.evaluate(layout)
        self.conclude(layout, spots)
        if layout.exact:
            return
        doubt = self.doubt(path, layout, spots)
        if doubt is not None and not (layout.jumps and self._refined(path, stops, spots)):
            doubt()

    def _asked(self, path: Path) -> list[Spot]:
        """The touches of a path that are to be judged."""
        touches: list[Spot] = []
        new: list[Spot] = []
        prefix, in_line = -1 - path.fresh, path.in_line
        for place, item in enumerate(path.items):
            prefix = self._prefixes.setdefault((prefix, item), len(self._prefixes))
            concern = self.judge.concern(item.what) if isinstance(item.what, Made) else None
            if concern is not None:
                key: Hashable = prefix if in_line else (id(path), place)
                if key not in self._spots:
                    new.append(self._spots.setdefault(key, Spot(path, place, concern)))
                touches.append(self._spots[key])
        return self.asked(path, touches, new)

    def _refined(self, path: Path, stops: list[Stop], spots: list[Spot]) -> bool:
        """Judges a way in all that its ranges can bring about if waits behind them jump back; that
        may be too much, and then nothing is done."""
        more = self.layouts.of(path, stops, spots, jumping=True)
        if not (more.exact and self._can_do(more)):
            return False
        self.evaluate(more)
        self.conclude(more, spots)
        return True

    def bounds(self, path: Path, layout: Layout, spots: list[Spot]) -> Layout | None:
        """A way laid out as if whatever hangs on a range fell freely; None if that is too much."""
        bounds = self.layouts.bounds(path, layout, spots)
        if bounds is None or (len(bounds.whole) > FEW.falls and not self._can_do(bounds)):
            return None
        for run in bounds.runs:
            run.bound = True
        return bounds

    def _can_do(self, layout: Layout) -> bool:
        """Whether a layout is not too much, as far as the ones before it tell."""
        a_run = 1 + self.work.done // self._runs
        return self.work.done + a_run * len(layout.runs) <= self.work.most // 2

    def evaluate(self, layout: Layout) -> None:
        """Judges all that was laid out of a way, for all its starts."""
        for run in layout.runs:
            self._runs += 1
            for _ in self.starts.windows(run):
                run.always.clear()
                run.first.clear()
                for cell in self.starts.cells(run):
                    self._judge_cell(run, cell)
            if run.origin is None and self.starts.end + run.window > LATEST:
                self.say(FAR)  # days that are alike come before it and behind it
            run.shapes.clear()

    def _judge_cell(self, run: Run, cell: Cell) -> None:
        for spot in run.spots:
            if run.is_made(spot, cell):
                self.judge_spot(run, spot, cell)
            elif cell.laid.possible:
                spot.missing = True
                self.say(FAR)
