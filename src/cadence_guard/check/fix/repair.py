"""One cadence on its way to be without objections: the proof is asked, a wait grows, again."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from cadence_guard.cadence import (
    BusinessDays,
    Cadence,
    Elapsed,
    Ignore,
    LocalDays,
    Pause,
    Step,
    UntilClock,
    UntilOpen,
    Where,
)
from cadence_guard.check.fix.edits import BEFORE, UNTIL, Edit
from cadence_guard.check.fix.graph import ways_in, with_wait, with_wait_before, without_slots
from cadence_guard.check.fix.growth import Grows, amounts, free_at, wait_before
from cadence_guard.check.fix.hours import Window, in_common, until
from cadence_guard.check.fix.routes import is_retry, route_to, times_of
from cadence_guard.check.ignores import is_ignored
from cadence_guard.check.proof import Objected, Proof, prove
from cadence_guard.check.proof.work import TooMuchError, Work
from cadence_guard.importers._source import Source
from cadence_guard.instants import NEVER, PERIOD, WEEK, Zone
from cadence_guard.rules.blackout import Blackout
from cadence_guard.rules.outside_hours import OutsideHours
from cadence_guard.ruleset import Ruleset

WORK: Final = 8_000_000
"""How much the proofs of one cadence may judge, as they count it, until it passes; and as much
again until its waits are the least. Each is some twenty seconds."""
CUT: Final = 4
"""How many times less it is if a proof does not follow all, so that it cannot pass anyway."""
A_PROOF: Final = 200
"""How much asking for a proof is, beside what it judges."""
FEW: Final = 10
"""How often a wait grows to what some starts need. After that it doubles at least: it is soon long
enough, and shortened then, or as long as all that is judged."""
_FIRST: Final = 3 * WEEK
_NEVER: Final = "no wait repairs that"
_IN_VAIN: Final = "however long it waits, some start is refused"
NOT_DONE: Final = (
    "more work than is spent on one cadence, so none of its waits is changed: make it simpler"
    " (fewer ways, turns of loops or ranges), or set some waits and try again"
)
NOT_LEAST: Final = (
    "its waits pass, but may be longer than needed: to try all of them shorter is more work than"
    " is spent on one cadence"
)


_Span: TypeAlias = tuple[int, int, tuple[Zone, ...] | None]
"""Starts in [start, end), in these zones; None: in all of the audience."""


class _Key(NamedTuple):
    """An entry that objects to a step."""

    where: Where
    name: str
    pack: str | None
    place: int


class Repair:
    """One cadence on its way to be without objections. `edits` are what was changed, `refused` what
    waiting does not repair, `incomplete` why not all is known, `notes` what else is to be said."""

    def __init__(
        self,
        source: Source,
        ruleset: Ruleset,
        cadence: Cadence,
        period: tuple[int, int],
        others: Mapping[str, Cadence],
        ignores: tuple[Ignore, ...],
    ) -> None:
        self.source = source
        self.ruleset = ruleset
        self.cadence = cadence
        self.others = others
        self.ignores = ignores
        self.edits: dict[Where, Edit] = {}
        self.refused: dict[_Key, str] = {}
        self.incomplete: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        start, end = self.period = period
        self._spans: tuple[_Span, ...] = (
            (start, min(end, start + _FIRST), None),
            (start, end, None),
        )
        """The starts of three weeks are proved quickly, all of the period slowly."""
        self._met: dict[_Span, None] = {}
        """The single starts from which something objected; each is proved more quickly than all."""
        self._grew: Counter[Where] = Counter()
        self._work = Work(WORK)

    def go(self) -> None:
        """Lengthens waits until nothing objects that waiting repairs, then shortens each as far as
        that stays so."""
        written = self.cadence
        try:
            self._lengthen()
        except TooMuchError:
            self.cadence, self.edits, self.incomplete = written, {}, (NOT_DONE,)
            return
        self._work.again(WORK)
        try:
            self._shorten()
        except TooMuchError:
            self.notes = (NOT_LEAST,)

    # -- longer -------------------------------------------------------------------------------

    def _lengthen(self) -> None:
        """Lengthens waits, first for the starts that asked for it last. Raises TooMuchError."""
        near: Sequence[_Span] = ()
        while found := self._open(near):
            near = [(one.start, one.start + 1, (one.zone,)) for one in self._round(found)]
            near = list(dict.fromkeys(near))
            self._met = dict.fromkeys((*near, *self._met))

    def _open(self, near: Sequence[_Span]) -> list[Objected]:
        """What objects that a wait may repair, in the order of the steps: from these starts; if
        nothing does, from those of three weeks, or any."""
        place = {id_: index for index, id_ in enumerate(self.cadence.nodes)}
        for spans in (near, *((span,) for span in self._spans)):
            proofs = [self._prove(self.cadence, span) for span in spans]
            found = [one for proof in proofs for one in proof.objections if self._is_open(one)]
            if found:
                return sorted(found, key=lambda one: place.get(one.step.id, 0))
            self.incomplete = tuple(why for proof in proofs for why in proof.incomplete)
        return []

    def _prove(self, cadence: Cadence, span: _Span) -> Proof:
        start, end, zones = span
        cadence = without_slots(cadence)
        others = {**self.others, cadence.name: cadence}
        proof = prove(self.ruleset, cadence, start, end, zones, others=others)
        if proof.incomplete:
            self._work.most = WORK // CUT
        self._work.spend(A_PROOF + proof.work)
        return proof

    # -- shorter ------------------------------------------------------------------------------

    def _shorten(self) -> None:
        """Sets each wait that grew to the least that will do beside the others. Raises
        TooMuchError; it passes all the while."""
        shorter = True
        while shorter:
            shorter = False
            for edit in list(self.edits.values()):
                least = self._least(edit) if edit.amount else 0
                if least < edit.amount:
                    self._set(edit.of(least))
                    shorter = True

    def _least(self, edit: Edit) -> int:
        """The least amount by which a wait has to grow beside the others as they are: one less does
        not pass. What the single starts say is asked first."""

        def met(amount: int) -> bool:
            return self._passes(edit.of(amount), self._met)

        low, high = 0, edit.amount
        while low < high and met(high - 1):
            least = low + bisect_left(range(low, high - 1), True, key=met)
            if self._passes(edit.of(least), self._spans):
                return least
            low = least + 1
            middle = (low + high) // 2
            if self._passes(edit.of(middle), (*self._met, *self._spans)):
                high = middle
            else:
                low = middle + 1
        return high

    def _passes(self, edit: Edit, spans: Iterable[_Span]) -> bool:
        """Whether nothing objects, with one wait changed so, that did not before."""
        cadence = with_wait(self.cadence, edit.where, edit.new)
        for span in spans:
            proof = self._prove(cadence, span)
            missed = [one for one in proof.objections if self._blocks(one)]
            if missed or not set(proof.incomplete) <= set(self.incomplete):
                near = ((one.start, one.start + 1, (one.zone,)) for one in missed)
                self._met = dict.fromkeys((*near, *self._met))
                return False
        return True

    # -- one round ----------------------------------------------------------------------------

    def is_ignored(self, code: str, where: Where) -> bool:
        """Whether a comment asks to ignore a finding at a place."""
        mark = self.source.mark(where)
        return is_ignored(self.ignores, code, mark.line, mark.end_line)

    def _blocks(self, objected: Objected) -> bool:
        """Whether an objection counts that is not refused yet, and not ignored."""
        return (
            objected.effect == "block"
            and _key(objected) not in self.refused
            and not self.is_ignored(objected.code, objected.step.where)
        )

    def _is_open(self, objected: Objected) -> bool:
        """Whether an objection is one that a wait may repair; if not, it is noted."""
        if not self._blocks(objected):
            return False
        why = self._hopeless(objected)
        if why is not None:
            self._refuse(objected, why)
        return why is None

    def _round(self, objections: Sequence[Objected]) -> list[Objected]:
        """Changes the wait before the first step that a wait repairs; the objections to it."""
        first: Where | None = None
        asked: list[Objected] = []
        growing: list[tuple[Objected, Grows, int]] = []
        crossed: Counter[Where] = Counter()
        for one in objections:
            if first in (None, one.step.where):
                first = one.step.where
                asked.append(one)
                if isinstance(one.entry, OutsideHours):
                    self._put_hours(one.step)
                    return [one]
                route = route_to(self.cadence, one.path, one.index)
                grows = wait_before(self.cadence, one, route, self.edits)
                longest = max(amounts(one, grows, self.cadence, self.period[1]))
                amount = -(-longest // times_of(self.cadence, one, grows.where))
                if not amount:
                    self._refuse(one, _NEVER)
                    continue
                growing.append((one, grows, amount))
                places = {node.where for node in route.nodes} if route else set()
                crossed.update({*places, grows.where, (*first, BEFORE)})
        most = max((crossed[grows.where] for _, grows, _ in growing), default=0)
        grown: dict[Where, tuple[int, Grows, Step]] = {}
        for one, grows, amount in growing:
            # What more of the ways share comes first: it may spare the others.
            if crossed[grows.where] == most and amount > grown.get(grows.where, (0,))[0]:
                grown[grows.where] = (amount, grows, one.step)
        for amount, grows, step in grown.values():
            edit = self.edits.get(grows.where)
            if edit is None:
                edit = Edit(grows.where, self.cadence.name, step.name, grows.wait, Elapsed(0, 0))
            self._grew[grows.where] += 1
            if self._grew[grows.where] > FEW:
                amount = max(amount, edit.amount)
            if edit.amount + amount > PERIOD // grows.unit:
                for one, to, _ in growing:
                    if to.where == grows.where:
                        self._refuse(one, _IN_VAIN)
            else:
                self._set(edit.of(edit.amount + amount))
        return asked

    def _refuse(self, objected: Objected, why: str) -> None:
        self.refused[_key(objected)] = _why(objected, why)

    def _hopeless(self, objected: Objected) -> str | None:
        """Why no wait would help, as far as one look tells."""
        step, entry = objected.step, objected.entry
        if objected.cadence.name != self.cadence.name:
            return f"it is a touch of {objected.cadence.name!r}"
        if isinstance(entry, Blackout):
            return "after any wait, some start leads to such a day"
        if isinstance(entry, OutsideHours):
            # The first try may be outside of them as well, and not be told.
            if (*step.where, UNTIL) in self.edits or (is_retry(objected) and self._is_timed(step)):
                return "it is tried again outside the hours"
            return None if self._open_to(step) else "no hour of the week is open to it"
        if is_retry(objected) and not isinstance(step.every, (Elapsed, LocalDays, BusinessDays)):
            return "it is tried again at times of their own"
        if free_at(objected, objected.start, objected.times) == NEVER:
            return _NEVER
        return None

    # -- hours --------------------------------------------------------------------------------

    def _is_timed(self, step: Step) -> bool:
        """Whether all that leads to a step waits for a time of the day."""
        before = ways_in(without_slots(self.cadence))
        return all(
            isinstance(node, Pause) and isinstance(node.wait, (UntilOpen, UntilClock))
            for node in before.get(step.id, ())
        )

    def _open_to(self, step: Step) -> list[Window]:
        """The hours that all entries leave open to a step."""
        purpose = step.purpose or self.cadence.purpose
        return in_common(
            [
                entry
                for entry in self.ruleset.entries
                if isinstance(entry, OutsideHours)
                and entry.effect == "block"
                and entry.concerns(step.channel, purpose)
            ]
        )

    def _put_hours(self, step: Step) -> None:
        """Puts a wait until the hours before a step."""
        wait, said = until(self._open_to(step))
        self._set(Edit((*step.where, UNTIL), self.cadence.name, step.name, None, wait, 0, said))

    # -- changing the cadence -----------------------------------------------------------------

    def _set(self, edit: Edit) -> None:
        """Sets a wait, or puts one before all nodes of a place in the file; one that has not grown
        is as it was."""
        *place, kind = where = edit.where
        if kind in (BEFORE, UNTIL) and where not in self.edits:
            self.cadence = with_wait_before(self.cadence, tuple(place), str(kind), edit.new)
        else:
            self.cadence = with_wait(self.cadence, where, edit.new)
        self.edits[where] = edit
        if not edit.amount and edit.hours is None:
            del self.edits[where]


def _why(objected: Objected, why: str) -> str:
    """An objection, and why waiting does not repair it."""
    return f"{objected.step.name}: {objected.code} {objected.message} ({why})"


def _key(objected: Objected) -> _Key:
    entry = objected.entry
    return _Key(objected.step.where, entry.name, entry.pack, entry.place)
