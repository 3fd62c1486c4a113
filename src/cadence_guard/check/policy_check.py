"""The policy itself, checked: what it can never allow, and what it says to no effect.

Each check is one function here. Its docstring is its page.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final, NamedTuple

from cadence_guard import words
from cadence_guard.book import Book
from cadence_guard.cadence import Where
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import finding_at, listed
from cadence_guard.contact import Consent, Contact, ContactPoint, Signal
from cadence_guard.decision import Verdict
from cadence_guard.engine import decide
from cadence_guard.importers._source import Source
from cadence_guard.instants import NEVER, Duration, to_us, zone
from cadence_guard.policy import ExemptEntry, Policy, Setting, load_pack
from cadence_guard.rules import RULES, Params, Rule, Selecting
from cadence_guard.rules.blackout import Blackout
from cadence_guard.rules.outside_hours import OutsideHours
from cadence_guard.rules.over_cap import OverCap
from cadence_guard.rules.pressure import Pressure
from cadence_guard.rules.too_soon import TooSoon
from cadence_guard.rules.unanswered_streak import UnansweredStreak
from cadence_guard.ruleset import LEAVES_ANSWERS_ALONE, Ruleset
from cadence_guard.touch import Touch

NAMES: Final[Mapping[str, str]] = {
    "CG811": "channel-never-allowed",
    "CG812": "exemption-never-matches",
    "CG813": "entry-without-effect",
}
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
LONG: Final = Duration.parse("400d")
"""A whole period of the calendar: what does not open in it never does."""


def check_policy(policy: Policy, source: Source, *, start: datetime = START) -> list[Finding]:
    """One warning for each thing that a policy says in vain (CG811 to CG813), in the order of the
    file. `source` is the file it was read from; the period looked at begins at `start`."""
    said = _Said(policy, source, start)
    return sorted(
        (finding for check in _CHECKS.values() for finding in check(said)),
        key=lambda finding: (finding.line, finding.column, finding.code, finding.message),
    )


def pages() -> dict[str, tuple[str, str]]:
    """The pages of these checks: (name, text) by code."""
    from inspect import getdoc

    return {code: (NAMES[code], f"{getdoc(check)}\n") for code, check in _CHECKS.items()}


class _Said:
    """A policy, its file, and what it comes to."""

    def __init__(self, policy: Policy, source: Source, start: datetime) -> None:
        self.policy = policy
        self.source = source
        self.start = start
        self.ruleset = Ruleset(policy)
        self.packs = [load_pack(name) for name in sorted(policy.packs)]
        named = {p for entry in policy.exempt for p in entry.purposes or ()}
        for rule in self.ruleset.entries:
            named.update(getattr(rule.params, "purposes", None) or ())
        self.purposes = (*words.PURPOSES, *sorted(named - {*words.PURPOSES}))

    def finding(self, code: str, where: Where, message: str, help: str) -> Finding:  # noqa: A002
        return finding_at(
            self.source,
            code,
            NAMES[code],
            "warn",
            where,
            message,
            key=isinstance(where[-1], str) if where else False,
            help=help,
        )

    def where(self, entry: Rule) -> Where:
        """Where the policy says an entry; the name of the packs if it does not."""
        rules = self.source.data.get("rules", {})
        if entry.pack is not None or entry.name not in rules:
            return ("packs",)
        listed = isinstance(rules[entry.name], list)
        return ("rules", entry.name, entry.place) if listed else ("rules", entry.name)

    def own(self) -> list[Rule]:
        """The entries that the policy itself states."""
        return [
            entry
            for entry in self.ruleset.entries
            if entry.pack is None and self.policy.rules.get(entry.name, Setting()).entries
        ]

    def about(self, entry: Rule) -> frozenset[tuple[str, str]]:
        """The channels and purposes an entry judges. One purpose stands for all unnamed ones."""
        purposes = (*self.purposes, "x-any-other")
        return frozenset(
            pair for pair in product(words.CHANNELS, purposes) if entry.concerns(*pair)
        )


# -- a channel that can never be allowed ---------------------------------------------------------


def channel_never_allowed(said: _Said) -> Iterator[Finding]:
    """Objects to a channel on which nothing can ever be sent.

    A contact is made up of whom everything is known that a policy could ask for: a work point they
    gave, their zone, a consent for every channel and purpose, and each signal that an entry accepts
    as a ground. If the guard finds no free instant within 400 days, for no purpose but
    `transactional`, the channel is shut.

    ## Why

    Two sets of hours that have no minute in common, or an entry that accepts nothing anybody can
    give, look strict and are a mistake: whoever meets them goes round the guard.

    ## Effect

    Warns, also where `max: 0` says so on purpose: a warning fails nothing.

    ## Repair

    Loosen one of the entries named.
    """
    # An answer is judged by no cap; here nobody answers.
    ruleset = Ruleset(said.policy.model_copy(update={"horizon": LONG, "answers": "off"}))
    books = [_book(said, signals) for signals in _grounds(ruleset)]
    for channel in words.CHANNELS:
        others = [purpose for purpose in said.purposes if purpose != "transactional"]
        if any(_allowed(ruleset, book, channel, p, said) for p in others for book in books):
            continue
        apart = ""
        if any(_allowed(ruleset, book, channel, "transactional", said) for book in books):
            apart = ", but for transactional ones"
        guilty = _guilty(ruleset, books[-1], channel, said)
        names = listed(sorted({entry.name for entry in guilty}), "and")
        own = [entry for entry in guilty if entry.pack is None]
        yield said.finding(
            "CG811",
            said.where((own or guilty)[0]),
            f"no touch by {channel} is ever allowed{apart}: {names}",
            "loosen it, or leave the channel out of your cadences",
        )


_POINTS: Final = {
    "email": "a@b.example",
    "phone": "+15125550143",
    "social": "a-b",
    "post": "1 Main Street",
}


def _grounds(ruleset: Ruleset) -> list[tuple[str, ...]]:
    """The signals to try beside consent: none, each that an entry accepts, all of them."""
    kinds = {
        ground.kind
        for entry in ruleset.entries
        for ground in getattr(entry, "accept", ())
        if ground.kind != "consent"
    }
    return [(), *((kind,) for kind in sorted(kinds)), tuple(sorted(kinds))]


def _book(said: _Said, signals: Iterable[str]) -> Book:
    """All that could be known of a contact."""
    book = Book(str)
    points = tuple(
        ContactPoint(kind=kind, value=value, use="work", source="given_by_contact")
        for kind, value in _POINTS.items()
    )
    at = said.start
    book.fold(Contact(contact="c", at=at, name="A", call_me="A", time_zone="UTC", points=points))
    for channel, purpose in product(words.CHANNELS, said.purposes):
        book.fold(
            Consent(
                contact="c",
                at=at,
                status="granted",
                channel=channel,
                purpose=purpose,
                source="form",
                evidence="form",
            )
        )
    for kind in signals:
        book.fold(Signal(contact="c", at=at, kind=kind))
    return book


def _touch(channel: str, purpose: str, said: _Said, *, automated: bool) -> Touch:
    kind = words.CHANNEL_KIND[channel]
    to = {} if kind is None else {"to": _POINTS[kind]}
    return Touch.model_validate(
        {"contact": "c", "at": said.start, "channel": channel, "purpose": purpose, **to}
        | {"automated": automated}
    )


def _allowed(ruleset: Ruleset, book: Book, channel: str, purpose: str, said: _Said) -> bool:
    """Whether the engine finds a free instant, for a machine or a person."""
    at = to_us(said.start)
    touches = (_touch(channel, purpose, said, automated=by) for by in (True, False))
    return any(
        decide(ruleset, book.case(touch, at)).verdict is not Verdict.DENY for touch in touches
    )


def _guilty(ruleset: Ruleset, book: Book, channel: str, said: _Said) -> list[Rule]:
    """The entries that alone are never free for a sales touch; else all that ever object."""
    touch = _touch(channel, "sales", said, automated=False)
    at = to_us(said.start)
    case = book.case(touch, at)
    blocking = ruleset.plan(touch).blocking
    answers: list[tuple[Rule, int]] = []
    for entry in blocking:
        try:
            opens, closes = entry.next_open(at, case)
        except Exception:  # noqa: BLE001 (a rule that fails is a no, and so the reason)
            opens = closes = NEVER
        if opens > at or closes < NEVER:
            answers.append((entry, opens))
    never = [entry for entry, opens in answers if opens == NEVER]
    return never or [entry for entry, _ in answers]


# -- an exemption that never matches -------------------------------------------------------------


def exemption_never_matches(said: _Said) -> Iterator[Finding]:
    """Objects to an exemption from a rule that would not judge such a touch anyway.

    No entry of the rule is in the policy or its packs; or none is about these channels and
    purposes; or an exemption above it, or a pack's, says it already.

    ## Why

    Whoever reads the policy believes that the rule would object.

    ## Effect

    Warns.

    ## Repair

    Take the name, or the whole exemption, out.
    """
    for place, exempt in enumerate(said.policy.exempt):
        earlier = [
            *said.policy.exempt[:place],
            *(one for pack in said.packs for one in pack.exempt),
        ]
        idle = [
            (index, why)
            for index, name in enumerate(exempt.from_)
            if (why := _idle(said, exempt, name, earlier))
        ]
        where: Where = ("exempt", place)
        if len(idle) == len(exempt.from_):
            reasons = "; ".join(dict.fromkeys(why for _, why in idle))
            message = f"an exemption that never matches: {reasons}"
            yield said.finding("CG812", where, message, "take the exemption out")
            continue
        for index, why in idle:
            yield said.finding(
                "CG812", (*where, "from", index), f"an exemption that never matches: {why}",
                "take the name out",
            )  # fmt: skip


def _idle(
    said: _Said, exempt: ExemptEntry, name: str, earlier: Iterable[ExemptEntry]
) -> str | None:
    """Why an exemption does nothing for a rule, beside those that are `earlier`."""
    bare = [type(e)(e.params) for e in said.ruleset.entries if e.name == name]
    if not bare:
        return f"neither the policy nor a pack states {name}"
    pairs = [
        pair
        for pair in product(exempt.channels or words.CHANNELS, exempt.purposes or said.purposes)
        if any(entry.concerns(*pair) for entry in bare)
    ]
    if not pairs:
        return f"no entry of {name} is about such touches"
    others = [other.touches for other in earlier if name in other.from_]
    if all(any(other.covers(*pair) for other in others) for pair in pairs):
        return f"such touches are exempt from {name} already"
    return None


# -- an entry without effect ---------------------------------------------------------------------


def entry_without_effect(said: _Said) -> Iterator[Finding]:
    """Objects to what could be taken out of a policy without changing any answer.

    An entry that is about no touch, since the rule is not about its channels or an exemption covers
    all it is about; one that another entry implies, because that says the same of these touches or
    more, or sets a cap that leaves less room; hours that cover the whole week; dates that have all
    passed, which only a replay of what was still asks for; a step of a streak with the gap of the
    step before; `off` for a rule that no pack states; an `effect` that the pack has already; an
    entry for a rule that is always on; `answers` with no rule that reads them.

    One cap implies another if nobody who keeps to it can break the other: at most n touches a
    window leave at most n times as many windows as begin in the longer one.

    ## Why

    Numbers that do nothing hide those that do.

    ## Effect

    Warns.

    ## Repair

    Take it out, or make it what was meant.
    """
    for where, why in (*_settings(said), *_entries(said), *_limits(said)):
        yield said.finding("CG813", where, why, "take it out, or make it what was meant")


Fault = tuple[Where, str]


def _settings(said: _Said) -> Iterator[Fault]:
    """What is said about rules beside entries."""
    policy = said.policy
    if not policy.rules and not policy.packs:
        yield (), "a policy that says nothing: only the three rules that are always on hold"
    for name, setting in policy.rules.items():
        stated = [pack.rules[name] for pack in said.packs if name in pack.rules]
        effects = {params.effect for one in stated for params in one.entries}
        if setting.off and not effects:
            yield ("rules", name), f"{name}: no pack states it, so there is nothing to switch off"
        elif setting.effect and effects == {setting.effect}:
            yield ("rules", name), f"{name}: its effect is {setting.effect} anyway"
        elif name in RULES and RULES[name].always_on:
            yield ("rules", name), f"{name}: is always on anyway"
    readers = {entry.name for entry in said.ruleset.entries} & LEAVES_ANSWERS_ALONE
    if policy.answers is not None and not readers:
        yield ("answers",), f"answers: no entry of {listed(sorted(LEAVES_ANSWERS_ALONE), 'or')}"


def _entries(said: _Said) -> Iterator[Fault]:
    """Entries that judge nothing, or nothing that another does not judge alike."""
    own = said.own()
    for index, entry in enumerate(own):
        where = said.where(entry)
        about = said.about(entry)
        if not about:
            bare = said.about(type(entry)(entry.params))
            why = "all it is about is exempt" if bare else "the rule is not about its channels"
            yield where, f"{entry.name}: {why}"
            continue
        if isinstance(entry, OutsideHours) and _always_open(entry):
            yield where, f"{entry.name}: its windows cover the whole week"
        if isinstance(entry, Blackout) and _over(entry, said.start):
            yield where, f"{entry.name}: its dates have passed, everywhere on earth"
        if isinstance(entry, UnansweredStreak):
            steps = entry.params.steps
            for place in range(1, len(steps)):
                if steps[place].us == steps[place - 1].us:
                    why = f"its gap is that after {steps[place - 1].after} already"
                    yield (
                        (*where, "steps", place),
                        f"{entry.name}: after {steps[place].after}: {why}",
                    )
        for other_index, other in enumerate(own):
            if other is entry or not _same(entry, other) or not _covers(said, other, entry):
                continue
            if other_index < index or not _covers(said, entry, other):
                line = said.source.mark(said.where(other)).line
                yield where, f"{entry.name}: the entry on line {line} says the same"
                break


def _built_in(entry: Rule) -> bool:
    return RULES.get(entry.name) is type(entry)


def _always_open(entry: OutsideHours) -> bool:
    return entry.params.unknown == "open" and entry.hours.next_open(0, (zone("UTC"),)) == (
        0,
        NEVER,
    )


def _over(entry: Blackout, now: datetime) -> bool:
    """Whether no wall will show one of the dates any more."""
    return all(last < (now - timedelta(hours=12)).date() for _, last in entry.params.dates)


def _terms(entry: Rule) -> Mapping[str, object]:
    """What an entry says beside the touches it is about and its effect."""
    chosen = {*Selecting.model_fields, *Params.model_fields}
    return {key: value for key, value in dict(entry.params).items() if key not in chosen}


def _covers(said: _Said, wide: Rule, narrow: Rule) -> bool:
    """Whether an entry judges every touch that another does, with no less effect."""
    return (
        said.about(wide) >= said.about(narrow)
        and _wider(wide, narrow, "teams")
        and _wider(wide, narrow, "tags")
        and wide.effect in ("block", narrow.effect)
    )


def _wider(wide: Rule, narrow: Rule, key: str) -> bool:
    more, less = getattr(wide.params, key, None), getattr(narrow.params, key, None)
    return more is None or (less is not None and set(more) >= set(less))


# -- limits that others imply --------------------------------------------------------------------


class _Limit(NamedTuple):
    """At most `most` touches in a window of `per` microseconds, or in a unit of the calendar.

    `counts` tells what is counted beside the selection of the entry: limits are compared only if
    it is the same. `tags` are those of a cap on pressure.
    """

    entry: Rule
    where: Where
    text: str
    most: int
    per: int
    calendar: str | None
    counts: Hashable
    tags: frozenset[str] | None = None


_LONGEST: Final = {"day": Duration.parse("2d"), "week": Duration.parse("9d"),
                   "month": Duration.parse("33d")}  # fmt: skip
"""No day, week or month of a calendar is longer."""


def _limits(said: _Said) -> Iterator[Fault]:
    """Caps and gaps of the policy that another cap or gap, or one of a pack, implies."""
    own = said.own()
    entries = [*own, *(entry for entry in said.ruleset.entries if entry.pack is not None)]
    limits = [limit for entry in entries for limit in _limits_of(said, entry)]
    for index, limit in enumerate(limits):
        if limit.entry.pack is not None or not said.about(limit.entry):
            continue
        for other in (*limits[:index], *limits[index + 1 :]):
            twin = other in limits[index:] and _implies(said, limit, other)
            if not _implies(said, other, limit) or (twin and other.entry.pack is None):
                continue
            if limit.entry is not other.entry and _same(limit.entry, other.entry):
                continue  # said of the entries already
            line = f"on line {said.source.mark(other.where).line}"
            place = line if other.entry.pack is None else f"of the pack {other.entry.pack}"
            why = f"{limit.text} is implied by {other.text} {place}"
            yield limit.where, f"{limit.entry.name}: {why}"
            break


def _same(one: Rule, other: Rule) -> bool:
    """Whether two entries say the same, of the same touches or others."""
    return _built_in(one) and type(one) is type(other) and _terms(one) == _terms(other)


def _limits_of(said: _Said, entry: Rule) -> Iterator[_Limit]:
    where = said.where(entry)
    if isinstance(entry, TooSoon):
        yield _Limit(entry, where, f"gap {entry.params.gap.text}", 1, entry.gap, None, "contact")
    elif isinstance(entry, OverCap):
        text = f"max {entry.max}"
        if entry.params.per:
            text += f" per {entry.params.per.text}"
        elif entry.calendar:
            text += f" a {entry.calendar}"
        longest = _LONGEST[entry.calendar].us if entry.calendar else entry.per or 1
        yield _Limit(entry, where, text, entry.max, longest, entry.calendar, entry.scope)
    elif isinstance(entry, Pressure):
        for place, cap in enumerate(entry.params.caps):
            tags = ", ".join(cap.tags)
            text = f"max {cap.max} per {cap.per.text} ({tags})"
            there = (*where, "caps", place)
            kind = ("pressure", "contact")
            yield _Limit(entry, there, text, cap.max, cap.per.us, None, kind, frozenset(cap.tags))


def _implies(said: _Said, strict: _Limit, loose: _Limit) -> bool:
    """Whether who keeps to one limit cannot break the other."""
    if strict.counts != loose.counts or not _covers(said, strict.entry, loose.entry):
        return False
    if strict.tags is not None and loose.tags is not None and not strict.tags >= loose.tags:
        return False
    if strict.calendar is not None and strict.most:
        return strict.calendar == loose.calendar and strict.most <= loose.most
    return strict.most * -(-loose.per // strict.per) <= loose.most


_CHECKS: Final[Mapping[str, Callable[[_Said], Iterator[Finding]]]] = {
    "CG811": channel_never_allowed,
    "CG812": exemption_never_matches,
    "CG813": entry_without_effect,
}
