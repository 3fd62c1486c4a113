"""Repair by waiting: the least waits with which the policy has nothing to say against a cadence.

`fix` changes waits, and may put a wait before a step; nothing else. It goes step by step: each wait
is the shortest that will do after those before it, in minutes, or in days where the file counts
days. It is the wait on the very way that is objected to which grows: before a loop for its first
turn alone, in the loop for the turns after one another, in an arm of a branch for that arm. Where
an entry asks for hours, a wait until they open is put right before the step. What a comment of the
file asks to ignore is let be.

How the shortest is found: the proof names a start from which an entry objects. From that start the
entry says when the touch would be free, so every shorter wait is refused there, and the wait grows
to that. Then the proof is asked again, until it finds nothing. So what is written is proved, and no
wait is longer than some start needs.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from cadence_guard._struct import struct
from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Fan,
    Handover,
    Ignore,
    LocalDays,
    Node,
    Pause,
    Step,
    Unknown,
    UntilClock,
    UntilOpen,
    Wait,
    Where,
    follow,
)
from cadence_guard.check import assumptions
from cadence_guard.check.before import book_before
from cadence_guard.check.ignores import is_ignored
from cadence_guard.check.layout import Leg, SinceStart, apply, lay
from cadence_guard.check.paths import Heard, Made, Path, What
from cadence_guard.check.proof import Objected, Proof, prove
from cadence_guard.check.reactions import reactions
from cadence_guard.check.report import Finding
from cadence_guard.check.run import INCOMPLETE, Opened
from cadence_guard.check.shape import in_words, shape
from cadence_guard.importers import native
from cadence_guard.importers._source import Source
from cadence_guard.instants import (
    DAY,
    DAYS,
    HOUR,
    MINUTE,
    NEVER,
    PERIOD,
    SECOND,
    WEEK,
    Hours,
    Zone,
    to_datetime,
)
from cadence_guard.policy import Policy
from cadence_guard.rules.blackout import Blackout
from cadence_guard.rules.outside_hours import OutsideHours
from cadence_guard.ruleset import Ruleset

ROUTES: Final = 2_000
"""How many nodes are looked at to find the way to a touch from what was before it."""
ROUNDS: Final = 400
"""How often the proof is asked about one cadence. Each time a wait has grown to what a start needs;
no cadence that somebody wrote needs so many."""
VAIN: Final = 40
"""How often a wait grows, if by no less than in the beginning, before it is given up. In a loop of
many turns each time is less than the one before."""
_FIRST: Final = 3 * WEEK
_SAMPLES: Final = range(0, WEEK, 2 * HOUR)
"""Starts, counted from the one the proof names, that are looked at before it is asked again."""


class Change(NamedTuple):
    """A wait to set, or to put before a step, in words; `line` is where the file says what it is
    about."""

    cadence: str
    step: str
    line: int
    text: str


class Fixed(NamedTuple):
    """What came of a repair.

    `text` is the file with the waits changed; None for a format that is not written, and then
    `changes` says what to set. `unrepaired` says what waiting cannot repair. `after` is what the
    file says with the waits changed.
    """

    text: str | None
    changes: tuple[Change, ...]
    unrepaired: tuple[str, ...]
    after: Opened

    def checked(self, findings: Iterable[Finding]) -> Fixed:
        """The same, with all that a check of `after` still blocks among what is not repaired: the
        repair looks at one cadence at a time, and only at one reading of it."""
        more: list[str] = []
        for finding in findings:
            who = finding.cadence or finding.path
            said = f"{finding.code} {finding.message}"
            line = f"{who}: {said}" if finding.step is None else f"{who}: {finding.step}: {said}"
            known = (line, f"{who}: {said}")
            if finding.effect == "block" and not any(
                told.startswith(known) for told in self.unrepaired
            ):
                more.append(line)
        return self._replace(unrepaired=tuple(dict.fromkeys((*self.unrepaired, *more))))


def fix(file: CadenceFile, source: Source, policy: Policy, start: int, end: int) -> Fixed:
    """The least waits with which no entry that blocks objects, for any start in [start, end)
    (microseconds UTC) and any zone of the audience, but where a comment asks to ignore it. Each
    cadence is repaired by itself: `Fixed.checked` adds what is then left."""
    ruleset = Ruleset(policy)
    others = {cadence.name: cadence for cadence in file.cadences}
    findings = shape(file, source)
    for cadence in file.cadences:
        findings += reactions(policy, ruleset, cadence, source, start, end, others).findings
    unrepaired = [
        f"{finding.cadence or source.path}: {finding.code} {finding.message}"
        for finding in findings
        if finding.effect == "block"
        and not is_ignored(file.ignores, finding.code, finding.line, finding.end_line)
    ]
    edits: list[_Edit] = []
    cadences: list[Cadence] = []
    is_native = file.format == native.FORMAT
    to_do = native.read(source, slots=True).cadences if is_native else file.cadences
    for cadence in to_do:
        repair = _Repair(source, ruleset, cadence, (start, end), others, file.ignores)
        repair.go()
        cadences.append(repair.cadence)
        edits += repair.edits.values()
        unrepaired += [f"{cadence.name}: {why}" for why in repair.refused.values()]
        if not repair.is_ignored(INCOMPLETE, cadence.where):
            unrepaired += [f"{cadence.name}: {INCOMPLETE} {why}" for why in repair.incomplete]
    edits.sort(key=lambda edit: (source.mark(edit.where).line, edit.where[-1] == _UNTIL))
    changes = tuple(
        Change(edit.cadence, edit.step, source.mark(edit.where).line, edit.text) for edit in edits
    )
    if not is_native:
        after = Opened(source, replace(file, cadences=tuple(cadences)))
        return Fixed(None, changes, tuple(unrepaired), after)
    text = _written(source, edits)
    written = Source(source.path, text.encode())
    return Fixed(text, changes, tuple(unrepaired), Opened(written, native.read(written)))


# -- repairing one cadence -----------------------------------------------------------------------


class _Edit(NamedTuple):
    """A wait that is set at `where`, or one that is put there: then `old` is None, and `where` ends
    with what it is for."""

    where: Where
    cadence: str
    step: str
    old: Wait | None
    new: Wait
    said: Any = None
    """A wait that is put, as the native file says it."""

    @property
    def text(self) -> str:
        """In words."""
        instead = f" instead of {_in_words(self.old)}" if self.old is not None else ""
        return f"wait {_in_words(self.new)}{instead} before {self.step!r}"


@struct
class _Grows:
    """The wait that is lengthened: where it stands, what it is, and how it grows.

    `behind` is how many waits come between it and the touch. A wait of None is one yet to be put
    there.
    """

    where: Where
    wait: Wait | None
    since_start: bool
    behind: int

    @property
    def unit(self) -> int:
        return DAY if isinstance(self.wait, (LocalDays, BusinessDays)) else MINUTE

    def grown(self, amount: int) -> Wait:
        """The wait, so many units longer."""
        match self.wait:
            case LocalDays(days=days):
                return LocalDays(days + amount)
            case BusinessDays(days=days):
                return BusinessDays(days + amount)
            case Elapsed(low=low, high=high):
                low += amount * MINUTE
                return Elapsed(low, None if high is None else max(high, low))
            case _:
                return Elapsed(amount * MINUTE, amount * MINUTE)

    def legs(self, legs: tuple[Leg, ...], amount: int) -> tuple[Leg, ...]:
        """The legs to the touch, with this wait so many units longer."""
        place = len(legs) - self.behind
        before, behind = legs[:place], legs[place:]
        if self.since_start or self.unit == DAY:
            own = before[-1]
            longer: Leg = self.grown(amount)
            if isinstance(own, SinceStart):
                longer = SinceStart(self.grown(amount), own.base)
            return (*before[:-1], longer, *behind)
        return (*before, Elapsed(amount * MINUTE, amount * MINUTE), *behind)


class _Route(NamedTuple):
    """The nodes between a touch and what was before it: a touch, a signal, the entry. `origin` is
    where the file says that."""

    origin: Where
    nodes: tuple[Node, ...]


class _Key(NamedTuple):
    """An entry that objects to a step."""

    where: Where
    name: str
    pack: str | None
    place: int


class _Repair:
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
        self.edits: dict[Where, _Edit] = {}
        self.refused: dict[_Key, str] = {}
        self.given_up: dict[_Key, str] = {}
        self.grew: dict[Where, list[int]] = {}
        self.incomplete: tuple[str, ...] = ()

    def go(self) -> None:
        """Repairs what waiting repairs.

        The starts of three weeks are proved quickly, and all of the period slowly. So the repair is
        made for the former, and for each start beside them that a proof of all has named; and it is
        begun anew when one is added, so that no wait is longer for having been set too early.
        """
        start, end = self.period
        written = self.cadence
        spans: list[tuple[int, int, tuple[Zone, ...] | None]]
        spans = [(start, min(end, start + _FIRST), None)]
        rounds = iter(range(ROUNDS))
        while True:
            self.cadence, self.edits, self.refused = written, {}, {**self.given_up}
            self.grew = {}
            if not self._settle(spans, rounds):
                self.incomplete = (*self.incomplete, f"not done after {ROUNDS} changes")
                return
            if not self.given_up.keys() <= self.refused.keys():
                continue
            proof = self._prove(start, end, None)
            self.incomplete = proof.incomplete
            missed = {(one.start, one.zone) for one in proof.objections if self._is_open(one)}
            if not missed:
                return
            spans += [(at, at + 1, (zone,)) for at, zone in sorted(missed, key=lambda one: one[0])]

    def _settle(
        self, spans: Sequence[tuple[int, int, tuple[Zone, ...] | None]], rounds: Iterator[int]
    ) -> bool:
        """Repairs the cadence for the starts of these spans; whether the rounds sufficed."""
        for _ in rounds:
            found = [one for span in spans for one in self._prove(*span).objections]
            place = {id_: index for index, id_ in enumerate(self.cadence.nodes)}
            found.sort(key=lambda one: place.get(one.step.id, 0))
            if not self._round(found) or not self.given_up.keys() <= self.refused.keys():
                return True
        return False

    def _prove(self, start: int, end: int, zones: tuple[Zone, ...] | None) -> Proof:
        cadence = _without_slots(self.cadence)
        others = {**self.others, cadence.name: cadence}
        return prove(self.ruleset, cadence, start, end, zones, others=others)

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

    def _round(self, objections: Sequence[Objected]) -> bool:
        """Changes the wait before the first step that a wait repairs; whether there was one."""
        first: Where | None = None
        growing: list[tuple[Objected, _Grows, int]] = []
        crossed: Counter[Where] = Counter()
        for one in objections:
            if self._is_open(one) and first in (None, one.step.where):
                first = one.step.where
                if isinstance(one.entry, OutsideHours):
                    self._put_hours(one.step)
                    return True
                route = self._route(one.path, one.index)
                grows = self._wait_before(one, route)
                amount = -(-max(self._amounts(one, grows)) // self._times(one, grows.where))
                if not amount:
                    self._refuse(one, _IN_VAIN)
                    continue
                growing.append((one, grows, amount))
                places = {node.where for node in route.nodes} if route else set()
                crossed.update({*places, grows.where, (*first, _BEFORE)})
        most = max((crossed[grows.where] for _, grows, _ in growing), default=0)
        grown: dict[Where, tuple[int, _Grows, Step]] = {}
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
        return first is not None

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
            if (*step.where, _UNTIL) in self.edits or (
                _is_retry(objected) and self._is_timed(step)
            ):
                return "it is tried again outside the hours"
            return None if self._open_to(step) else "no hour of the week is open to it"
        if _is_retry(objected) and not isinstance(step.every, (Elapsed, LocalDays, BusinessDays)):
            return "it is tried again at times of their own"
        if _free(objected, objected.start, objected.times) == NEVER:
            return _IN_VAIN
        return None

    # -- hours --------------------------------------------------------------------------------

    def _is_timed(self, step: Step) -> bool:
        """Whether all that leads to a step waits for a time of the day."""
        ways_in = _ways_in(_without_slots(self.cadence))
        return all(
            isinstance(node, Pause) and isinstance(node.wait, (UntilOpen, UntilClock))
            for node in ways_in.get(step.id, ())
        )

    def _open_to(self, step: Step) -> list[Window]:
        """The hours that all entries leave open to a step."""
        purpose = step.purpose or self.cadence.purpose
        return _in_common(
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
        windows = self._open_to(step)
        hours = Hours(([day], opens, closes) for day, opens, closes in windows)
        groups = _grouped(windows)
        texts = [" ".join((*days, f"{one['from']}-{one['to']}")) for days, one in groups]
        said = [{"days": days, **one} if days else one for days, one in groups]
        wait = UntilOpen(hours, ", ".join(texts))
        self._put(step.where, _UNTIL, wait, step, {"until_open": said if said[1:] else said[0]})

    # -- how long -----------------------------------------------------------------------------

    def _wait_before(self, objected: Objected, route: _Route | None) -> _Grows:
        """The wait to lengthen so that a touch of a step comes later: the last on its way that no
        other turn of a loop has to itself. If there is none, where one is to be put."""
        step = objected.step
        if _is_retry(objected):
            return _Grows((*step.where, "retry", "every"), step.every, False, 0)
        put, slot = _Grows((*step.where, _BEFORE), None, False, 0), None
        origin, nodes = route or _Route((), ())
        loops = _loops(step.where) & _loops(origin)
        for place in range(len(nodes) - 1, -1, -1):
            node = nodes[place]
            if not isinstance(node, Pause):
                break
            behind = len(_legs(nodes[place + 1 :]))
            fits = _loops(node.where) <= loops
            if _is_slot(node):
                slot = slot or (_Grows(node.where, None, False, behind) if fits else None)
            elif not self._is_until(node, objected):
                if fits:
                    return _Grows(node.where, node.wait, node.since_start, behind)
            else:  # what makes it later comes before it
                put, slot = _Grows((*node.where, _BEFORE), None, False, behind + 1), None
        known = self.edits.get(put.where)
        return slot or (replace(put, wait=known.new) if known else put)

    def _is_until(self, pause: Pause, objected: Objected) -> bool:
        """Whether a wait ends at a time of its own: if it is counted from the entry, and comes
        again and again up to a touch, it does as well."""
        if isinstance(pause.wait, (Elapsed, LocalDays, BusinessDays)):
            return pause.since_start and self._times(objected, pause.where) > 1
        return True

    def _route(self, path: Path, index: int) -> _Route | None:
        """The nodes between a stop of a way and what was before it; None if they are not found."""
        what, stop = path.items[index]
        before = path.items[stop.after].what if stop.after >= 0 else None
        wanted = [
            replace(leg, base=-1) if isinstance(leg, SinceStart) else leg for leg in stop.legs
        ]
        ways_in = _ways_in(self.cadence)
        todo: list[tuple[str, tuple[Node, ...]]] = [(_id_of(what), ())]
        for _ in range(ROUTES):
            if not todo:
                break
            id_, nodes = todo.pop()
            arrived = _legs(nodes) == wanted
            for node in ways_in.get(id_, ()):
                if _begins(node, id_, before) and arrived:
                    return _Route(() if node is None else node.where, nodes)
                if isinstance(node, (Pause, Branch, Fan, Await)):
                    todo.append((node.id, (node, *nodes)))
        return None

    def _times(self, objected: Objected, where: Where) -> int:
        """How often a wait comes on a way up to a touch: what it grows by counts so often."""
        items, index = objected.path.items, objected.index
        if _is_retry(objected):
            first = index
            while first and items[first - 1].what == items[index].what:
                first -= 1
            return index - first
        times = 0
        while index >= 0:
            route = self._route(objected.path, index)
            times += sum(node.where == where for node in route.nodes) if route else 0
            index = items[index].stop.after
        return max(times, 1)

    def _amounts(self, objected: Objected, grows: _Grows) -> Iterator[int]:
        """By how much the wait has to grow, for the start that was named and others near it."""
        path, index, zone = objected.path, objected.index, objected.zone
        times = objected.times
        far = _ends(path, index, objected.start, times, zone, far=False) != times[index]
        yield _amount(objected, grows, objected.start, times, far=far)
        way = [item.stop for item in path.items]
        hours = self.cadence.entry_hours
        for offset in _SAMPLES:
            start = objected.start + offset
            if start < self.period[1] and (
                path.fresh or hours is None or hours.next_open(start, (zone,))[0] == start
            ):
                laid = tuple(lay(way, start, zone).at)
                yield _amount(objected, grows, start, laid, far=False)

    # -- changing the cadence -----------------------------------------------------------------

    def _set(self, step: Step, grows: _Grows, amount: int) -> None:
        """Sets a wait, or puts one before what stands there."""
        wait, where = grows.grown(amount), grows.where
        said = _text(wait.low) if isinstance(wait, Elapsed) else None
        if where[-1] == _BEFORE and where not in self.edits:
            self._put(where[:-1], _BEFORE, wait, step, said)
            return
        known = self.edits.get(where)
        if known is None:
            known = _Edit(where, self.cadence.name, step.name, grows.wait, wait)
        self.edits[where] = known._replace(new=wait, said=said)
        nodes = dict(self.cadence.nodes)
        for id_, node in nodes.items():
            if isinstance(node, Pause) and node.where == where:
                nodes[id_] = replace(node, wait=wait)
            elif isinstance(node, Step) and (*node.where, "retry", "every") == where:
                nodes[id_] = replace(node, every=wait)
        self.cadence = replace(self.cadence, nodes=nodes)

    def _put(self, where: Where, kind: str, wait: Wait, step: Step, said: Any) -> None:
        """Puts a wait before all nodes of one place in the file."""
        there = (*where, kind)
        self.edits[there] = _Edit(there, self.cadence.name, step.name, None, wait, said)
        ids = {
            node.id: f"{node.id} ({kind})"
            for node in self.cadence.nodes.values()
            if node.where == where
        }

        def to(id_: str | None) -> str | None:
            return ids.get(id_, id_) if id_ is not None else None

        nodes: dict[str, Node] = {}
        for id_, node in self.cadence.nodes.items():
            if id_ in ids:
                nodes[ids[id_]] = Pause(ids[id_], there, wait, id_)
            nodes[id_] = _redirected(node, to)
        self.cadence = replace(self.cadence, nodes=nodes, start=to(self.cadence.start))


_BEFORE: Final = "a wait before"
_UNTIL: Final = "until the hours"
"""What the place of a wait that was put before something ends with, whatever leads to it; one on
the way to it alone ends with `native.SLOT`."""
_PUT: Final = (native.SLOT, _BEFORE, _UNTIL)


_IN_VAIN: Final = "no wait repairs that"


def _why(objected: Objected, why: str = _IN_VAIN) -> str:
    """An objection, and why waiting does not repair it."""
    return f"{objected.step.name}: {objected.code} {objected.message} ({why})"


def _key(objected: Objected) -> _Key:
    entry = objected.entry
    return _Key(objected.step.where, entry.name, entry.pack, entry.place)


def _is_retry(objected: Objected) -> bool:
    """Whether a touch is another attempt of a call."""
    items, index = objected.path.items, objected.index
    before = items[index].stop.after
    return objected.step.attempts > 1 and before >= 0 and items[before].what == items[index].what


def _ends(
    path: Path,
    index: int,
    start: int,
    times: Sequence[int],
    zone: Zone,
    *,
    far: bool,
    legs: tuple[Leg, ...] | None = None,
) -> int:
    """When a stop of a way is come to from the stop before it, by its legs or others."""
    stop = path.items[index].stop

    def place(of: int) -> int:
        return start if of < 0 else times[of]

    at = place(stop.after)
    for leg in stop.legs if legs is None else legs:
        if at == NEVER:
            break
        if isinstance(leg, SinceStart):
            at = max(at, apply(leg.wait, place(leg.base), zone, far=far))
        else:
            at = apply(leg, at, zone, far=far)
    return at


def _amount(
    objected: Objected, grows: _Grows, start: int, times: Sequence[int], *, far: bool
) -> int:
    """By how many units the wait has to grow for one start; 0 if it need not or cannot."""
    path, index, zone = objected.path, objected.index, objected.zone
    at = times[index]
    free = _free(objected, start, times) if at < NEVER else at
    if free in (at, NEVER):
        return 0

    def ends(amount: int) -> int:
        legs = grows.legs(path.items[index].stop.legs, amount)
        return _ends(path, index, start, times, zone, far=far, legs=legs)

    low, high = 0, PERIOD // grows.unit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if ends(middle) >= free else (middle, high)
    return high


def _free(objected: Objected, start: int, times: Sequence[int]) -> int:
    """When the entry lets a touch of a way pass, if all that was before it stays as it is."""
    index = objected.index
    book = book_before(objected.path, start, times, index, objected.zone)
    touch = assumptions.touch_of(objected.cadence, objected.step)
    touch = touch.model_copy(update={"at": to_datetime(times[index])})
    return objected.entry.next_open(times[index], book.case(touch, times[index]))[0]


@lru_cache(maxsize=2)
def _ways_in(cadence: Cadence) -> dict[str, list[Node | None]]:
    """What comes right before each node; None is the entry."""
    found: dict[str, list[Node | None]] = {cadence.start or "": [None]}
    for node in cadence.nodes.values():
        for id_ in follow(node):
            if id_ is not None:
                found.setdefault(id_, []).append(node)
    return found


def _loops(where: Where) -> frozenset[Where]:
    """The loops around a place of a file, each turn of which is a node of its own."""
    return frozenset(where[:depth] for depth, key in enumerate(where) if key == "repeat")


def _is_slot(node: Node) -> bool:
    return isinstance(node, Pause) and node.wait == Elapsed(0, 0)


def _without_slots(cadence: Cadence) -> Cadence:
    """The same without the waits of no time."""
    slots = {id_: node for id_, node in cadence.nodes.items() if _is_slot(node)}

    def to(id_: str | None) -> str | None:
        while id_ in slots:
            (id_,) = follow(slots[id_])
        return id_

    nodes = {id_: _redirected(node, to) for id_, node in cadence.nodes.items() if id_ not in slots}
    return replace(cadence, nodes=nodes, start=to(cadence.start))


def _id_of(what: What) -> str:
    """The id of the node of a stop; a signal has none."""
    match what:
        case Made(step=step):
            return step.id
        case Heard():
            return ""
        case _:
            return what.id


def _begins(node: Node | None, then: str, before: What | None) -> bool:
    """Whether a node that leads to `then` is what was before on a way."""
    match before:
        case None:
            return node is None or (isinstance(node, Pause) and isinstance(node.wait, Unknown))
        case Heard(kind=kind):
            return isinstance(node, Await) and any(
                arm.then == then and arm.signal == kind for arm in node.arms
            )
        case _:
            return node.id == _id_of(before) if node is not None else isinstance(before, Enter)


def _legs(nodes: Iterable[Node]) -> list[Leg]:
    """The waits at nodes that are gone through, those of elapsed time after one another as one."""
    found: list[Leg] = []
    for node in nodes:
        wait: Leg | None = None
        if isinstance(node, Pause):
            wait = SinceStart(node.wait) if node.since_start else node.wait
        elif isinstance(node, Await):
            wait = node.timeout
        last = found[-1] if found else None
        if isinstance(wait, Elapsed) and isinstance(last, Elapsed):
            high = None if last.high is None or wait.high is None else last.high + wait.high
            found[-1] = Elapsed(last.low + wait.low, high)
        elif wait is not None and wait != Elapsed(0, 0):
            found.append(wait)
    return found


def _redirected(node: Node, to: Callable[[str | None], str | None]) -> Node:
    """A node that leads elsewhere."""

    def arms(given: tuple[Arm, ...]) -> tuple[Arm, ...]:
        return tuple(replace(arm, then=to(arm.then)) for arm in given)

    match node:
        case Branch():
            return replace(node, arms=arms(node.arms))
        case Fan():
            return replace(node, thens=tuple(to(then) or then for then in node.thens))
        case Await():
            return replace(node, arms=arms(node.arms), then=to(node.then))
        case _:
            assert isinstance(node, (Step, Pause, Handover, Enter))
            return replace(node, then=to(node.then))


# -- hours ---------------------------------------------------------------------------------------

Window = tuple[int, int, int]
"""(day, from, to) on the wall clock, in microseconds after midnight; none is over midnight."""


def _in_common(entries: Sequence[OutsideHours]) -> list[Window]:
    """The hours of the week that are open to all entries, day by day."""
    weeks = [_week(entry) for entry in entries]
    edges = sorted({edge for week in weeks for piece in week for edge in piece})
    edges = sorted({*edges, *range(0, WEEK + 1, DAY)})
    found: list[Window] = []
    for low, high in pairwise(edges):
        if all(any(opens <= low < closes for opens, closes in week) for week in weeks):
            day, opens = divmod(low, DAY)
            closes = high - day * DAY
            if found and found[-1][0] == day and found[-1][2] == opens:
                found[-1] = (day, found[-1][1], closes)
            else:
                found.append((day, opens, closes))
    return found


def _week(entry: OutsideHours) -> list[tuple[int, int]]:
    """The windows of an entry as pieces of the week, in microseconds after Monday's midnight."""
    pieces: list[tuple[int, int]] = []
    for window in entry.params.windows:
        for name in window.days:
            opens = DAYS.index(name) * DAY + window.from_
            closes = opens + ((window.to - window.from_) % DAY or DAY)
            pieces.append((opens, min(closes, WEEK)))
            if closes > WEEK:
                pieces.append((0, closes - WEEK))
    return pieces


