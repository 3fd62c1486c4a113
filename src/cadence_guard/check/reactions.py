"""CG801 and CG802: somebody reacts, and the cadence goes on.

For each signal that is no exit of a cadence, the worst instant is one second before a touch: also
before the first one, if that is not at once, and between the attempts of a call. Where a cadence
waits for the signal, or enters another one, one second before that is as bad: neither hears what
came earlier. If the policy refuses the touch then, and would not without the signal, the cadence
lacks an exit. The guard says the same on the time line of the finding.

All starts of the period, all zones and ranges are looked at, as in the proof and by its means: a
way is laid out with the signal as one more stop on it. Where a cadence asks for a signal, whoever
has sent it goes another way. So these places are stops, too (`_Mark`), and a signal comes before a
touch only if none on the way to it would have heard it. Once a start is found for a signal, no more
is asked about it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, Final, NamedTuple

from cadence_guard._struct import struct
from cadence_guard.book import Book
from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Handover,
    Node,
    Pause,
    Step,
    follow,
)
from cadence_guard.check import assumptions
from cadence_guard.check.judging import Concern, Prior
from cadence_guard.check.layout import Laid, Stop, lay
from cadence_guard.check.paths import Heard, Item, Made, Path, What, ways
from cadence_guard.check.proof import (
    RANGES,
    Objected,
    Prover,
    Spot,
    _Cell,
    _First,
    _Layout,
    _Run,
    _samples,
)
from cadence_guard.check.ranges import Choice
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import NAMES, listed
from cadence_guard.check.witness import witness
from cadence_guard.contact import Handoff, Signal
from cadence_guard.history import CLOSING, SPREADING
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, FIRST, NEVER, SECOND, Zone, to_datetime
from cadence_guard.policy import Policy
from cadence_guard.rules import RULES, Rule
from cadence_guard.rules.already_answered import AlreadyAnswered
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.uninvited_channel import UninvitedChannel
from cadence_guard.ruleset import Ruleset

ANSWERS: Final = ("replied", "meeting_booked", "purchased")
REFUSALS: Final = (
    "not_now",
    "declined",
    "hung_up",
    "opt_out",
    "complained",
    "wrong_person",
    "paused",
)
"""The signals that ought to end a cadence; entries of a policy may take others for an answer."""
WORK: Final = 500_000
"""How much is judged at most: touches, each counted with what was before it."""


class Reacted(NamedTuple):
    """CG801 and CG802 of a cadence, at most one finding each, which lists the signals; and why
    that may not be all (CG903)."""

    findings: list[Finding]
    incomplete: tuple[str, ...]


def reactions(
    policy: Policy,
    ruleset: Ruleset,
    cadence: Cadence,
    source: Source,
    start: int,
    end: int,
    others: Mapping[str, Cadence] | None = None,
) -> Reacted:
    """The signals that a cadence lacks as exits: those after which a touch is refused, from some
    start, in some zone, on some way.

    `ruleset` is that of the policy, [start, end) the starts in microseconds UTC, `others` the
    cadences known by name. A cadence whose file does not settle what its delays count from is
    looked at in both readings.
    """
    codes = {"CG801": _answers(ruleset, cadence), "CG802": REFUSALS}
    asked = [
        kind
        for kinds in codes.values()
        for kind in kinds
        if kind not in cadence.exits and any(_hears(entry, kind) for entry in ruleset.entries)
    ]
    refused: dict[str, Objected] = {}
    incomplete: dict[str, None] = {}
    for reading in (cadence, cadence.other):
        left = [kind for kind in asked if kind not in refused]
        if reading is not None and left:
            looked = _Reacting(ruleset, reading, left, start, end, others or {})
            refused |= looked.refused()
            incomplete |= looked.incomplete
    findings = [
        _finding(policy, cadence, source, code, found, refused[found[0]])
        for code, kinds in codes.items()
        if (found := [kind for kind in kinds if kind in refused])
    ]
    return Reacted(findings, tuple(incomplete))


def _answers(ruleset: Ruleset, cadence: Cadence) -> tuple[str, ...]:
    """The signals that are answers, and those that the entries of a ruleset take for one besides;
    not the one that makes a cadence enter."""
    read = {
        kind
        for entry in ruleset.entries
        if isinstance(entry, AlreadyAnswered)
        for kind in entry.signals
    }
    others = sorted(read - {*ANSWERS, *REFUSALS, cadence.entry_signal})
    return (*ANSWERS, *others)


def _hears(entry: Rule, kind: str) -> bool:
    """Whether an entry that blocks may object because of a signal. What gives a ground only opens;
    what closes makes counted what was an answer."""
    if entry.effect != "block" or isinstance(entry, (MissingConsent, UninvitedChannel)):
        return False
    if entry.by_noes:
        return kind in SPREADING
    heard = kind in (entry.hears or ()) or (entry.answers is not None and kind in CLOSING)
    return heard or _is_own(entry)


def _is_own(entry: Rule) -> bool:
    """Whether an entry is of a rule of somebody's own, which may look at anything."""
    return entry.effect == "block" and type(entry) is not RULES.get(entry.name)


