"""CG801 and CG802: somebody reacts, and the cadence goes on.

For each signal that is no exit of a cadence, the worst instant is one second before a touch: also
before the first one, if that is not at once, and between the attempts of a call. If the policy
refuses the touch then, and would not without the signal, the cadence lacks an exit. The guard says
the same on the time line of the finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from cadence_guard.book import Book
from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Handover,
    Node,
    Pause,
    Step,
    follow,
)
from cadence_guard.check import assumptions
from cadence_guard.check.layout import Stop, lay
from cadence_guard.check.paths import Heard, Item, Made, Path, ways
from cadence_guard.check.proof import Objected
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import NAMES, listed
from cadence_guard.check.witness import witness
from cadence_guard.contact import Handoff, Signal
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, NEVER, SECOND, Zone, to_datetime
from cadence_guard.policy import Policy
from cadence_guard.rules.already_answered import AlreadyAnswered
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


def reactions(
    policy: Policy,
    ruleset: Ruleset,
    cadence: Cadence,
    source: Source,
    start: int,
    end: int,
    others: Mapping[str, Cadence] | None = None,
) -> list[Finding]:
    """CG801 and CG802 of a cadence: at most one finding each, which lists the signals.

    `ruleset` is that of the policy, [start, end) the starts in microseconds UTC, `others` the
    cadences known by name. The first start of the period stands for all, since what a signal
    closes it closes at any time of the day.
    """
    found: list[Finding] = []
    calls = any(step.channel == "call" for step in cadence.steps)
    looked = _Looked(ruleset, cadence, start, end, others or {})
    for code, kinds in (("CG801", _answers(ruleset, cadence)), ("CG802", REFUSALS)):
        refused = {
            kind: objected
            for kind in kinds
            if kind not in cadence.exits and (calls or kind != "hung_up")
            if (objected := looked.refused_after(kind)) is not None
        }
        if refused:
            first = next(iter(refused.values()))
            found.append(_finding(policy, cadence, source, code, list(refused), first))
    return found


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


class _Looked:
    """The ways through a cadence, laid out from one start."""

    def __init__(
        self,
        ruleset: Ruleset,
        cadence: Cadence,
        start: int,
        end: int,
        others: Mapping[str, Cadence],
    ) -> None:
        self._ruleset = ruleset
        self._cadence = cadence
        self._zone = assumptions.zones_for(cadence)[0]
        hours = cadence.entry_hours
        self._start = start if hours is None else hours.next_open(start, (self._zone,))[0]
        self._laid: list[tuple[Path, tuple[int, ...]]] = []
        if self._start < end:
            for path in ways(cadence, longest=0, touches=0, others=others).paths:
                way = [item.stop for item in path.items]
                self._laid.append((path, tuple(lay(way, self._start, self._zone).at)))
        # what a way itself has heard may forbid a touch anyway: each is tried where least is heard
        kinds = {*_answers(ruleset, cadence), *REFUSALS}
        self._laid.sort(key=lambda laid: _reacts(laid[0], kinds))

    def refused_after(self, kind: str) -> Objected | None:
        """The first touch that is refused because of a signal; None if there is none."""
        seen: set[tuple[str, str, bool]] = set()
        exposed = _exposed(self._cadence, kind)
        for path, times in self._laid:
            touches = sorted(_made(path), key=lambda touch: (times[touch[0]], touch[0]))
            since = self._start - (DAY if path.fresh else 0)  # a wait nobody knows went before
            if kind == "hung_up":
                calls = (times[n] for n, made in touches if made.step.channel == "call")
                since = next(calls, NEVER)
            for index, made in touches:
                at = times[index]
                again = index > 0 and path.items[index - 1].what is made  # of a call
                key = (made.cadence.name, made.step.id, again)
                mine = made.cadence is self._cadence
                if (
                    key not in seen
                    and since < at - SECOND
                    and at < NEVER
                    and (again or not mine or made.step.id in exposed)
                ):
                    seen.add(key)
                    objected = self._objected(path, times, index, kind)
                    if objected is not None:
                        return objected
        return None

    def _objected(
        self, path: Path, times: tuple[int, ...], index: int, kind: str
    ) -> Objected | None:
        """The objection to a touch that a signal one second before it brings about."""
        made = path.items[index].what
        assert isinstance(made, Made)
        heard = Item(Heard(kind), Stop(-1, ()))
        at = times[index]
        after = path._replace(items=(*path.items, heard))
        heard_at = (*times, at - SECOND)
        touch = assumptions.touch_of(made.cadence, made.step)
        touch = touch.model_copy(update={"at": to_datetime(at)})
        without = book_before(path, self._start, times, index, self._zone).case(touch, at)
        case = book_before(after, self._start, heard_at, index, self._zone).case(touch, at)
        for entry in self._ruleset.plan(touch).blocking:
            try:
                new = entry.next_open(at, case)[0] > at >= entry.next_open(at, without)[0]
            except Exception:  # noqa: BLE001 (a rule of somebody's own that fails tells nothing)
                continue
            if new:
                said = entry.objection(at, case)
                return Objected(
                    step=made.step,
                    entry=entry,
                    code=said.code or entry.code,
                    name=said.name or entry.name,
                    effect=entry.effect,
                    certainty="always",
                    start=self._start,
                    zone=self._zone,
                    path=after,
                    message=said.message,
                    cadence=made.cadence,
                    index=index,
                    times=heard_at,
                )
        return None


def _made(path: Path) -> Iterator[tuple[int, Made]]:
    """The touches of a way, and where on it they are."""
    for place, item in enumerate(path.items):
        if isinstance(item.what, Made):
            yield place, item.what


def _reacts(path: Path, kinds: Collection[str]) -> int:
    """How many signals of some kinds a way itself has."""
    return sum(isinstance(item.what, Heard) and item.what.kind in kinds for item in path.items)


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


def _exposed(cadence: Cadence, kind: str) -> set[str]:
    """The nodes that somebody who has just sent a signal may come to: by ways on which nothing
    asks for it since the last wait."""
    waits = {id_ for id_, node in cadence.nodes.items() if _lasts(node)}
    todo = [
        then
        for id_ in waits
        if not (isinstance(node := cadence.nodes[id_], Await) and _asks(node.arms, kind))
        for then in follow(node)
    ]
    seen: set[str] = set()
    while todo:
        id_ = todo.pop()
        if id_ is not None and id_ in cadence.nodes and id_ not in seen:
            seen.add(id_)
            if id_ not in waits:
                todo += _past(cadence.nodes[id_], kind)
    return seen


def _lasts(node: Node) -> bool:
    """Whether time passes at a node, or a touch is made there."""
    if isinstance(node, Pause):
        return not (isinstance(node.wait, Elapsed) and node.wait.high == 0)
    return isinstance(node, (Step, Await))


def _asks(arms: Sequence[Arm], kind: str) -> bool:
    return any(arm.signal == kind for arm in arms)


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
