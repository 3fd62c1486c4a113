"""The engine: one touch, every rule, one decision.

A rule entry is a set of free instants. All else follows here, once: allowed now, all reasons, the
earliest time that satisfies all entries, how long it lasts, and the calendar.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from cadence_guard.decision import Codes, Decision, Finding, Stretch, Verdict
from cadence_guard.history import Case
from cadence_guard.instants import FIRST, NEVER, to_datetime
from cadence_guard.points import mask, mask_in
from cadence_guard.rules import RULES, Objection, Rule
from cadence_guard.rules._rule import FREE, NEW_MIX, Crowd
from cadence_guard.ruleset import Ask, Asked, Kind, Plan, Ruleset

ROUNDS: Final = 10_000
_LAST: Final = 253_370_764_800_000_000
"""9999-01-01: what is later is as good as never, and no datetime."""

KEPT: Final = 1024
"""How many kinds of touches are remembered between two events, and of one contact's standing."""
_NONE: Final = (0, 0, 0, 0, False, ())
_NOTHING: Final[frozenset[str]] = frozenset()
_NOTHING_STOOD: Final[tuple[frozenset[str], int, Any, Any]] = (_NOTHING, 0, None, None)
_new: Final = tuple.__new__
"""Makes a named tuple in a third of the time."""
_ALLOW, _DEFER, _DENY = Verdict.ALLOW, Verdict.DEFER, Verdict.DENY


class Raised(NamedTuple):
    """An objection of one entry: where it was met, and until when; or that it failed."""

    entry: Rule
    when: int | None
    until: int
    failed: str | None = None


class Standing(NamedTuple):
    """Which entries may object from some instant on, while nothing but touches and other people's
    noes are added to what is known: those always asked, and those asked in a crowd only."""

    told: tuple[Crowd | None, ...]
    """What each entry said of it, those that block first."""
    within: tuple[int, ...]
    """How far back the crowds reach, in order."""
    asked: tuple[tuple[tuple[Asked, ...], tuple[tuple[Crowd, Asked], ...]], ...]
    """For so many of these as the last touch is beyond: which entries are asked whatever else was
    made, and which if there is the crowd."""
    warning: tuple[Rule, ...]


Answer: TypeAlias = tuple[int, int, int, int, bool, Sequence[Raised]]
"""(since, border, found, closes, late, raised): what all entries together say of one kind of touch
at `since`, and at every instant before `border` alike.

`found` is the earliest common free time, and `closes` when it runs out; with `late`, the search
ended at `found` because that was beyond the horizon. A plain tuple: it is made for each decision.
"""


def decide(ruleset: Ruleset, case: Case) -> Decision:
    """The decision on a case: a pure function of the two. Changes nothing, never raises for what a
    rule does: a rule that fails is a no (CG901)."""
    touch = case.touch
    kind = ruleset.kind(touch)
    t = case.at
    limit = t + ruleset.horizon
    remembered = case.book.remembered
    if remembered is None:
        answer = _search(kind, case, limit)
    else:
        # Everything that a built-in rule reads, but for the instant and the history.
        key = kind, case.view, case.point, touch.step, touch.deadline
        answer = remembered.get(key, _NONE)
        since, border, found, _, late, _ = answer
        if not since <= t < border or (late and found <= limit):
            answer = _search(kind, case, limit)
            if len(remembered) >= KEPT:
                remembered.clear()
            if kind.plan.built_in and not (answer[-1] and _failures(answer[-1])):
                remembered[key] = answer
    _, _, found, closes, _, raised = answer
    verdict = _ALLOW if found <= t else _DEFER if found <= limit else _DENY
    return Decision(
        verdict=verdict,
        at=case.moment,
        touch=touch.id,
        contact=touch.contact,
        until=found if verdict is _DEFER else None,
        open_until=closes if closes < _LAST and verdict is not _DENY else None,
        told=_Told(case, raised) if raised or not case.view.known else None,
        horizon=ruleset.horizon_text.text,
        failures=_failures(raised) if raised else (),
    )


def _failures(raised: Sequence[Raised]) -> tuple[str, ...]:
    """What the rules that failed raised."""
    failures: tuple[str, ...] = ()
    for entry, _, _, failed in raised:
        if failed is not None:
            failures += (f"{entry.name}: {failed}",)
    return failures