def _grouped(windows: Sequence[Window]) -> list[tuple[list[str], dict[str, str]]]:
    """Windows of the same times together: (days, {from, to}). All days are no days."""
    groups: dict[tuple[str, str], list[str]] = {}
    for day, opens, closes in windows:
        groups.setdefault((_clock(opens), _clock(closes)), []).append(DAYS[day])
    return [
        ([] if len(days) == len(DAYS) else days, {"from": opens, "to": closes})
        for (opens, closes), days in groups.items()
    ]


def _clock(us: int) -> str:
    return f"{us // HOUR:02d}:{us % HOUR // MINUTE:02d}"


# -- words ---------------------------------------------------------------------------------------


def _in_words(wait: Wait) -> str:
    match wait:
        case Elapsed(low=low, high=high) if low == high:
            return in_words(low / SECOND)
        case Elapsed(low=low, high=None):
            return f"{in_words(low / SECOND)} or longer"
        case Elapsed(low=low, high=high):
            assert high is not None
            return f"{in_words(low / SECOND)} to {in_words(high / SECOND)}"
        case LocalDays(days=days):
            return f"{days} local day{'s' * (days != 1)}"
        case BusinessDays(days=days):
            return f"{days} business day{'s' * (days != 1)}"
        case _:
            assert isinstance(wait, UntilOpen)  # nothing else is set
            return f"until {wait.text}"