def _finding(
    policy: Policy,
    cadence: Cadence,
    source: Source,
    code: str,
    kinds: list[str],
    first: Objected,
) -> Finding:
    step = first.step
    mark = source.mark((*cadence.where, "exits"))
    return Finding(
        code=code,
        name=NAMES[code],
        effect="block",
        message=(
            f"after {listed(kinds, 'or')} it goes on: {step.name!r} would be refused"
            f" ({first.code} {first.name})"
        ),
        path=source.path,
        line=mark.line,
        column=mark.column,
        end_line=mark.end_line,
        end_column=mark.end_column,
        cadence=cadence.name,
        step=step.name,
        certainty="always",
        witness=witness(policy, first),
        help=f"let these end it: exits: [{', '.join(kinds)}]",
    )


# -- the search ----------------------------------------------------------------------------------


class _SettledError(Exception):
    """No more has to be asked, or may be."""


class _Hearing(NamedTuple):
    """What is laid out of a way, with a signal as its last stop."""

    run: _Run
    marks: tuple[int, ...]
    """The stops of the way at which it is asked for the signal."""
    befores: tuple[int, ...]
    """Where in what is laid out it is bad to come right before, beside the touch."""
    earlier: dict[int, int]
    """The stops that what is laid out hangs on, as long ago."""


