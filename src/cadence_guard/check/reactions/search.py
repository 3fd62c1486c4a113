"""The search for a start, a zone and a way on which a signal makes a touch be refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final, NamedTuple

from cadence_guard.cadence import Cadence, Enter, entered_by
from cadence_guard.check import assumptions
from cadence_guard.check.judging import Concern, Prior
from cadence_guard.check.layout import Laid, Stop, lay
from cadence_guard.check.paths import Heard, Item, Made, Path, ways
from cadence_guard.check.proof import Objected
from cadence_guard.check.proof.cuts import cuts_of, edges_of, samples
from cadence_guard.check.proof.layouts import Near
from cadence_guard.check.proof.objections import RANGES, TOO_MUCH
from cadence_guard.check.proof.runs import Cell, First, Layout, Run, Spot
from cadence_guard.check.proof.search import Search
from cadence_guard.check.proof.work import A_TOUCH, TooMuchError
from cadence_guard.check.ranges import Choice
from cadence_guard.check.reactions.marks import Mark, asks, deafens, exposed, marked
from cadence_guard.check.reactions.sent import Sent, comes, ended, is_call, since, way_to
from cadence_guard.history import CLOSING
from cadence_guard.instants import DAY, FIRST, NEVER, SECOND, Zone
from cadence_guard.rules import RULES, Rule
from cadence_guard.ruleset import Ruleset

WORK: Final = 500_000
"""How much is judged and laid out at most."""
OWN: Final = 300_000
"""The same for what rules of somebody's own are asked besides."""


def is_own(entry: Rule) -> bool:
    """Whether an entry blocks and is of a rule of somebody's own, which may look at anything."""
    return entry.effect == "block" and type(entry) is not RULES.get(entry.name)


class _SettledError(Exception):
    """No more has to be asked, or may be."""


class _Hearing(NamedTuple):
    """What is laid out of a way, with a signal as its last stop."""

    run: Run
    marks: tuple[int, ...]
    """The stops of the way at which it is asked for the signal."""
    befores: tuple[int, ...]
    """Where in what is laid out it is bad to come right before, beside the touch."""
    earlier: dict[int, int]
    """The stops that what is laid out hangs on, as long ago."""