# -- writing the native file ---------------------------------------------------------------------


class _Cut(NamedTuple):
    """A piece of a text, and what stands there instead."""

    start: int
    end: int
    text: str


def _written(source: Source, edits: Sequence[_Edit]) -> str:
    """The text of a file after the edits; all else stays, comments too."""
    text = source.text
    breaks = "\n" if source.is_json else "\r\n|\r|\n"
    lines = [0, *(match.end() for match in re.finditer(breaks, text))]
    cuts: list[_Cut] = []
    puts: dict[Where, dict[str, _Edit]] = {}
    for edit in edits:
        if edit.old is None:
            item, kind = _item_of(edit.where)
            puts.setdefault(item, {})[kind] = edit
        else:
            path = edit.where if edit.where[-1] == "every" else (*edit.where, "wait")
            cuts += _set_cuts(source, lines, path, edit.new)
    for item, kinds in puts.items():
        jumps = tuple(_jumps(source, item)) if set(kinds) - {native.SLOT} else ()
        for place in (item, *jumps):
            put = [
                kind for kind in _PUT if kind in kinds and (place == item or kind != native.SLOT)
            ]
            cuts.append(_put_cut(source, lines, place, [kinds[kind].said for kind in put]))
    for cut in sorted(cuts, reverse=True):
        text = text[: cut.start] + cut.text + text[cut.end :]
    return text


