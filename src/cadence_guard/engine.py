"""The engine: one touch, every rule, one decision.

A rule entry is a set of free instants. All else follows here, once: allowed now, all reasons, the
earliest time that satisfies all entries, how long it lasts, and the calendar.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from cadence_guard.decision import Decision, Finding, Stretch, Verdict
from cadence_guard.history import Case
from cadence_guard.instants import NEVER, to_datetime
from cadence_guard.rules import Objection, OpenStretch, Rule
from cadence_guard.ruleset import Plan, Ruleset

ROUNDS: Final = 10_000
_LAST: Final = 253_370_764_800_000_000
"""9999-01-01: what is later is as good as never, and no datetime."""

KEPT: Final = 1024
"""How many kinds of touches are remembered between two events."""
_ALLOW, _DEFER, _DENY = Verdict.ALLOW, Verdict.DEFER, Verdict.DENY


class Raised(NamedTuple):
    """An objection of one entry: where it was met, and until when; or that it failed."""

    entry: Rule
    when: int | None
    until: int
    failed: str | None = None


class Answer(NamedTuple):
    """What all entries together say of one kind of touch at `since`, and at every instant before
    `border` alike.

    `found` is the earliest common free time, and `closes` when it runs out; with `late`, the search
    ended at `found` because that was beyond the horizon.
    """

    since: int
    border: int
    found: int
    closes: int
    late: bool
    raised: tuple[Raised, ...]


def decide(ruleset: Ruleset, case: Case) -> Decision:
    """The decision on a case: a pure function of the two. Changes nothing, never raises for what a
    rule does: a rule that fails is a no (CG901)."""
    plan = ruleset.plan(case.touch)
    t = case.at
    limit = t + ruleset.horizon
    remembered = case.book.remembered
    kind = _kind(plan, case)
    answer = remembered.get(kind)
    if (
        answer is None
        or not answer.since <= t < answer.border
        or (answer.late and answer.found <= limit)
    ):
        answer = _search(plan, case, limit)
        if len(remembered) >= KEPT:
            remembered.clear()
        if plan.built_in and not any(one.failed for one in answer.raised):
            remembered[kind] = answer
    found, raised = answer.found, answer.raised
    verdict = _DENY if found > limit else _ALLOW if found <= t else _DEFER
    return Decision(
        verdict=verdict,
        at=case.moment,
        touch=case.touch.id,
        contact=case.touch.contact,
        until=to_datetime(found) if verdict is _DEFER else None,
        open_until=_moment(answer.closes) if verdict is not _DENY else None,
        told=_Told(case, raised) if raised or not case.view.known else None,
        horizon=ruleset.horizon_text.text,
        failures=_failures(raised),
    )


def _kind(plan: Plan, case: Case) -> Hashable:
    """Everything of a case that a built-in rule reads, but for the instant and the history."""
    touch = case.touch
    return (
        plan,
        case.view,
        case.point,
        touch.team,
        touch.cadence,
        touch.step,
        touch.tags,
        touch.automated,
        touch.greeting,
        touch.audience,
        touch.offer,
        touch.deadline,
        touch.because,
        touch.not_after,
    )


def _search(plan: Plan, case: Case, limit: int) -> Answer:
    """Goes in rounds: all entries are asked at one instant, and it moves to the latest answer.

    An entry's answer (opens, closes) holds until it closes, so only then it is asked again.
    """
    start = t = case.at
    answers, failures = _ask_all(plan, t, case)
    warned, border = _warnings(plan, case)
    met: dict[int, Raised] = {}
    latest = t
    for index, (opens, shuts) in enumerate(answers):
        if opens > t:
            met[index] = Raised(plan.blocking[index], None, opens, failures.get(index))
            if opens > latest:
                latest = opens
            if opens < border:
                border = opens
        elif shuts < border:
            border = shuts
    for _ in range(ROUNDS):
        if latest == t or latest > limit:
            break
        t = latest
        for index, (_, shuts) in enumerate(answers):
            if shuts <= t:
                opens, shuts, why = _ask(plan.blocking[index], t, case)
                answers[index] = opens, shuts
                if opens > t:
                    met.setdefault(index, Raised(plan.blocking[index], t, opens, why))
                    latest = max(latest, opens)
    else:
        met[-1] = Raised(plan.blocking[0], None, NEVER, "no end in the search for a free time")
        latest = NEVER
    closes = NEVER
    for _, shuts in answers:
        if shuts < closes:
            closes = shuts
    return Answer(start, border, latest, closes, latest > limit, (*met.values(), *warned))


def _ask_all(plan: Plan, t: int, case: Case) -> tuple[list[OpenStretch], dict[int, str | None]]:
    """Every blocking entry's answer at `t`, and of those that failed why."""
    try:
        answers = [ask(t, case) for ask in plan.asks]
        for opens, shuts in answers:
            if not t <= opens < shuts and opens != NEVER:
                raise ValueError("an unsound answer")
    except Exception:  # noqa: BLE001 (asked one by one, to say why)
        told = [_ask(entry, t, case) for entry in plan.blocking]
        whys = dict(enumerate(why for _, _, why in told))
        return [(opens, shuts) for opens, shuts, _ in told], whys
    return answers, {}