class Reacting(Search):
    """Looks for a start, a zone and a way on which somebody sends a signal and a touch is refused
    because of it, for each of some signals."""

    def __init__(
        self,
        ruleset: Ruleset,
        cadence: Cadence,
        kinds: Sequence[str],
        start: int,
        end: int,
        others: Mapping[str, Cadence],
    ) -> None:
        entered = {name: marked(one, kinds) for name, one in entered_by(cadence, others).items()}
        super().__init__(ruleset, marked(cadence, kinds), start, end, None, entered, WORK)
        self._within = ruleset.answers.within if ruleset.answers is not None else None
        self._kinds = kinds
        self._exposed = {kind: exposed(cadence, kind) for kind in kinds}
        self._found: dict[str, Objected] = {}
        self._left: set[str] = set()
        """The signals that are still looked for on a way."""
        self._at: dict[Spot, tuple[str, ...]] = {}
        """Those that might make one object to a touch."""
        self._doubted: set[str] = set()
        self._hearings: dict[tuple[Run, str], _Hearing] = {}

    def refused(self) -> dict[str, Objected]:
        """Where a touch is refused because of a signal, for each for which one is. `incomplete`
        says why that may not be all."""
        unread = self.judge.unread.difference(self._kinds)
        found = ways(self.cadence, longest=0, touches=0, others=self.others, unread=unread)
        for reason in found.reasons:
            self.say(reason)
        # what a way itself has heard may forbid a touch anyway: each is tried where least is heard
        paths = sorted(found.paths, key=lambda path: _reacts(path, self._kinds))
        for path in paths:
            try:
                with suppress(_SettledError):
                    self.go(path)
            except TooMuchError:
                self.say(TOO_MUCH)
                break
        self._ask_own()
        if self._doubted - self._found.keys():
            self.say(RANGES)
        if self._found.keys() >= {kind for kinds in self._at.values() for kind in kinds}:
            self.incomplete.clear()  # there is no more to find
        return self._found

    def asked(self, path: Path, touches: Sequence[Spot], new: list[Spot]) -> list[Spot]:
        """Those that are new and to which an entry might object because of a signal not yet found
        to be one."""
        self._at |= {spot: self._kinds_at(spot) for spot in new}
        self._ask_first(path, new)
        self._left = {kind for spot in new for kind in self._at[spot]} - self._found.keys()
        return [spot for spot in new if not self._left.isdisjoint(self._at[spot])]

    def _ask_first(self, path: Path, spots: list[Spot]) -> None:
        """Tries the signals at the first start, which often settles it."""
        run = self.layouts.whole(path, Choice([item.stop for item in path.items]), spots)
        for where, starts in run.starts[:1]:
            for start, _ in starts[:1]:
                laid = lay(run.way, start, where)
                cell = Cell(where, start, start + 1, laid, together=False)
                for spot in spots:
                    if run.is_made(spot, cell):
                        for kind in self._at[spot]:
                            if kind not in self._found:
                                self._try(run, spot, cell, kind)

    def _ask_own(self) -> None:
        """Tries all signals for rules of somebody's own, which may look at anything: for the first
        start of each piece on which nothing changes but distances and of each stretch of the hours
        that they ask for, with ranges at their shortest; and as far as `OWN` goes."""
        paths: dict[int, list[Spot]] = {}
        for spot in self._at:
            if spot.concern.own:
                paths.setdefault(id(spot.path), []).append(spot)
        self.work.again(OWN)
        with suppress(TooMuchError):
            for spots in paths.values():
                path = spots[0].path
                self.judge.cadences = path.cadences
                run = self.layouts.whole(path, Choice([item.stop for item in path.items]), spots)
                for _ in self.starts.windows(run):
                    for cell in self.starts.cells(run):
                        self._try_own(run, cell)

    def _try_own(self, run: Run, cell: Cell) -> None:
        at, moves, border, _ = cell.laid
        for spot in run.spots:
            now = at[spot.index]
            kinds = self._may_come(spot) if run.is_made(spot, cell) else []
            starts = edges_of(spot.concern, now, cell) if moves[spot.index] else [cell.start]
            for start in starts if kinds else ():
                laid = Laid(cell.times(start - cell.start), moves, border)
                for kind in kinds:
                    if kind not in self._found:
                        self._try(run, spot, Cell(cell.zone, start, start + 1, laid, False), kind)

    def _may_come(self, spot: Spot) -> list[str]:
        """The signals that are still looked for, as far as somebody who has just sent one may come
        to a touch."""
        items = spot.path.items
        made, after = items[spot.index].what, items[spot.index].stop.after
        assert isinstance(made, Made)
        anyhow = made.cadence is not self.cadence or (after >= 0 and items[after].what is made)
        called = any(is_call(item) for item in items)
        return [
            kind
            for kind in self._kinds
            if kind not in self._found
            and (anyhow or made.step.id in self._exposed[kind])
            and (called or kind != "hung_up")
        ]

    def _kinds_at(self, spot: Spot) -> tuple[str, ...]:
        talks = self._may_answer(spot.path)
        return tuple(
            kind
            for kind in self._may_come(spot)
            if (talks and kind in CLOSING) or self._alone(spot.concern, kind)
        )

    def _may_answer(self, path: Path) -> bool:
        """Whether a touch of a way may be an answer, so that some entries count it only after a
        signal that closes."""
        answers = self.ruleset.answers
        if answers is None:
            return False
        said = {signal.kind for _, signal in assumptions.signals(self.cadence, fresh=path.fresh)}
        said.update(item.what.kind for item in path.items if isinstance(item.what, Heard))
        return not answers.signals.isdisjoint(said) and any(
            isinstance(item.what, Made) and not item.what.step.automated for item in path.items
        )

    def _alone(self, concern: Concern, kind: str) -> bool:
        """Whether a rule that counts no touches objects to one because of a signal: it does so soon
        after it and if there is nothing else, if ever."""
        at, where = self.starts.start + DAY, self.starts.zones[0]
        heard = at - SECOND, self.judge.kind(Heard(kind))
        return bool(self._because(concern, at, where, [], [heard]))

    def cares(self, one: Item, other: Item) -> bool:
        """Where it is asked for a signal, or none is heard, matters as well."""
        return (
            isinstance(one.what, Enter)
            or isinstance(other.what, Enter)
            or super().cares(one, other)
        )

    def nears(self, path: Path, items: Sequence[Item]) -> list[Near]:
        """Soon after what was an answer, a signal between may close: then that counts, too."""
        if not self._may_answer(path):
            return []
        touches = [(n, item) for n, item in enumerate(items) if isinstance(item.what, Made)]
        return [
            (later, answer, SECOND + 1)
            for answer, one in touches
            if isinstance(one.what, Made) and not one.what.step.automated
            for later, other in touches
            if later != answer and self.cares(one, other)
        ]

    def doubt(self, path: Path, layout: Layout, spots: list[Spot]) -> Callable[[], None] | None:
        """Looks for signals after which something may be refused, for all that is known."""
        found, doubted = dict(self._found), set(self._left)
        bounds = self.bounds(path, layout, spots)
        if bounds is not None:
            try:
                with suppress(_SettledError):
                    self.evaluate(bounds)
                doubted = self._found.keys() - found.keys()
            finally:
                self._found = found
        return partial(self._doubted.update, doubted) if doubted else None

    def judge_spot(self, run: Run, spot: Spot, cell: Cell) -> None:
        """Looks for a start of a cell at which a signal makes a touch be refused."""
        for kind in self._at[spot]:
            if kind not in self._found:
                self._try(run, spot, cell, kind)
        if self._found.keys() >= self._left:
            raise _SettledError

    def _try(self, run: Run, spot: Spot, cell: Cell, kind: str) -> None:
        """Looks for a start of a cell at which one signal does."""
        hearing = self._hearing(run, kind)
        for before in (run.index(spot), *hearing.befores):
            objected = self._objected(hearing, run, spot, cell, kind, before)
            if objected is not None:
                self._found[kind] = objected
                return

    def _hearing(self, run: Run, kind: str) -> _Hearing:
        hearing = self._hearings.get((run, kind))
        if hearing is None:
            items, heard = run.path.items[: len(run.stops)], Heard(kind)
            more = replace(
                run,
                path=replace(run.path, items=(*items, Item(heard, Stop(-1, ())))),
                places=(*run.places, len(items)),
                kinds=(*run.kinds, self.judge.kind(heard)),
                in_line=False,
            )
            hearing = self._hearings[run, kind] = _Hearing(
                more,
                tuple(n for n, item in enumerate(items) if asks(item.what, kind)),
                tuple(n for n, place in enumerate(run.places) if deafens(items[place].what, kind)),
                {} if run.origin is None else dict.fromkeys(way_to(run.path, run.origin), FIRST),
            )
        return hearing

    def _objected(
        self, hearing: _Hearing, run: Run, spot: Spot, cell: Cell, kind: str, before: int
    ) -> Objected | None:
        """Where in a cell a signal one second before a stop makes a touch be refused."""
        index, (at, moves, border, _) = run.index(spot), cell.laid
        heard = at[before] - SECOND
        if run.origin is None and moves[before] and heard <= since(run.path, cell.start):
            self.work.spend(1)
            return None  # it would come before the entry, whatever the start
        more = cell._replace(laid=Laid([*at, heard], [*moves, moves[before]], border))
        cuts: Iterable[int] = cuts_of(hearing.run, spot, more, self._within)
        cuts = cuts if moves[before] else chain(cuts, (heard,))
        for start in chain((cell.start,), samples(more, cuts)):  # often the first will do
            self.work.spend(A_TOUCH + len(at))
            times = more.times(start - cell.start)
            known = hearing.earlier | dict(zip(run.places, times, strict=False))
            begins = start if run.origin is not None else since(run.path, start)
            sent = Sent(kind, times[-1], begins)
            if not comes(run.path, known, hearing.marks, spot.index, sent):
                continue
            priors = run.priors(index, start, times[:-1]), hearing.run.priors(index, start, times)
            if self._because(spot.concern, times[index], cell.zone, *priors):
                first = First(start, cell.zone, tuple(times[:-1]))
                begin, every = self.layouts.placed(run, first)
                objected = self._told(
                    hearing, spot, kind, run.places[before], begin, cell.zone, every
                )
                if objected is not None:
                    return objected
        return None

    def _because(
        self, concern: Concern, at: int, where: Zone, before: list[Prior], after: list[Prior]
    ) -> int:
        """The entries that block, as bits, that object after something and not before it."""
        blocking = sum(bit for bit, entry in concern.counting if entry.effect == "block")
        after_it = self.judge.counting(concern, at, where, after) & blocking
        return after_it and after_it & ~self.judge.counting(concern, at, where, before)

    def _told(
        self,
        hearing: _Hearing,
        spot: Spot,
        kind: str,
        before: int,
        start: int,
        where: Zone,
        times: tuple[int, ...],
    ) -> Objected | None:
        """The objection to a touch that a signal one second before a stop brings about, if all that
        was before it is known; None if it brings none about then."""
        path, concern, at = spot.path, spot.concern, times[spot.index]
        sent = Sent(kind, times[before] - SECOND, since(path, start))
        known = dict(enumerate(times))
        coming = comes(path, known, hearing.marks, spot.index, sent)
        times = tuple(NEVER if ended(path, known, n, sent) else at for n, at in known.items())
        priors = self.layouts.before(spot, start, times)
        after = sorted(
            [*priors, (sent.at, self.judge.kind(Heard(kind)))], key=lambda prior: prior[0]
        )
        because = self._because(concern, at, where, priors, after)
        if not because or not coming:
            return None
        entry = next(entry for bit, entry in concern.counting if bit & because)
        said = entry.objection(at, self.judge.case(concern, at, where, after))
        # a time line asks what happens and when, and nothing happens at a mark
        kept = [n for n in range(len(times)) if not isinstance(path.items[n].what, Mark)]
        items = [path.items[n] for n in kept]
        return Objected(
            step=concern.step,
            entry=entry,
            code=said.code or entry.code,
            name=said.name or entry.name,
            effect=entry.effect,
            certainty="always",
            start=start,
            zone=where,
            path=replace(path, items=(*items, Item(Heard(kind), Stop(-1, ())))),
            message=said.message,
            cadence=concern.cadence,
            index=kept.index(spot.index),
            times=(*(times[n] for n in kept), sent.at),
        )


def _reacts(path: Path, kinds: Collection[str]) -> int:
    """How many signals of some kinds a way itself has."""
    return sum(isinstance(item.what, Heard) and item.what.kind in kinds for item in path.items)