def raised(ruleset: Ruleset, case: Case) -> Sequence[Raised]:
    """What `decide` finds at the case's own instant, without looking for a free time: the entries
    that object to it, those that block first."""
    return _search(ruleset.kind(case.touch), case, case.at)[-1]


def _search(kind: Kind, case: Case, limit: int) -> Answer:
    """Goes in rounds: all entries are asked at one instant, and it moves to the latest answer.

    An entry's answer (opens, closes) holds until it closes, so only then it is asked again. The
    first round is written out here, since most decisions have no other.
    """
    start = case.at
    standing = _standing(kind, case)
    at = case.me.line.at
    beyond = bisect_right(standing.within, start - at[-1]) if at else -1
    asked, crowds = standing.asked[beyond]
    for (least, within), one in crowds:
        if len(at) >= least and at[-least] > start - within:
            asked += (one,)
    if case.noes:
        asked += kind.plan.by_noes
    ending: dict[Rule, tuple[int, Ask]] = {}
    met: dict[Rule | None, Raised] = {}
    # When the first entry that is free now closes, up to where all of this holds, and when the
    # first of the stretches closes that those which object have named.
    latest, closes, border, ends = start, NEVER, NEVER, NEVER
    why: str | None = None
    for ask, entry in asked:
        try:
            opens, shuts = ask(start, case)
            if opens == start < shuts:
                if shuts < NEVER:
                    ending[entry] = shuts, ask
                    if shuts < closes:
                        closes = shuts
                continue
            if not start <= opens < shuts and opens != NEVER:
                raise ValueError(_unsound(opens, start))
        except Exception as error:  # noqa: BLE001 (whatever a rule raises is a no)
            opens, shuts, why = NEVER, NEVER, _why(error, case)
        met[entry] = _new(Raised, (entry, None, opens, why))
        why = None
        if opens > latest:
            latest = opens
        if opens < border:
            border = opens
        if shuts < NEVER:
            ending[entry] = shuts, ask
            if shuts < ends:
                ends = shuts
    if closes < border:
        border = closes
    if ends < closes:
        closes = ends
    if start < latest <= limit:
        latest, closes = _go_on(ending, met, latest, closes, case, limit)
    raised = [*met.values()] if met else []
    for entry in standing.warning:
        opens, shuts, why = _ask(entry.next_open, start, case)
        if opens > start:
            raised.append(Raised(entry, None, opens, why))
        border = min(border, opens if opens > start else shuts)
    return start, border, latest, closes, latest > limit, raised


def _go_on(
    ending: dict[Rule, tuple[int, Ask]],
    met: dict[Rule | None, Raised],
    t: int,
    closes: int,
    case: Case,
    limit: int,
) -> tuple[int, int]:
    """The rounds after the first, from `t` on; fills `ending`, when each answer closes if it does,
    and `met`. `closes` is when the first of the answers does."""
    for _ in range(ROUNDS):
        if closes > t or t > limit:
            return t, closes
        latest, closes = t, NEVER
        for entry, (shuts, ask) in ending.items():
            if shuts <= t:
                opens, shuts, why = _ask(ask, t, case)
                ending[entry] = shuts, ask
                if opens > t:
                    if entry not in met:
                        met[entry] = Raised(entry, t, opens, why)
                    if opens > latest:
                        latest = opens
            if shuts < closes:
                closes = shuts
        t = latest
    met[None] = Raised(next(iter(ending)), None, NEVER, "no end in the search for a free time")
    return NEVER, NEVER


def _standing(kind: Kind, case: Case) -> Standing:
    """The standing of a contact towards touches of one kind. It is kept with the view of the
    contact. After a signal, or when the mix of touches is another, only the entries that hear of
    such a thing are asked anew; when anything but these and touches is added, all of them are."""
    standings = case.view.standings
    key = kind, case.point
    mix = case.me.line.mix
    stood: Standing | None
    heard, since, among, stood = standings.get(key, _NOTHING_STOOD)
    if since > case.at:
        stood = None
    elif among is not mix:
        heard |= {NEW_MIX}
    elif not heard:
        assert stood is not None
        return stood
    plan = kind.plan
    told = tuple(
        [
            _quiet(entry, case)
            if stood is None or entry.hears is None or not heard.isdisjoint(entry.hears)
            else stood.told[place]
            for place, entry in enumerate(plan.standing)
        ]
    )
    if (standing := plan.standings.get(told)) is None:
        standing = plan.standings[told] = _made(plan, told)
    if len(standings) >= KEPT:  # greetings and last instants may be others with every touch
        standings.clear()
    standings[key] = _NOTHING, case.at, mix, standing
    return standing