def _item_of(where: Where) -> tuple[Where, str]:
    """The item before which a wait is put, and its kind."""
    kind = str(where[-1])
    while where[-1] in _PUT:
        where = where[:-1]
    return where, kind


def _jumps(source: Source, item: Where) -> Iterator[Where]:
    """The items of the same cadence that jump to a step: what is put before it goes there, too."""
    id_ = _value(source.data, item)["id"]
    top = item[: item.index("steps")]
    todo: list[tuple[Where, Any]] = [(top, _value(source.data, top))]
    while todo:
        where, value = todo.pop()
        if isinstance(value, dict):
            if value.get("go_to") == id_:
                yield where
            todo += [((*where, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            todo += [((*where, place), inner) for place, inner in enumerate(value)]


def _value(data: Any, where: Where) -> Any:
    for key in where:
        data = data[key]
    return data


def _span(source: Source, lines: Sequence[int], where: Where) -> tuple[int, int]:
    mark = source.mark(where)
    start = lines[mark.line - 1] + mark.column - 1
    if source.is_json and source.text[start] in "{[":  # its mark is that of the bracket
        return start, json.JSONDecoder().raw_decode(source.text, start)[1]
    return start, lines[mark.end_line - 1] + mark.end_column - 1


def _set_cuts(source: Source, lines: Sequence[int], path: Where, wait: Wait) -> Iterator[_Cut]:
    """What is changed in a wait as written."""

    def cut(where: Where, text: str) -> _Cut:
        start, end = _span(source, lines, where)
        quote = source.text[start]
        return _Cut(start, end, f"{quote}{text}{quote}" if quote in "\"'" else text)

    said = _value(source.data, path)
    if isinstance(wait, LocalDays):
        yield cut((*path, "local_days"), str(wait.days))
        return
    if isinstance(wait, BusinessDays):
        yield cut((*path, "business_days"), str(wait.days))
        return
    assert isinstance(wait, Elapsed)  # nothing else is set
    texts = {"min": _text(wait.low)}
    if wait.high is not None:
        texts["max"] = _text(wait.high)
    if isinstance(said, str):
        yield cut(path, "..".join(texts.values()) if ".." in said else texts["min"])
        return
    for key in said:
        yield cut((*path, key), texts[key])
    if "min" not in said:
        mark = source.mark((*path, "max"), key=True)
        place = lines[mark.line - 1] + mark.column - 1
        first = _flow({"min": texts["min"]}, as_json=source.is_json)[1:-1]
        in_flow = source.text[_span(source, lines, path)[0]] == "{"
        yield _Cut(place, place, first + (", " if in_flow else "\n" + " " * (mark.column - 1)))


def _put_cut(source: Source, lines: Sequence[int], item: Where, waits: Sequence[Any]) -> _Cut:
    """The waits as items before another, or at the end of its list.

    If that one stands on lines of its own, so do they, above its comments.
    """
    text = source.text
    at_end = item[-1] == len(_value(source.data, item[:-1]))
    beside = (*item[:-1], int(item[-1]) - 1) if at_end else item
    start, end = _span(source, lines, beside)
    row = source.mark(beside).line - 1
    indent = re.fullmatch(r"([ \t]*)-[ \t]+", text[lines[row] : start])
    if indent is None or source.is_json:
        items = [_flow({"wait": wait}, as_json=source.is_json) for wait in waits]
        if at_end:
            return _Cut(end, end, "".join(f", {one}" for one in items))
        return _Cut(start, start, "".join(f"{one}, " for one in items))
    new_line = "\r\n" if "\r\n" in text else "\n"
    put = [f"{indent[1]}- wait: {_flow(wait, as_json=False)}{new_line}" for wait in waits]
    if at_end:
        row = bisect_right(lines, len(text[:end].rstrip()) - 1)
        if row == len(lines):  # the last line, and nothing ends it
            return _Cut(len(text), len(text), new_line + "".join(put).removesuffix(new_line))
    else:
        while row and text[lines[row - 1] : lines[row]].lstrip().startswith("#"):
            row -= 1
    return _Cut(lines[row], lines[row], "".join(put))


def _flow(value: Any, *, as_json: bool) -> str:
    """A value on one line, as JSON or as YAML."""
    if as_json:
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_flow(v, as_json=False)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one, as_json=False) for one in value) + "]"
    return json.dumps(value) if ":" in value else value


def _text(us: int) -> str:
    """Whole minutes as `90m`, `20h` or `7d`."""
    for size, unit in ((DAY, "d"), (HOUR, "h")):
        if us % size == 0:
            return f"{us // size}{unit}"
    return f"{us // MINUTE}m"