def _warnings(plan: Plan, case: Case) -> tuple[list[Raised], int]:
    """The entries of effect `warn` that object at the touch's own instant, and until when they say
    the same."""
    t, border = case.at, NEVER
    raised: list[Raised] = []
    for entry in plan.warning:
        opens, shuts, why = _ask(entry, t, case)
        border = min(border, opens if opens > t else shuts)
        if opens > t:
            raised.append(Raised(entry, None, opens, why))
    return raised, border


def _failures(raised: Sequence[Raised]) -> tuple[str, ...]:
    return tuple(f"{one.entry.name}: {one.failed}" for one in raised if one.failed)


def _ask(entry: Rule, t: int, case: Case) -> tuple[int, int, str | None]:
    """An entry's answer; (NEVER, NEVER) and why, if it failed."""
    try:
        opens, shuts = entry.next_open(t, case)
        if opens < t:
            return NEVER, NEVER, "it answered with an instant before the one it was asked about"
        if shuts <= opens and opens < NEVER:
            return NEVER, NEVER, "it answered with a stretch that ends where it begins"
    except Exception as error:  # noqa: BLE001 (whatever a rule raises is a no)
        return NEVER, NEVER, f"{type(error).__name__}: {error}"
    return opens, shuts, None


def _moment(us: int) -> datetime | None:
    return to_datetime(us) if us < _LAST else None


class _Told:
    """The reasons of a decision, when somebody asks for them."""

    __slots__ = ("_case", "_raised")

    def __init__(self, case: Case, raised: Sequence[Raised]) -> None:
        self._case = case
        self._raised = raised

    def codes(self, effect: str) -> tuple[str, ...]:
        """The codes of the findings of one effect."""
        case = self._case
        found = {
            "CG901" if failed else entry.code_at(case.at if when is None else when, case)
            for entry, when, _, failed in self._raised
            if entry.effect == effect
        }
        if effect == UNKNOWN.effect and not case.view.known:
            found.add(UNKNOWN.code)
        return tuple(sorted(found))

    def reasons(self) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        """Findings and needs."""
        case = self._case
        findings: list[tuple[tuple[object, ...], Finding]] = []
        needs: set[str] = set()
        for entry, when, until, failed in self._raised:
            said = _object(entry, case.at if when is None else when, case, failed)
            code, name = said.code or entry.code, said.name or entry.name
            if entry.effect == "block":
                needs.update(said.needs)
            finding = Finding(
                code=code,
                name=name,
                effect=entry.effect,
                message=said.message,
                when=None if when is None else to_datetime(when),
                until=_moment(until),
                pack=entry.pack,
                citation=entry.citation,
                source=entry.source,
                facts=said.facts,
            )
            place = (code, when or 0, entry.pack is not None, entry.pack or "", entry.place, name)
            findings.append((place, finding))
        if not case.view.known:
            needs.add("contact")
            findings.append(((UNKNOWN.code,), UNKNOWN))
        findings.sort(key=lambda pair: pair[0])
        return tuple(finding for _, finding in findings), tuple(sorted(needs))


UNKNOWN: Final = Finding(
    code="CG904",
    name="unknown-fact",
    effect="warn",
    message="nothing is known of this contact",
)


def _object(entry: Rule, t: int, case: Case, failed: str | None) -> Objection:
    if failed is None:
        try:
            return entry.objection(t, case)
        except Exception as error:  # noqa: BLE001 (a rule that cannot say why still objects)
            failed = f"{type(error).__name__}: {error}"
    return Objection(
        f"rule {entry.name} failed, so nothing may be sent: {failed}",
        facts={"rule": entry.name},
        code="CG901",
        name="rule-failed",
    )


def calendar(ruleset: Ruleset, case: Case, start: int, end: int) -> tuple[Stretch, ...]:
    """The permission calendar of a case over [start, end): stretches that cover it, in order."""
    blocking = ruleset.plan(case.touch).blocking
    stretches: list[tuple[int, int, tuple[str, ...]]] = []
    t = start
    while t < end:
        border = end
        codes: set[str] = set()
        for entry in blocking:
            opens, shuts, failed = _ask(entry, t, case)
            if opens > t:
                codes.add(_object(entry, t, case, failed).code or entry.code)
                border = min(border, opens)
            else:
                border = min(border, shuts)
        told = tuple(sorted(codes))
        if stretches and stretches[-1][2] == told:
            stretches[-1] = (stretches[-1][0], border, told)
        else:
            stretches.append((t, border, told))
        t = border
    return tuple(
        Stretch(to_datetime(first), to_datetime(last), not codes, codes)
        for first, last, codes in stretches
    )
