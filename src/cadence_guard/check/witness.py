"""The time line of a finding, judged once more by the guard itself on a fresh ledger.

What the proof says is not believed here: the guard is told what is assumed, and then touch by touch
what happens; it judges each as it would at runtime. A touch that it does not refuse although the
proof says so is a fault of this library, and raises.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, TypeAlias

from cadence_guard.cadence import Enter, Handover, Step
from cadence_guard.check import assumptions
from cadence_guard.check.paths import Heard, Made, Path, What
from cadence_guard.check.proof import Objected
from cadence_guard.check.report import Witness, WitnessSignal, WitnessStep, WitnessTouch
from cadence_guard.contact import Handoff, Signal
from cadence_guard.decision import Decision, Finding
from cadence_guard.guard import Guard
from cadence_guard.instants import NEVER, to_datetime
from cadence_guard.policy import Policy
from cadence_guard.rules import RULES

_KEPT: Final = 16
"""How many time lines are kept."""
Happens: TypeAlias = tuple[int, int, What]
"""Something on a way: when, its place there, and what."""


def witness(policy: Policy, objected: Objected) -> Witness:
    """The time line of an objection: every touch up to the refused one, and what the guard says.

    Raises AssertionError if the guard does not object to the last one.
    """
    return Witnesses(policy).of(objected)


class Witnesses:
    """The time lines of objections under one policy. Those of one start share what they have in
    common, so that it is judged once."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._lines: dict[Hashable, _Line] = {}

    def of(self, objected: Objected) -> Witness:
        """The time line of an objection, as `witness` gives it."""
        path, times, index = objected.path, objected.times, objected.index
        order = sorted((at, place) for place, at in enumerate(times) if at < NEVER)
        happens = [(at, place, path.items[place].what) for at, place in order]
        if (times[index], index) not in order:
            raise AssertionError(f"step {objected.step.name!r} is not on its own time line")
        happens = happens[: order.index((times[index], index)) + 1]
        key = (path.cadences, path.fresh, objected.start, objected.zone.name)
        line = self._lines.pop(key, None)
        if line is None or not line.follow(happens):
            line = _Line(self._policy, objected)
            line.follow(happens)
        if len(self._lines) >= _KEPT:
            del self._lines[next(iter(self._lines))]
        self._lines[key] = line
        return line.upto(len(happens), objected)


class _Line:
    """What happens to who enters at an instant, and what the guard says to each touch."""

    def __init__(self, policy: Policy, objected: Objected) -> None:
        path = objected.path
        self._now = objected.start
        self._guard = Guard(policy, clock=lambda: to_datetime(self._now))
        self._happened: list[Happens] = []
        self._decided: list[Decision] = []
        self._starts = {path.cadences[0].name: to_datetime(objected.start)}
        """When each cadence began, the first time."""
        self._touches: list[WitnessTouch] = []
        self._signals: list[WitnessSignal] = []
        self._counts: list[tuple[int, int, int]] = []
        """How many entries, touches and signals there have been, up to each of what happened."""
        for event in assumptions.facts(path.cadences, objected.zone):
            self._guard.record(event)
        for ago, signal in assumptions.signals(path.cadences[0], fresh=path.fresh):
            self._hear(signal, objected.start - ago)

    def follow(self, happens: Sequence[Happens]) -> bool:
        """Goes on to all that happens; false if something else has happened already."""
        known = min(len(happens), len(self._happened))
        if happens[:known] != self._happened[:known]:
            return False
        for at, place, what in happens[known:]:
            self._now = at
            self._tell(at, place, what)
            self._happened.append((at, place, what))
            self._counts.append((len(self._starts), len(self._touches), len(self._signals)))
        return True

    def upto(self, count: int, objected: Objected) -> Witness:
        """The time line up to the last of so many that happened: the one objected to."""
        starts, touches, signals = self._counts[count - 1]
        finding = _refusal(self._decided[touches - 1], objected)
        return Witness(
            starts=dict(islice(self._starts.items(), starts)),
            zone=objected.zone.name,
            touches=tuple(self._touches[:touches]),
            signals=tuple(self._signals[:signals]),
            since=_since(finding, objected.times),
            before=_before(objected.path),
        )

    def _hear(self, signal: Signal, at: int) -> None:
        self._guard.record(signal.model_copy(update={"at": to_datetime(at)}))
        self._show(signal.kind, to_datetime(at), signal.channel)

    def _show(
        self, kind: str, at: datetime, channel: str | None = None, to: str | None = None
    ) -> None:
        self._signals.append(WitnessSignal(kind, at, channel, to, after=len(self._touches)))

    def _tell(self, at: int, place: int, what: What) -> None:
        moment = to_datetime(at)
        match what:
            case Made(step=step, cadence=cadence) as made:
                if (touch := assumptions.touch_if_any(cadence, step)) is None:
                    return
                touch = touch.model_copy(update={"at": moment, "id": f"{place}"})
                decision = self._guard.evaluate(touch)
                self._decided.append(decision)
                self._touches.append(_told(decision, cadence.name, step, moment))
                self._guard.record(touch.model_copy(update={"outcome": made.outcome or "sent"}))
            case Heard(kind=kind):
                self._hear(Signal(contact=assumptions.CONTACT, kind=kind), at)
            case Handover(to=to):
                self._guard.record(Handoff(contact=assumptions.CONTACT, to=to, at=moment))
                self._show("handoff", moment, to=to)
            case Enter(cadence=entered):
                self._starts.setdefault(entered, moment)
            case _:
                pass  # nothing happens there


def _before(path: Path) -> tuple[WitnessStep, ...] | None:
    """What was before a wait of unknown length."""
    if not path.fresh:
        return None
    return tuple(
        WitnessStep(made.cadence.name, made.step.name, made.step.channel, made.step.turn)
        for made in path.before
    )


def _told(decision: Decision, cadence: str, step: Step, at: datetime) -> WitnessTouch:
    codes = sorted({finding.code for finding in decision.findings if finding.when is None})
    verdict = decision.verdict.value
    return WitnessTouch(cadence, step.name, at, step.channel, verdict, tuple(codes), step.turn)


def _refusal(decision: Decision, objected: Objected) -> Finding:
    """What the guard says against the touch, as the proof does."""
    for finding in decision.findings:
        if (finding.code, finding.effect, finding.when) == (objected.code, objected.effect, None):
            return finding
    raise AssertionError(
        f"the guard does not object ({objected.code}) to step {objected.step.name!r}"
        f" of a contact who entered at {to_datetime(objected.start)}: {decision.explain()}"
    )


def _since(finding: Finding, times: tuple[int, ...]) -> datetime | None:
    """When the first of the touches was that the finding counts."""
    if finding.name not in RULES:
        return None  # what somebody's own rule calls its touches nobody knows
    counted = [times[int(id_)] for id_ in finding.facts.get("touches", ())]
    return to_datetime(min(counted)) if counted else None
