"""One cadence on its way to be without objections: the proof is asked, a wait grows, again."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Final, NamedTuple, TypeAlias

from cadence_guard.cadence import (
    BusinessDays,
    Cadence,
    Elapsed,
    Enter,
    Ignore,
    LocalDays,
    Node,
    Pause,
    Step,
    UntilClock,
    UntilOpen,
    Wait,
    Where,
)
from cadence_guard.check.fix.edits import BEFORE, UNTIL, Edit
from cadence_guard.check.fix.graph import ways_in, with_wait, with_wait_before, without_slots
from cadence_guard.check.fix.growth import Grows, amounts, free_at, node_of, wait_before
from cadence_guard.check.fix.hours import Window, in_common, until
from cadence_guard.check.fix.routes import is_retry, route_to, stop_of, times_of
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
until its waits are the least. Each is some twenty seconds."""
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
    waiting has not repaired, `incomplete` why not all is known, `notes` what else is to be said."""

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
        first = (start, min(end, start + _FIRST), None)
        self._spans: tuple[_Span, ...] = tuple(dict.fromkeys((first, (start, end, None))))
        """The starts of three weeks are proved quickly, all of the period slowly."""
        self._met: dict[_Span, None] = {}
        """The single starts from which something objected; each is proved more quickly than all."""
        self._grew: Counter[Where] = Counter()
        self._vain: set[_Key] = set()
        self._names = {label.where: label.name for label in cadence.labels}
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
        self.edits = {
            where: edit for where, edit in self.edits.items() if edit.amount or edit.hours
        }

    # -- longer -------------------------------------------------------------------------------

    def _lengthen(self) -> None:
        """Lengthens waits, first for the starts that asked for it last. What was given up is tried
        again, as long as there is less of it: waits that grew since may help. Raises
        TooMuchError."""
        near: Sequence[_Span] = ()
        given_up: float = inf
        while True:
            while found := self._open(near):
                near = [(one.start, one.start + 1, (one.zone,)) for one in self._round(found)]
                near = list(dict.fromkeys(near))
                self._met = dict.fromkeys((*near, *self._met))
            vain = self._vain & self.refused.keys()
            if not 0 < len(vain) < given_up:
                return
            given_up = len(vain)
            for key in vain:
                del self.refused[key]

    def _open(self, near: Sequence[_Span]) -> list[Objected]:
        """What objects that a wait may repair, in the order of the steps: from these starts; if
        nothing does, from those of three weeks, or any."""
        place = {id_: number for number, id_ in enumerate(self.cadence.nodes)}

        def turn(objected: Objected) -> tuple[bool, int]:
            """Its own steps come first: what they wait may spare those of what it enters."""
            stop = stop_of(self.cadence, objected)
            is_own = stop == objected.index
            return not is_own, place[node_of(objected.path, stop).id]

        proofs: list[Proof] = []
        for spans in (near, *((span,) for span in self._spans)):
            proofs = [self._prove(self.cadence, span) for span in spans]
            found = [one for proof in proofs for one in proof.objections if self._is_open(one)]
            if found:
                return sorted(found, key=turn)
        (proof,) = proofs
        left = {_key(one) for one in proof.objections}
        self.refused = {key: why for key, why in self.refused.items() if key in left}
        self.incomplete = proof.incomplete
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
                least = self._least(edit)
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
            stop = stop_of(self.cadence, one)
            node = node_of(one.path, stop)
            if first in (None, node.where):
                first = node.where
                asked.append(one)
                if isinstance(one.entry, OutsideHours):
                    self._put_hours(one.step)
                    return [one]
                route = route_to(self.cadence, one.path, stop)
                grows = wait_before(self.cadence, one.path, stop, route, self.edits)
                longest = max(amounts(one, stop, grows, self.cadence, self.period[1]))
                amount = -(-longest // times_of(self.cadence, one.path, stop, grows.where))
                if not amount:
                    self._refuse(one, _NEVER)
                    continue
                growing.append((one, grows, amount))
                places = {node.where for node in route.nodes} if route else set()
                crossed.update({*places, grows.where, (*first, BEFORE)})
        most = max((crossed[grows.where] for _, grows, _ in growing), default=0)
        asking: dict[Where, list[tuple[Objected, Grows, int]]] = {}
        for one, grows, amount in growing:
            # What more of the ways share comes first: it may spare the others.
            if crossed[grows.where] == most:
                asking.setdefault(grows.where, []).append((one, grows, amount))
        for where, for_it in asking.items():
            self._grow(where, for_it)
        return asked

    def _grow(self, where: Where, asking: Sequence[tuple[Objected, Grows, int]]) -> None:
        """Lengthens a wait for those that ask for it. It is as it was for those that asked again
        and again until it was as long as all that is judged: others may ask for less."""
        one, grows, amount = max(asking, key=lambda each: each[2])
        node = node_of(one.path, stop_of(self.cadence, one))
        edit = self.edits.get(where) or self._edit(where, node, grows.wait)
        self._grew[where] += 1
        if self._grew[where] > FEW:
            amount = max(amount, edit.amount)
        if edit.amount + amount <= PERIOD // grows.unit:
            self._set(edit.of(edit.amount + amount))
            return
        for one, _, _ in asking:
            self._refuse(one, _IN_VAIN)
            self._vain.add(_key(one))
        self._set(edit.of(0))
        self._grew[where] = 0

    def _refuse(self, objected: Objected, why: str) -> None:
        self.refused[_key(objected)] = _why(objected, why)

    def _hopeless(self, objected: Objected) -> str | None:
        """Why no wait would help, as far as one look tells."""
        step, entry = objected.step, objected.entry
        is_own = objected.cadence.name == self.cadence.name
        retry = is_own and is_retry(objected.path, objected.index)
        if isinstance(entry, Blackout):
            return "after any wait, some start leads to such a day"
        if stop_of(self.cadence, objected) < 0 or (isinstance(entry, OutsideHours) and not is_own):
            return f"it is a touch of {objected.cadence.name!r}"
        if isinstance(entry, OutsideHours):
            # The first try may be outside of them as well, and not be told.
            if (*step.where, UNTIL) in self.edits or (retry and self._is_timed(step)):
                return "it is tried again outside the hours"
            return None if self._open_to(step) else "no hour of the week is open to it"
        if retry and not isinstance(step.every, (Elapsed, LocalDays, BusinessDays)):
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
        edit = self._edit((*step.where, UNTIL), step, None)
        self._set(edit._replace(new=wait, hours=said))

    # -- changing the cadence -----------------------------------------------------------------

    def _edit(self, where: Where, node: Node, old: Wait | None) -> Edit:
        """A change of a wait before a node that changes nothing yet."""
        about = f"enter {node.cadence}" if isinstance(node, Enter) else node.id
        step = node.name if isinstance(node, Step) else about
        return Edit(where, self.cadence.name, step, self._names.get(where), old, Elapsed(0, 0))

    def _set(self, edit: Edit) -> None:
        """Sets a wait, or puts one before all nodes of a place in the file."""
        *place, kind = where = edit.where
        if kind in (BEFORE, UNTIL) and where not in self.edits:
            self.cadence = with_wait_before(self.cadence, tuple(place), str(kind), edit.new)
        else:
            self.cadence = with_wait(self.cadence, where, edit.new)
        self.edits[where] = edit


def _why(objected: Objected, why: str) -> str:
    """An objection, and why waiting does not repair it."""
    return f"{objected.step.name}: {objected.code} {objected.message} ({why})"


def _key(objected: Objected) -> _Key:
    entry = objected.entry
    return _Key(objected.step.where, entry.name, entry.pack, entry.place)