class _Reacting(Prover):
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
        marked = _marked(cadence, kinds)
        entered = {name: _marked(one, kinds) for name, one in _entered(cadence, others).items()}
        super().__init__(ruleset, marked, start, end, None, entered)
        self._kinds = kinds
        self._exposed = {kind: _exposed(cadence, kind) for kind in kinds}
        self._found: dict[str, Objected] = {}
        self._left: set[str] = set()
        """The signals that are still looked for on a way."""
        self._at: dict[Spot, tuple[str, ...]] = {}
        """Those that might make one object to a touch."""
        self._doubted: set[str] = set()
        self._hearings: dict[tuple[_Run, str], _Hearing] = {}

    def refused(self) -> dict[str, Objected]:
        """Where a touch is refused because of a signal, for each for which one is. `incomplete`
        says why that may not be all."""
        found = ways(self.cadence, longest=0, touches=0, others=self.others)
        for reason in found.reasons:
            self._say(reason)
        # what a way itself has heard may forbid a touch anyway: each is tried where least is heard
        paths = sorted(found.paths, key=lambda path: _reacts(path, self._kinds))
        for path in paths:
            self.judge.cadences = path.cadences
            try:
                self._prove_path(path)
            except _SettledError:
                if self.cut:
                    break
        if self._doubted - self._found.keys():
            self._say(RANGES)
        if self._found.keys() >= {kind for kinds in self._at.values() for kind in kinds}:
            self.incomplete.clear()  # there is no more to find
        return self._found

    def _new_spots(self, path: Path, in_line: bool) -> list[Spot]:
        """The touches of a path to which an entry might object because of a signal not yet found to
        be one."""
        spots = super()._new_spots(path, in_line)
        self._at |= {spot: self._kinds_at(spot) for spot in spots}
        self._ask_first(path, spots, in_line)
        self._left = {kind for spot in spots for kind in self._at[spot]} - self._found.keys()
        return [spot for spot in spots if not self._left.isdisjoint(self._at[spot])]

    def _ask_first(self, path: Path, spots: list[Spot], in_line: bool) -> None:
        """Tries the signals at the first start, which often settles it. It is all that is asked of
        rules of somebody's own: they may look at anything."""
        own = any(_is_own(entry) for entry in self.ruleset.entries)
        run = self._run(path, Choice([item.stop for item in path.items]), spots, in_line)
        for where, starts in run.starts[:1]:
            for start, _ in starts[:1]:
                laid = lay(run.way, start, where)
                cell = _Cell(where, start, start + 1, laid, together=False)
                for spot in spots:
                    if laid.at[spot.index] < NEVER:
                        for kind in self._may_come(spot) if own else self._at[spot]:
                            if kind not in self._found:
                                self._try(run, spot, cell, kind)

    def _may_come(self, spot: Spot) -> list[str]:
        """The signals that are still looked for, as far as somebody who has just sent one may come
        to a touch."""
        items = spot.path.items
        made, after = items[spot.index].what, items[spot.index].stop.after
        assert isinstance(made, Made)
        anyhow = made.cadence is not self.cadence or (after >= 0 and items[after].what is made)
        called = any(_is_call(item) for item in items)
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
        at, where = self.start + DAY, self.zones[0]
        heard = at - SECOND, self.judge.kind(Heard(kind))
        return bool(self._because(concern, at, where, [], [heard]))

    def _care(self, one: Item, other: Item) -> bool:
        """Where it is asked for a signal, or none is heard, matters as well."""
        return (
            isinstance(one.what, Enter)
            or isinstance(other.what, Enter)
            or super()._care(one, other)
        )

    def _doubt(
        self, path: Path, layout: _Layout, spots: list[Spot], in_line: bool
    ) -> Callable[[], None] | None:
        """The same for signals after which something may be refused, for all that is known."""
        found, doubted = dict(self._found), set(self._left)
        bounds = self._bounds(path, layout, spots, in_line)
        if bounds is not None:
            with suppress(_SettledError):
                self._evaluate_all(bounds)
            doubted = self._found.keys() - found.keys()
            self._found = found
        return partial(self._doubted.update, doubted) if doubted else None

    def _judge_spot(self, run: _Run, spot: Spot, cell: _Cell, plain: int | None) -> None:
        """Looks for a start of a cell at which a signal makes a touch be refused."""
        for kind in self._at[spot]:
            if kind not in self._found:
                self._try(run, spot, cell, kind)
        if self._found.keys() >= self._left:
            raise _SettledError

    def _try(self, run: _Run, spot: Spot, cell: _Cell, kind: str) -> None:
        """Looks for a start of a cell at which one signal does."""
        hearing = self._hearing(run, kind)
        for before in (run.index(spot), *hearing.befores):
            objected = self._objected(hearing, run, spot, cell, kind, before)
            if objected is not None:
                self._found[kind] = objected
                return

    def _hearing(self, run: _Run, kind: str) -> _Hearing:
        hearing = self._hearings.get((run, kind))
        if hearing is None:
            items, heard = run.path.items[: len(run.stops)], Heard(kind)
            more = replace(
                run,
                path=run.path._replace(items=(*items, Item(heard, Stop(-1, ())))),
                places=(*run.places, len(items)),
                kinds=(*run.kinds, self.judge.kind(heard)),
                in_line=False,
            )
            hearing = self._hearings[run, kind] = _Hearing(
                more,
                tuple(n for n, item in enumerate(items) if _asks(item.what, kind)),
                tuple(n for n, place in enumerate(run.places) if _deafens(items[place].what, kind)),
                {} if run.origin is None else dict.fromkeys(_way_to(run.path, run.origin), FIRST),
            )
        return hearing

    def _objected(
        self, hearing: _Hearing, run: _Run, spot: Spot, cell: _Cell, kind: str, before: int
    ) -> Objected | None:
        """Where in a cell a signal one second before a stop makes a touch be refused."""
        index, (at, moves, border) = run.index(spot), cell.laid
        heard = at[before] - SECOND
        more = cell._replace(laid=Laid([*at, heard], [*moves, moves[before]], border))
        cuts: Iterable[int] = self._cuts(hearing.run, spot, index, more)
        cuts = cuts if moves[before] else chain(cuts, (heard,))
        for start in chain((cell.start,), _samples(more, cuts)):  # often the first will do
            self.work += 5 + len(at)
            if self.work > WORK:
                self._say("more starts, ways and ranges together than are followed")
                self.cut = True
                raise _SettledError
            by = start - cell.start
            times = more.times(by)
            known = hearing.earlier | dict(zip(run.places, times, strict=False))
            since = start if run.origin is not None else _since(run.path, start)
            if not _comes(
                run.path, known, hearing.marks, spot.index, _Sent(kind, times[-1], since)
            ):
                continue
            priors = run.priors(index, cell, by), hearing.run.priors(index, more, by)
            if self._because(spot.concern, times[index], cell.zone, *priors):
                first = _First(start, cell.zone, tuple(times[:-1]))
                begin, every = (
                    (start, first.times) if run.origin is None else self._placed(run, first)
                )
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
        sent = _Sent(kind, times[before] - SECOND, _since(path, start))
        known = dict(enumerate(times))
        comes = _comes(path, known, hearing.marks, spot.index, sent)
        times = tuple(NEVER if _ended(path, known, n, sent) else at for n, at in known.items())
        priors = self._before(spot, start, times)
        after = sorted(
            [*priors, (sent.at, self.judge.kind(Heard(kind)))], key=lambda prior: prior[0]
        )
        because = self._because(concern, at, where, priors, after)
        if not because or not comes:
            return None
        entry = next(entry for bit, entry in concern.counting if bit & because)
        said = entry.objection(at, self.judge.case(concern, at, where, after))
        # a time line asks what happens and when, and nothing happens at a mark
        kept = [n for n in range(len(times)) if not isinstance(path.items[n].what, _Mark)]
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
            path=path._replace(items=(*items, Item(Heard(kind), Stop(-1, ())))),
            message=said.message,
            cadence=concern.cadence,
            index=kept.index(spot.index),
            times=(*(times[n] for n in kept), sent.at),
        )


