"""The engine: one touch, every rule, one decision.

A rule entry is a set of free instants. All else follows here, once: allowed now, all reasons, the
earliest time that satisfies all entries, how long it lasts, and the calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Final, NamedTuple

from cadence_guard.decision import Decision, Finding, Stretch, Verdict
from cadence_guard.history import Case
from cadence_guard.instants import NEVER, to_datetime
from cadence_guard.rules import Objection, OpenStretch, Rule
from cadence_guard.ruleset import Plan, Ruleset

_SHUTS: Final = itemgetter(1)
ROUNDS: Final = 10_000
_LAST: Final = 253_370_764_800_000_000
"""9999-01-01: what is later is as good as never, and no datetime."""


class Raised(NamedTuple):
    """An objection of one entry: where it was met, and until when; or that it failed."""

    entry: Rule
    when: int | None
    until: int
    failed: str | None = None


class Standing(NamedTuple):
    """What the standing entries of a plan answered at `since`. It holds until `until`, the first
    instant at which one of them closes again; all are free from `opens` on."""

    since: int
    until: int
    opens: int
    answers: list[OpenStretch]


def decide(ruleset: Ruleset, case: Case) -> Decision:
    """The decision on a case: a pure function of the two. Changes nothing, never raises for what a
    rule does: a rule that fails is a no (CG901)."""
    plan = ruleset.plan(case.touch)
    t = case.at
    known = case.view.memo.get((plan, case.point))
    if known is None or not known.since <= t < known.until:
        known = _standing(plan, case, t)
    latest = known.opens
    closes: int = known.until
    answers: list[OpenStretch] = known.answers.copy()
    try:
        for ask in plan.moving:
            answer = opens, shuts = ask(t, case)
            answers.append(answer)
            if opens != t:
                if opens < t or shuts <= opens < NEVER:
                    raise ValueError
                if opens > latest:
                    latest = opens
            if shuts < closes:
                closes = shuts
    except Exception:  # noqa: BLE001 (asked again, to say why)
        closes = t
    if closes <= t:
        return _search(ruleset, case, plan, None)
    if latest > t:
        return _search(ruleset, case, plan, answers)
    return _allow(ruleset, case, plan.warning, closes)


def _standing(plan: Plan, case: Case, t: int) -> Standing:
    """The answers of the standing entries at `t`, for all touches alike until something new is
    known of the contact."""
    try:
        answers = [ask(t, case) for ask in plan.standing]
    except Exception:  # noqa: BLE001 (asked again in the search, to say why)
        return Standing(t, t, t, [])
    until = min((shuts for _, shuts in answers), default=NEVER)
    known = Standing(t, until, max((opens for opens, _ in answers), default=t), answers)
    if all(t <= opens < shuts or opens == NEVER for opens, shuts in answers):
        case.view.memo[plan, case.point] = known
        return known
    return known._replace(until=t)


def _allow(ruleset: Ruleset, case: Case, warning: Sequence[Rule], closes: int) -> Decision:
    raised = _warnings(case, warning)
    return Decision(
        verdict=Verdict.ALLOW,
        at=case.moment,
        touch=case.touch.id,
        contact=case.touch.contact,
        open_until=_moment(closes),
        reasons=_reasons(case, raised) if raised or not case.view.known else None,
        horizon=ruleset.horizon_text.text,
        failures=_failures(raised),
    )


def _search(
    ruleset: Ruleset, case: Case, plan: Plan, answers: list[OpenStretch] | None
) -> Decision:
    """Goes in rounds: all entries are asked at one instant, and it moves to the latest answer.

    An answer (opens, closes) holds until it closes. `answers` are those for the touch's own
    instant; None if one of them was unsound.
    """
    blocking = plan.blocking
    start = t = case.at
    limit = start + ruleset.horizon
    failures: dict[int, str | None] = {}
    due: Iterable[int] = range(len(blocking))
    if answers is None:
        answers = []
        for index, entry in enumerate(blocking):
            opens, shuts, failures[index] = _ask(entry, t, case)
            answers.append((opens, shuts))
    met: dict[int, Raised] = {}
    for _ in range(ROUNDS):
        latest = t
        for index in due:
            opens = answers[index][0]
            if opens > t:
                if index not in met:
                    when = None if t == start else t
                    met[index] = Raised(blocking[index], when, opens, failures.get(index))
                if opens > latest:
                    latest = opens
        if latest == t or latest > limit:
            break
        t = latest
        due = [index for index, answer in enumerate(answers) if answer[1] <= t]
        for index in due:
            opens, shuts, failures[index] = _ask(blocking[index], t, case)
            answers[index] = opens, shuts
    else:
        met[-1] = Raised(blocking[0], None, NEVER, "no end in the search for a common free time")
        latest = NEVER
    raised = [*met.values(), *_warnings(case, plan.warning)]
    found = latest <= limit
    verdict = Verdict.DENY if not found else Verdict.ALLOW if t == start else Verdict.DEFER
    return Decision(
        verdict=verdict,
        at=case.moment,
        touch=case.touch.id,
        contact=case.touch.contact,
        until=to_datetime(t) if verdict is Verdict.DEFER else None,
        open_until=_moment(min(answers, key=_SHUTS)[1]) if found else None,
        reasons=_reasons(case, raised),
        horizon=ruleset.horizon_text.text,
        failures=_failures(raised),
    )


def _failures(raised: Sequence[Raised]) -> tuple[str, ...]:
    return tuple(f"{one.entry.name}: {one.failed}" for one in raised if one.failed)


def _ask(entry: Rule, t: int, case: Case) -> tuple[int, int, str | None]:
    """An entry's answer; (NEVER, NEVER) and why, if it failed."""
    try:
        opens, shuts = entry.next_open(t, case)
    except Exception as error:  # noqa: BLE001 (whatever a rule raises is a no)
        return NEVER, NEVER, f"{type(error).__name__}: {error}"
    if opens < t:
        return NEVER, NEVER, "it answered with an instant before the one it was asked about"
    if shuts <= opens and opens < NEVER:
        return NEVER, NEVER, "it answered with a stretch that ends where it begins"
    return opens, shuts, None


def _warnings(case: Case, warning: Sequence[Rule]) -> list[Raised]:
    """The entries of effect `warn` that object at the touch's own instant."""
    raised: list[Raised] = []
    for entry in warning:
        opens, _, failed = _ask(entry, case.at, case)
        if opens > case.at:
            raised.append(Raised(entry, None, opens, failed))
    return raised


def _moment(us: int) -> datetime | None:
    return to_datetime(us) if us < _LAST else None


def _reasons(
    case: Case, raised: Sequence[Raised]
) -> Callable[[], tuple[tuple[Finding, ...], tuple[str, ...]]]:
    """Findings and needs, when somebody asks for them."""

    def tell() -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        findings: list[tuple[tuple[object, ...], Finding]] = []
        needs: set[str] = set()
        for entry, when, until, failed in raised:
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
            findings.append((("CG904",), UNKNOWN))
        findings.sort(key=lambda pair: pair[0])
        return tuple(finding for _, finding in findings), tuple(sorted(needs))

    return tell


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
