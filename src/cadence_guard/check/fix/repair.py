"""One cadence on its way to be without objections: the proof is asked, a wait grows, again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

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
    Wait,
    Where,
)
from cadence_guard.check.fix.edits import BEFORE, UNTIL, Edit, text_of
from cadence_guard.check.fix.graph import ways_in, with_wait, with_wait_before, without_slots
from cadence_guard.check.fix.growth import Grows, amounts, free_at, wait_before
from cadence_guard.check.fix.hours import Window, in_common, until
from cadence_guard.check.fix.routes import is_retry, loops_around, route_to, times_of
from cadence_guard.check.ignores import is_ignored
from cadence_guard.check.proof import Objected, Proof, prove
from cadence_guard.importers._source import Source
from cadence_guard.instants import NEVER, WEEK, Zone
from cadence_guard.rules.blackout import Blackout
from cadence_guard.rules.outside_hours import OutsideHours
from cadence_guard.ruleset import Ruleset

ROUNDS: Final = 400
"""How often the proof is asked about one cadence. Each time a wait has grown to what a start needs;
no cadence that somebody wrote needs so many."""
VAIN: Final = 40
"""How often a wait grows, if by no less than in the beginning, before it is given up. In a loop of
many turns each time is less than the one before."""
WORK: Final = 20_000_000
"""How much the proofs of one cadence may judge, as they count it; about a minute."""
_FIRST: Final = 3 * WEEK
_IN_VAIN: Final = "no wait repairs that"


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
    waiting does not repair; `given_up` is what was waited for in vain, so that it is begun anew
    without."""

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
        self.period = period
        self.others = others
        self.ignores = ignores
        self.edits: dict[Where, Edit] = {}
        self.refused: dict[_Key, str] = {}
        self.given_up: dict[_Key, str] = {}
        self.grew: dict[Where, list[int]] = {}
        self._hours: dict[Where, tuple[UntilOpen, Any]] = {}
        self._proofs: dict[Hashable, Proof] = {}
        self._changes = 0
        self._work = 0
        self.incomplete: tuple[str, ...] = ()

    def go(self) -> None:
        """Repairs what waiting repairs.

        The starts of three weeks are proved quickly, and all of the period slowly. So the repair is
        made for the former, and for each start beside them that a proof of all has named; and it is
        begun anew when one is added, so that no wait is longer for having been set too early.
        """
        start, end = self.period
        written = self.cadence
        spans: list[_Span] = [(start, min(end, start + _FIRST), None)]
        rounds = self._rounds()
        while True:
            self.cadence, self.edits, self.refused = written, {}, {**self.given_up}
            self.grew = {}
            if not self._settle(spans, rounds):
                self.incomplete = (*self.incomplete, f"not done after {self._changes} changes")
                return
            if not self.given_up.keys() <= self.refused.keys():
                continue
            proof = self._prove(start, end, None)
            self.incomplete = proof.incomplete
            missed = {(one.start, one.zone) for one in proof.objections if self._is_open(one)}
            if not missed:
                return
            spans += [(at, at + 1, (zone,)) for at, zone in sorted(missed, key=lambda one: one[0])]

    def _settle(self, spans: Sequence[_Span], rounds: Iterator[int]) -> bool:
        """Repairs the cadence for the starts of these spans; whether the rounds sufficed.

        One start is proved more quickly than all. So what objected is asked for again from that
        start alone, with all turns of the loop it lies in, until it is repaired there. What no
        proof of all has come to yet is left to one, since it may ask for hours from another start.
        """
        near: list[_Span] = []
        upto = 0
        begun: set[Where] = set()
        for _ in rounds:
            order = {step.id: place for place, step in enumerate(self.cadence.steps)}
            found = [one for one in self._found(near) if order.get(one.step.id, 0) <= upto]
            first = next((one.step.where for one in found if self._is_open(one)), None)
            if first not in begun:
                found = self._found(spans)
            changed = self._round(found)
            if not changed or not self.given_up.keys() <= self.refused.keys():
                return True
            near = list(dict.fromkeys((one.start, one.start + 1, (one.zone,)) for one in changed))
            (where,) = {one.step.where for one in changed}
            begun.add(where)
            loop = min(loops_around(where), key=len, default=None)
            upto = max(
                place
                for place, step in enumerate(self.cadence.steps)
                if step.where == where or (loop and step.where[: len(loop)] == loop)
            )
        return False

    def _rounds(self) -> Iterator[int]:
        """Goes on while there is work to be spent on another change."""
        while self._changes < ROUNDS and self._work < WORK:
            yield self._changes
            self._changes += 1

    def _found(self, spans: Sequence[_Span]) -> list[Objected]:
        """The objections for the starts of these spans, in the order of the steps."""
        found = [one for span in spans for one in self._prove(*span).objections]
        place = {id_: index for index, id_ in enumerate(self.cadence.nodes)}
        return sorted(found, key=lambda one: place.get(one.step.id, 0))

    def _prove(self, start: int, end: int, zones: tuple[Zone, ...] | None) -> Proof:
        """The proof of the cadence as it is now; what is begun anew comes by the same again."""
        waits = frozenset((where, edit.new) for where, edit in self.edits.items())
        key = (waits, start, end, zones)
        if key not in self._proofs:
            cadence = without_slots(self.cadence)
            others = {**self.others, cadence.name: cadence}
            self._proofs[key] = prove(self.ruleset, cadence, start, end, zones, others=others)
            self._work += self._proofs[key].work
        return self._proofs[key]

    def is_ignored(self, code: str, where: Where) -> bool:
        """Whether a comment asks to ignore a finding at a place."""
        mark = self.source.mark(where)
        return is_ignored(self.ignores, code, mark.line, mark.end_line)

    def _is_open(self, objected: Objected) -> bool:
        """Whether an objection is one that a wait may repair; if not, it is noted."""
        if objected.effect != "block" or _key(objected) in self.refused:
            return False
        if self.is_ignored(objected.code, objected.step.where):
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
            if self._is_open(one) and first in (None, one.step.where):
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
                    self._refuse(one, _IN_VAIN)
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
            self._set(step, grows, amount)
            grew = self.grew.setdefault(grows.where, [])
            grew.append(amount)
            if len(grew) >= VAIN and 2 * amount >= max(grew):
                # What it is to be later than waits there as well.
                self.given_up |= {_key(one): _why(one) for one, to, _ in growing if to == grows}
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
            return _IN_VAIN
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
        """Puts a wait until the hours before a step; whenever it is begun anew the same one."""
        if step.where not in self._hours:
            self._hours[step.where] = until(self._open_to(step))
        wait, said = self._hours[step.where]
        self._put(step.where, UNTIL, wait, step, said)

    # -- changing the cadence -----------------------------------------------------------------

    def _set(self, step: Step, grows: Grows, amount: int) -> None:
        """Sets a wait, or puts one before what stands there."""
        wait, where = grows.grown(amount), grows.where
        said = text_of(wait.low) if isinstance(wait, Elapsed) else None
        if where[-1] == BEFORE and where not in self.edits:
            self._put(where[:-1], BEFORE, wait, step, said)
            return
        known = self.edits.get(where)
        if known is None:
            known = Edit(where, self.cadence.name, step.name, grows.wait, wait)
        self.edits[where] = known._replace(new=wait, said=said)
        self.cadence = with_wait(self.cadence, where, wait)

    def _put(self, where: Where, kind: str, wait: Wait, step: Step, said: Any) -> None:
        """Puts a wait before all nodes of one place in the file."""
        there = (*where, kind)
        self.edits[there] = Edit(there, self.cadence.name, step.name, None, wait, said)
        self.cadence = with_wait_before(self.cadence, where, kind, wait)


def _why(objected: Objected, why: str = _IN_VAIN) -> str:
    """An objection, and why waiting does not repair it."""
    return f"{objected.step.name}: {objected.code} {objected.message} ({why})"


def _key(objected: Objected) -> _Key:
    entry = objected.entry
    return _Key(objected.step.where, entry.name, entry.pack, entry.place)
