"""The time line of a finding, judged once more by the guard itself on a fresh ledger.

What the proof says is not believed here: the guard is told what is assumed, and then touch by touch
what happens; it judges each as it would at runtime. A touch that it does not refuse although the
proof says so is a fault of this library, and raises.
"""

from __future__ import annotations

from datetime import datetime

from cadence_guard.cadence import Enter, Handover, Step
from cadence_guard.check import assumptions
from cadence_guard.check.paths import Heard, Made, Path
from cadence_guard.check.proof import Objected
from cadence_guard.check.report import Witness, WitnessSignal, WitnessStep, WitnessTouch
from cadence_guard.contact import Handoff, Signal
from cadence_guard.decision import Decision, Finding
from cadence_guard.guard import Guard
from cadence_guard.instants import NEVER, to_datetime
from cadence_guard.policy import Policy


def witness(policy: Policy, objected: Objected) -> Witness:
    """The time line of an objection: every touch up to the refused one, and what the guard says.

    Raises AssertionError if the guard does not object to the last one.
    """
    path, times, index = objected.path, objected.times, objected.index
    starts = {path.cadences[0].name: to_datetime(objected.start)}
    guard = Guard(policy, clock=lambda: to_datetime(times[index]))
    for event in assumptions.facts(path.cadences, objected.zone):
        guard.record(event)
    signals: list[WitnessSignal] = []

    def hear(signal: Signal, at: int) -> None:
        guard.record(signal.model_copy(update={"at": to_datetime(at)}))
        signals.append(WitnessSignal(signal.kind, to_datetime(at), signal.channel))

    for ago, signal in assumptions.signals(path.cadences[0], fresh=path.fresh):
        hear(signal, objected.start - ago)
    touches: list[WitnessTouch] = []
    for at, place in sorted((at, place) for place, at in enumerate(times) if at < NEVER):
        moment = to_datetime(at)
        match path.items[place].what:
            case Made(step=step, cadence=cadence) as made:
                touch = assumptions.touch_of(cadence, step).model_copy(
                    update={"at": moment, "id": f"{place}"}
                )
                decision = guard.evaluate(touch)
                touches.append(_told(decision, cadence.name, step, moment))
                if place == index:
                    finding = _refusal(decision, objected)
                    return Witness(
                        starts=starts,
                        zone=objected.zone.name,
                        touches=tuple(touches),
                        signals=tuple(signals),
                        since=_since(finding, times),
                        before=_before(path),
                    )
                guard.record(touch.model_copy(update={"outcome": made.outcome or "sent"}))
            case Heard(kind=kind):
                hear(Signal(contact=assumptions.CONTACT, kind=kind), at)
            case Handover(to=to):
                guard.record(Handoff(contact=assumptions.CONTACT, to=to, at=moment))
                signals.append(WitnessSignal("handoff", moment, to=to))
            case Enter(cadence=entered):
                starts[entered] = moment
            case _:
                pass  # nothing happens there
    raise AssertionError(f"step {objected.step.name!r} is not on its own time line")


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
    counted = [times[int(id_)] for id_ in finding.facts.get("touches", ())]
    return to_datetime(min(counted)) if counted else None