def _reacts(path: Path, kinds: Collection[str]) -> int:
    """How many signals of some kinds a way itself has."""
    return sum(isinstance(item.what, Heard) and item.what.kind in kinds for item in path.items)


def _is_call(item: Item) -> bool:
    return isinstance(item.what, Made) and item.what.step.channel == "call"


def _since(path: Path, start: int) -> int:
    """From when on somebody on a way may react; a wait that nobody knows went before some."""
    return start - DAY if path.fresh else start


class _Sent(NamedTuple):
    """A signal, and the instant after which somebody may send it."""

    kind: str
    at: int
    since: int


def _comes(
    path: Path, times: Mapping[int, int], marks: Sequence[int], index: int, sent: _Sent
) -> bool:
    """Whether somebody who sends a signal comes to a touch all the same, as far as it is known when
    the stops of a way are."""
    items, now = path.items, times[index]
    if sent.at <= sent.since:
        return False
    if sent.kind == "hung_up" and not any(
        _is_call(items[place]) and at < sent.at for place, at in times.items()
    ):
        return False
    return not _ended(path, times, index, sent) and not any(
        sent.at <= (at := times.get(place, NEVER))
        and (at, place) < (now, index)
        and _begun(path, times, place) <= sent.at
        for place in marks
    )


def _ended(path: Path, times: Mapping[int, int], place: int, sent: _Sent) -> bool:
    """Whether a touch is not made, since a signal has ended its cadence."""
    made = path.items[place].what
    if not isinstance(made, Made) or sent.kind not in made.cadence.exits:
        return False
    entries = (
        times.get(earlier, FIRST)
        for earlier in _way_to(path, place)
        if isinstance(what := path.items[earlier].what, Enter) and what.cadence == made.cadence.name
    )
    return next(entries, FIRST) <= sent.at <= times[place]


def _begun(path: Path, times: Mapping[int, int], place: int) -> int:
    """From when on a signal counts that is asked for at a mark."""
    mark = path.items[place].what
    assert isinstance(mark, _Mark)
    begins = (
        times.get(earlier, FIRST)
        for earlier in _way_to(path, place)
        if isinstance(what := path.items[earlier].what, _Mark) and what.id == mark.since
    )
    return next(begins, FIRST)


def _way_to(path: Path, place: int) -> Iterator[int]:
    """The stops that a stop hangs on, the last one first."""
    while (place := path.items[place].stop.after) >= 0:
        yield place


def book_before(path: Path, start: int, times: Sequence[int], index: int, zone: Zone) -> Book:
    """All that was before a touch of a way: what is assumed, and what happened on the way."""
    book = Book(str)
    for event in assumptions.facts(path.cadences, zone):
        book.fold(event)
    for age, signal in assumptions.signals(path.cadences[0], fresh=path.fresh):
        book.fold(signal.model_copy(update={"at": to_datetime(start - age)}))
    now = (times[index], index)
    for at, place in sorted((at, place) for place, at in enumerate(times) if (at, place) < now):
        given: dict[str, object] = {"at": to_datetime(at)}
        match path.items[place].what:
            case Made(step=step, cadence=cadence) as made:
                given |= {"id": f"{place}", "outcome": made.outcome or "sent"}
                book.fold(assumptions.touch_of(cadence, step).model_copy(update=given))
            case Heard(kind=kind):
                heard = Signal(contact=assumptions.CONTACT, kind=kind)
                book.fold(heard.model_copy(update=given))
            case Handover(to=to):
                handed = Handoff(contact=assumptions.CONTACT, to=to)
                book.fold(handed.model_copy(update=given))
    return book