def _made(plan: Plan, told: tuple[Crowd | None, ...]) -> Standing:
    stands = list(zip(plan.asked, told, strict=False))
    always = [one for one, crowd in stands if crowd is None]
    crowds = [(crowd, one) for one, crowd in stands if crowd is not None and crowd is not FREE]
    within = sorted({crowd.within for crowd, _ in crowds})
    asked = [
        (
            (*always, *(one for crowd, one in crowds if crowd.within > far and crowd.limit <= 1)),
            tuple((crowd, one) for crowd, one in crowds if crowd.within > far and crowd.limit > 1),
        )
        for far in [FIRST, *within]
    ]
    return Standing(
        told,
        tuple(within),
        tuple(asked),
        tuple(
            entry
            for entry, crowd in zip(plan.warning, told[len(plan.asked) :], strict=True)
            if crowd is not FREE
        ),
    )


def _quiet(entry: Rule, case: Case) -> Crowd | None:
    """What it takes to make an entry object; None for anybody's own rule, which may read
    anything."""
    if type(entry) is not RULES.get(entry.name):
        return None
    try:
        return entry.quiet(case.at, case)
    except Exception:  # noqa: BLE001 (then it is asked, and what it raises is told)
        return None


def _ask(ask: Ask, t: int, case: Case) -> tuple[int, int, str | None]:
    """An entry's answer; (NEVER, NEVER) and why, if it failed."""
    try:
        opens, shuts = ask(t, case)
        if not t <= opens < shuts and opens != NEVER:
            raise ValueError(_unsound(opens, t))
    except Exception as error:  # noqa: BLE001 (whatever a rule raises is a no)
        return NEVER, NEVER, _why(error, case)
    return opens, shuts, None


def _why(error: Exception, case: Case) -> str:
    """What a rule raised, in words. They go where people read, and it may have put anything of the
    contact into them: points are masked."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 (what was raised counts, not its words)
        said = "it cannot say why"
    if case.touch.to and case.point:
        for point in (case.touch.to.strip(), case.point):
            said = said.replace(point, mask(case.point))
    return f"{type(error).__name__}: {mask_in(said)}"


def _unsound(opens: int, t: int) -> str:
    if opens < t:
        return "it answered with an instant before the one it was asked about"
    return "it answered with a stretch that ends where it begins"


def _moment(us: int) -> datetime | None:
    return to_datetime(us) if us < _LAST else None


class _Told:
    """The reasons of a decision, when somebody asks for them."""

    __slots__ = ("_case", "_raised")

    def __init__(self, case: Case, raised: Sequence[Raised]) -> None:
        self._case = case
        self._raised = raised

    def codes(self) -> Codes:
        """The codes of the findings."""
        case = self._case
        block: list[str] = []
        warn: list[str] = [] if case.view.known else [UNKNOWN.code]
        for entry, when, _, failed in self._raised:
            code = "CG901" if failed else entry.code_at(case.at if when is None else when, case)
            (block if entry.effect == "block" else warn).append(code)
        return tuple(sorted({*block})), tuple(sorted({*warn})) if warn else ()

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
            said: object = entry.objection(t, case)
            if not isinstance(said, Objection):
                raise TypeError(f"its objection is a {type(said).__name__}")
            texts = (said.message, *said.needs, said.code or "", said.name or "")
            if not all(isinstance(text, str) for text in texts) or not isinstance(
                said.facts, Mapping
            ):
                raise TypeError("its objection is not in words, or its facts are no mapping")
            return said
        except Exception as error:  # noqa: BLE001 (a rule that cannot say why still objects)
            failed = _why(error, case)
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
            opens, shuts, failed = _ask(entry.next_open, t, case)
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
