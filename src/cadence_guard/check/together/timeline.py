"""The time line of a hit, judged touch by touch by the guard itself on a fresh ledger."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel

from cadence_guard.cadence import Cadence, Enter, Handover
from cadence_guard.check import assumptions
from cadence_guard.check.judging import Concern, Judge
from cadence_guard.check.paths import Heard, Made, What
from cadence_guard.check.report import Witness, WitnessSignal, WitnessTouch
from cadence_guard.check.together.listing import Listing
from cadence_guard.check.together.questions import Broken, broken
from cadence_guard.check.together.sights import Hit
from cadence_guard.contact import Contact, Handoff, Signal
from cadence_guard.decision import Decision
from cadence_guard.engine import raised
from cadence_guard.guard import Guard
from cadence_guard.instants import NEVER, to_datetime
from cadence_guard.rules import Rule
from cadence_guard.touch import Touch


class Line:
    """All that happens to somebody on the ways of a hit, in order: (when, what, whose: the index in
    `taken`); at equal instants the others come first. `aimed` is the place of the touch that was
    hit, `starts` when each cadence was entered, the earliest first."""

    def __init__(self, hit: Hit) -> None:
        aim = hit.aim.taken(hit.t)
        self.where = hit.aim.where
        self.taken = [aim, *(sight.taken(hit.before) for sight in hit.others)]
        found: list[tuple[tuple[int, int, int, int], What | Signal]] = []
        entered: list[tuple[int, str]] = []
        for number, taken in enumerate(self.taken):
            path = taken.way.path
            for ago, signal in assumptions.signals(path.cadences[0], fresh=path.fresh):
                found.append(((taken.start - ago, 0, number, 0), signal))
            for n, (at, item) in enumerate(zip(taken.times, path.items, strict=True)):
                if at < NEVER:
                    found.append(((at, 1 if number else 2, number, n), item.what))
                    if isinstance(item.what, Enter):
                        entered.append((at, item.what.cadence))
        found.sort(key=lambda each: each[0])
        self.events = [(order[0], what, order[2]) for order, what in found]
        self.aimed = [order for order, _ in found].index((hit.t, 2, 0, aim.stop))
        self.starts: dict[str, int] = {}
        entries = [(taken.start, taken.way.path.cadences[0].name) for taken in self.taken]
        for at, name in (*sorted(entries), *entered):
            self.starts.setdefault(name, at)


ACCOUNT: Final = "account"
E = TypeVar("E", bound=BaseModel)


class Stage(Protocol):
    """Those whose time lines are judged, and what by."""

    @property
    def listing(self) -> Listing: ...
    @property
    def judge(self) -> Judge: ...
    @property
    def cadences(self) -> tuple[Cadence, ...]: ...
    @property
    def people(self) -> int: ...


def objects(group: Stage, entry: Rule, concern: Concern, hit: Hit) -> bool:
    """Whether an entry objects to a touch that was hit."""
    line = Line(hit)
    priors = [(at, group.judge.kind(what)) for at, what, _ in line.events[: line.aimed]]
    case = group.judge.case(concern, hit.t, hit.aim.where, priors)
    return entry.next_open(hit.t, case)[0] > hit.t


class Shown:
    """A time line, judged touch by touch by the guard on a fresh ledger. `refused` are the touches
    that an entry objects to: (place in the line, why)."""

    def __init__(self, group: Stage, hit: Hit, wanted: Collection[Broken], *, full: bool) -> None:
        """`wanted` are the objections that matter. With `full` to the end of the ways, else up to
        the touch that was hit."""
        self.line = Line(hit)
        self.refused: dict[Broken, tuple[int, str]] = {}
        self._judge = judge = group.judge
        self._decisions: list[Decision | None] = []
        """What the guard says of the events so far, of each that is a touch."""
        where, aimed = self.line.where, self.line.aimed
        self._guard = Guard(group.listing.policy, clock=lambda: to_datetime(hit.t))
        self._several = group.people > 1
        for whose in range(len(self.line.taken) if self._several else 1):
            for event in assumptions.facts(group.cadences, where):
                self._guard.record(self._of(event, whose) if self._several else event)
        steps = {key[:2] for key in wanted}
        priors: list[tuple[int, int]] = []
        for place, (at, what, _) in enumerate(self.line.events[: None if full else aimed + 1]):
            if (
                isinstance(what, Made)
                and (what.cadence.name, what.step.name) in steps
                and (concern := judge.concern(what)) is not None
            ):
                case = judge.case(concern, at, where, priors)
                for raising in raised(group.listing.ruleset, case):
                    key = broken(concern, raising.entry)
                    if key in wanted and (place == aimed or key not in self.refused):
                        said = raising.entry.objection(at, case).message
                        self.refused[key] = (place, said)
            priors.append((at, judge.kind(what)))

    def _decision(self, place: int) -> Decision | None:
        """What the guard says of a touch, after all that was before it; None for what is none."""
        for number in range(len(self._decisions), place + 1):
            at, what, whose = self.line.events[number]
            moment = to_datetime(at)
            decision: Decision | None = None
            if isinstance(what, Made) and (concern := self._judge.concern(what)) is not None:
                touch = concern.touch.model_copy(update={"at": moment, "id": f"{number}"})
                touch = self._of(touch, whose) if self._several else touch
                decision = self._guard.evaluate(touch)
                self._guard.record(touch.model_copy(update={"outcome": what.outcome or "sent"}))
            elif (told := _told(what, moment)) is not None:
                self._guard.record(self._of(told, whose) if self._several else told)
            self._decisions.append(decision)
        return self._decisions[place]

    def _of(self, event: E, whose: int) -> E:
        """An event of somebody of the account: of whom the touch judged is, or of another one, who
        is reached elsewhere."""
        changes: dict[str, Any] = {"contact": _person(whose)}
        if isinstance(event, Contact):
            points = [
                point.model_copy(update={"value": elsewhere(point.value, whose)})
                for point in event.points
            ]
            changes |= {"account": ACCOUNT, "points": tuple(points)}
        elif isinstance(event, Touch) and event.to is not None:
            changes["to"] = elsewhere(event.to, whose)
        return event.model_copy(update=changes)

    def witness(self, place: int, entry: Rule, offset: tuple[float, float] | None) -> Witness:
        """The time line up to a touch refused. Raises AssertionError if the guard does not object
        to it."""
        events = self.line.events
        message = self.refused_at(place, entry)
        decision = self._decision(place)
        assert decision is not None
        said = [
            finding
            for finding in decision.findings
            if (finding.code, finding.effect, finding.when) == (entry.code, entry.effect, None)
        ]
        # Two signals of one kind at one instant are one to the guard: it may count more touches.
        said.sort(key=lambda finding: finding.message != message)
        if not said:
            raise AssertionError(
                f"the guard does not object ({entry.code}) to a touch of a contact who entered at"
                f" {self.line.starts}: {decision.explain()}"
            )
        touches: list[WitnessTouch] = []
        signals: list[WitnessSignal] = []
        for number, (at, what, whose) in enumerate(events[: place + 1]):
            moment = to_datetime(at)
            if isinstance(what, Made) and (judged := self._decision(number)) is not None:
                codes = sorted({f.code for f in judged.findings if f.when is None})
                touches.append(
                    WitnessTouch(
                        what.cadence.name,
                        what.step.name,
                        moment,
                        what.step.channel,
                        judged.verdict.value,
                        tuple(codes),
                        what.step.turn,
                        whose + 1 if self._several and whose else None,
                    )
                )
            elif isinstance(told := _told(what, moment), Signal):
                signals.append(WitnessSignal(told.kind, moment, told.channel, None, len(touches)))
            elif isinstance(told, Handoff):
                signals.append(WitnessSignal("handoff", moment, None, told.to, len(touches)))
        counted = [events[int(id_)][0] for id_ in said[0].facts.get("touches", ())]
        starts = {
            name: to_datetime(at) for name, at in self.line.starts.items() if at <= events[place][0]
        }
        return Witness(
            starts=starts,
            zone=self.line.where.name,
            touches=tuple(touches),
            signals=tuple(signals),
            offset=offset,
            since=to_datetime(min(counted)) if counted else None,
        )

    def refused_at(self, place: int, entry: Rule) -> str:
        """Why an entry objects to a touch."""
        return next(
            why for (*_, by), (n, why) in self.refused.items() if n == place and by is entry
        )


def _person(whose: int) -> str:
    return assumptions.CONTACT if not whose else f"{assumptions.CONTACT}-{whose + 1}"


def elsewhere(point: str, whose: int) -> str:
    """Where another one of an account is reached."""
    if not whose:
        return point
    if point.startswith("+"):
        return f"+{int(point) + whose}"
    return f"{whose + 1}-{point}"


def _told(what: What | Signal, at: datetime) -> Signal | Handoff | None:
    """What happens besides touches, as an event."""
    match what:
        case Signal():
            return what.model_copy(update={"at": at})
        case Heard(kind=kind):
            return Signal(contact=assumptions.CONTACT, kind=kind, at=at)
        case Handover(to=to):
            return Handoff(contact=assumptions.CONTACT, to=to, at=at)
        case _:
            return None