# -- where a signal is asked for -----------------------------------------------------------------


@struct
class _Mark(Enter):
    """A place where a cadence asks for signals, as a stop on a way that somebody goes who has sent
    none of these `kinds`.

    With `since`, only what came after the mark of that id counts: a wait `begins` there.
    """

    kinds: frozenset[str] = frozenset()
    since: str | None = None
    begins: bool = False


def _asks(what: What, kind: str) -> bool:
    """Whether it is asked for a signal at a stop."""
    return isinstance(what, _Mark) and not what.begins and kind in what.kinds


def _deafens(what: What, kind: str) -> bool:
    """Whether what came before a stop is not heard behind it: a wait for the signal begins there,
    or a cadence that may have it for an exit."""
    if isinstance(what, _Mark):
        return what.begins and kind in what.kinds
    return isinstance(what, Enter)


def _marked(cadence: Cadence, kinds: Collection[str]) -> Cadence:
    """A cadence with a mark wherever it asks for some of the signals."""
    nodes: dict[str, Node] = {}

    def marked(asks: Node, n: int, then: str | None, **mark: Any) -> str | None:
        """What comes then, behind a mark."""
        if then is None or not mark["kinds"]:
            return then
        id_ = f"{asks.id}\0{n}"
        nodes[id_] = _Mark(id_, asks.where, "\0", then, **mark)
        return id_

    for node in cadence.nodes.values():
        match node:
            case Branch(arms=arms):
                gone: frozenset[str] = frozenset()  # the signals that lead to an arm before
                ways: list[Arm] = []
                for n, arm in enumerate(arms):
                    mine = gone.union({arm.signal or ""}.intersection(kinds))
                    then = marked(node, n, arm.then, kinds=mine if arm.unless else gone)
                    ways.append(replace(arm, then=then))
                    gone = gone if arm.unless else mine
                node = replace(node, arms=tuple(ways))
            case Await(id=id_, arms=arms, then=then) if asked := _asked(arms).intersection(kinds):
                nodes[id_] = _Mark(id_, node.where, "\0", f"{id_}\0", asked, begins=True)
                node = replace(
                    node,
                    id=f"{id_}\0",
                    arms=tuple(
                        replace(arm, then=marked(node, n, arm.then, kinds=asked, since=id_))
                        for n, arm in enumerate(arms)
                    ),
                    then=marked(node, len(arms), then, kinds=asked, since=id_),
                )
            case _:
                pass
        nodes[node.id] = node
    return replace(cadence, nodes=nodes)


def _entered(cadence: Cadence, others: Mapping[str, Cadence]) -> dict[str, Cadence]:
    """The cadences that one enters besides, and those that these enter, by name."""
    found: dict[str, Cadence] = {}
    todo = [cadence]
    while todo:
        for node in todo.pop().nodes.values():
            if isinstance(node, Enter) and node.cadence in others and node.cadence not in found:
                found[node.cadence] = others[node.cadence]
                todo.append(found[node.cadence])
    return found


def _exposed(cadence: Cadence, kind: str) -> set[str]:
    """The nodes that somebody who has just sent a signal may come to, however short the waits: by
    ways on which nothing asks for it since the last one."""
    waits = {id_ for id_, node in cadence.nodes.items() if _lasts(node)}
    hears = {
        id_
        for id_, node in cadence.nodes.items()
        if isinstance(node, Await) and kind in _asked(node.arms)
    }
    todo = [then for id_ in waits - hears for then in follow(cadence.nodes[id_])]
    seen: set[str] = set()
    while todo:
        id_ = todo.pop()
        if id_ is not None and id_ in cadence.nodes and id_ not in seen:
            seen.add(id_)
            if id_ in hears or id_ not in waits:
                todo += _past(cadence.nodes[id_], kind)
    return seen


def _lasts(node: Node) -> bool:
    """Whether time passes at a node, or a touch is made there."""
    if isinstance(node, Pause):
        return not (isinstance(node.wait, Elapsed) and node.wait.high == 0)
    return isinstance(node, (Step, Await))


def _asked(arms: Sequence[Arm]) -> frozenset[str]:
    """The signals that arms ask for."""
    return frozenset(arm.signal for arm in arms if arm.signal is not None)


def _past(node: Node, kind: str) -> Iterator[str | None]:
    """Where a node leads somebody who has sent a signal."""
    if not isinstance(node, Branch):
        yield from follow(node)
        return
    for arm in node.arms:
        if arm.signal == kind and arm.unless:
            continue
        yield arm.then
        if arm.signal == kind:
            return
