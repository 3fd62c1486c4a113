"""What is known of a contact, indexed for deciding: signals, consent, noes, facts, touches.

A `Case` is one touch with everything a rule may look at. Rules read a case and nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Hashable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from cadence_guard import words
from cadence_guard.contact import Contact
from cadence_guard.instants import NEVER, PERIOD, Zone, to_datetime, zone, zones_of
from cadence_guard.lines import Answers, Line, Mix, Past, Recipient
from cadence_guard.points import kind_by_look, normalise
from cadence_guard.touch import Touch
from cadence_guard.words import CHANNEL_KIND

_AT: Final = attrgetter("at")
_PLACE: Final = attrgetter("at", "order")
SPREADING: Final = ("opt_out", "complained", "wrong_person")
"""Signals that close points, whoever the contact."""
REFUSED_BY: Final = (*SPREADING, *words.REFUSALS)
"""Signals that, sent in answer to a touch, speak of that touch's channel and point."""
CLOSING: Final = frozenset((*words.REFUSALS, "paused", "opt_out", "complained", "withdrawn"))
"""After one of these nobody answers any more; they have to be invited again."""
DERIVED: Final = {"hung_up": "hung_up", "answered": "replied"}
"""Outcomes that are signals too."""


class Said(NamedTuple):
    """A signal. `before` holds the touches of the same instant that stood above it."""

    at: int
    kind: str
    channel: str | None = None
    point: str | None = None
    purpose: str | None = None
    until: int | None = None
    before: tuple[Past, ...] = ()
    of: Past | None = None
    """The touch whose outcome says so."""
    order: int = 0
    """Its place among the lines."""

    def follows(self, touch: Past) -> bool:
        """Whether this signal is later than a touch of the same contact."""
        return self.at > touch.at or (self.at == touch.at and touch in self.before)


class Grant(NamedTuple):
    """A consent granted, in force on [start, end) unless withdrawn."""

    at: int
    start: int
    end: int
    purpose: str
    channel: str | None
    point: str | None
    contact: str
    evidence: bool
    order: int = 0
    """Its place among the lines."""


class No(NamedTuple):
    """Something that closes a contact or its points.

    `kind`: opt_out, withdrawn, complained, wrong_person, suppressed, bounced. `points` are those
    it holds for, whoever the contact; `named` says that it names them and nothing else of the
    contact.
    """

    kind: str
    at: int
    contact: str | None
    channel: str | None = None
    purpose: str | None = None
    points: frozenset[str] = frozenset()
    named: bool = False
    of: Past | None = None
    """The touch whose outcome says so."""
    erased: bool = False
    """Whether it survived an erasure."""
    order: int = 0
    """Its place among the lines."""

    def also_at(self, names: Collection[str]) -> No:
        """The same at all of these names of one point, if it is at one of them."""
        if self.points.isdisjoint(names):
            return self
        return self._replace(points=self.points.union(names))

    def covers(self, contact: str, channel: str, point: str | None, purpose: str) -> bool:
        """Whether a touch of this contact, channel, point and purpose is meant."""
        if self.channel is not None and self.channel != channel:
            return False
        if self.purpose is not None and self.purpose != purpose:
            return False
        return (contact == self.contact and not self.named) or point in self.points


class Streams(NamedTuple):
    """Where an event is filed: under its contact, the account, and points."""

    contact: str | None
    account: str | None
    points: frozenset[str]


class Baton(NamedTuple):
    """A handoff: from `at` the team `to` holds the contact."""

    at: int
    to: str
    until: int | None


Filing: TypeAlias = tuple[Recipient, tuple[Line, ...]]
"""To whom a touch went, and the lines it is on: the contact's, the account's, the point's."""


class View:
    """A contact as described: by the ledger's events, or by the facts given with the call."""

    __slots__ = ("_zones", "account", "facts", "known", "memo", "points", "standings")

    def __init__(
        self, facts: Mapping[str, Any], points: Mapping[str, Mapping[str, Any]], known: bool
    ) -> None:
        self.facts = facts
        self.points = points
        self.known = known
        self.account: str | None = facts.get("account")
        self.memo: dict[Hashable, Any] = {}
        """What rules have worked out of the facts and signals; gone when these change."""
        self.standings: dict[Hashable, tuple[frozenset[str], int, Mix, Any]] = {}
        """The engine's: the kinds of signals that have come since, from when on it holds, among
        which touches, and what stood."""
        self._zones: dict[str | None, tuple[Zone, ...]] = {}

    def anew(self, known: bool, heard: str | None) -> View:
        """The same descriptions, and nothing worked out of anything else, but for what stood
        before a signal of the kind `heard`, if nothing else has changed."""
        view = View(self.facts, self.points, known)
        view._zones = self._zones
        if heard is not None:
            for key, (kinds, since, among, stood) in self.standings.items():
                view.standings[key] = kinds | {heard}, since, among, stood
        return view

    def zones(self, point: str | None) -> tuple[Zone, ...]:
        """Every zone the contact could be in when reached at `point`; () if nothing is known."""
        zones = self._zones.get(point)
        if zones is None:
            zones = self._zones[point] = self._find_zones(point)
        return zones

    def _find_zones(self, point: str | None) -> tuple[Zone, ...]:
        about = self.points.get(point, {}) if point else {}
        declared = about.get("time_zone") or self.facts.get("time_zone")
        if declared:
            return (zone(declared),)
        for place in (about.get("region"), self.facts.get("region"), self.facts.get("country")):
            if place and (zones := zones_of(place)):
                return zones
        return phone_zones(point) if point and point.startswith("+") else ()


def phone_zones(number: str) -> tuple[Zone, ...]:
    """The zones of a phone number by its prefix; () without the extra `phone`."""
    try:
        from phonenumbers import NumberParseException, parse, timezone
    except ImportError:
        return ()
    try:
        names = timezone.time_zones_for_number(parse(number))
    except NumberParseException:
        return ()  # no country has this prefix
    return tuple(zone(name) for name in names if name != timezone.UNKNOWN_TIMEZONE)


class History:
    """Everything known of one contact."""

    __slots__ = (
        "_asked",
        "_facts",
        "_given",
        "_points",
        "_view",
        "account",
        "batons",
        "contact",
        "country",
        "filing",
        "grants",
        "heard",
        "human",
        "line",
        "noes",
        "offers",
        "said",
    )

    def __init__(self, contact: str, people: Mapping[str, History]) -> None:
        self.contact = contact
        self.account: str | None = None
        """The account as the events describe it, without the trouble of a view."""
        self.country: str | None = None
        """The country likewise."""
        self.line = Line(people)
        self.filing: Filing | None = None
        """Where the last touch was filed."""
        self.said: list[Said] = []
        self.grants: list[Grant] = []
        self.noes: list[No] = []
        self.batons: list[Baton] = []
        self.offers: list[tuple[Past, str, int]] = []
        """Announced deadlines: (touch, offer, deadline)."""
        self.heard = False
        """Whether a contact event was among the events."""
        self.human = False
        """Whether a person ever touched the contact."""
        self._facts: dict[str, tuple[int, Any]] = {}
        self._points: dict[str, dict[str, tuple[int, Any]]] = {}
        self._view: View | None = None
        self._given: tuple[View, Contact, View] | None = None
        """The view that facts were last laid over, the facts, and what came of it."""
        self._asked: tuple[Answers, list[Said]] | None = None
        """What may be answered, as far as somebody asked."""

    @property
    def view(self) -> View:
        """The contact as the events describe it."""
        if self._view is None:
            self._view = View(
                {key: value for key, (_, value) in self._facts.items()},
                {
                    point: {key: value for key, (_, value) in about.items()}
                    for point, about in self._points.items()
                },
                self._known,
            )
        return self._view

    def view_with(self, facts: Contact) -> View:
        """The same, but for facts given with the call; kept for the next call that gives them."""
        view, given = self.view, self._given
        if given is None or given[0] is not view or given[1] != facts:
            points = dict(view.points)
            for point, about in points_of(facts).items():
                points[point] = {**points.get(point, {}), **about}
            now = View({**view.facts, **facts_of(facts)}, points, known=True)
            given = self._given = view, facts, now
        return given[2]

    @property
    def _known(self) -> bool:
        return self.heard or bool(self.said or self.grants or self.batons)

    def changed(self, heard: str | None = None) -> None:
        """Drops what was worked out; something other than a touch has been added, perhaps only a
        signal of the kind `heard`."""
        self._asked = None
        if self._view is not None:
            self._view = self._view.anew(self._known, heard)

    def describe(self, contact: Contact, at: int) -> None:
        """Merges a contact event by its instant: a later one replaces, no event unsets a key."""
        self.heard = True
        self._merge(self._facts, facts_of(contact), at)
        for point, about in points_of(contact).items():
            self._merge(self._points.setdefault(point, {}), about, at)
        _, self.account = self._facts.get("account", _UNSAID)
        _, self.country = self._facts.get("country", _UNSAID)
        self._view = None

    @staticmethod
    def _merge(known: dict[str, tuple[int, Any]], new: Mapping[str, Any], at: int) -> None:
        for key, value in new.items():
            if key not in known or known[key][0] <= at:
                known[key] = (at, value)

    def hear(self, said: Said) -> None:
        """Files a signal."""
        if not self.said or _PLACE(self.said[-1]) <= _PLACE(said):
            self.said.append(said)  # mostly
        else:
            insort(self.said, said, key=_PLACE)
        self.changed(None if said.kind == "withdrawn" else said.kind)

    def below(self, touch: Past) -> Said | None:
        """The first signal of a touch's own instant that stands below it."""
        first = bisect_left(self.said, touch.at, key=_AT)
        here = self.said[first : bisect_right(self.said, touch.at, key=_AT)]
        return next((said for said in here if touch in said.before), None)

    def replace(self, past: Past, now: Past) -> None:
        """A touch has become another, by its outcome: whatever speaks of it means it as it is."""
        self.offers = [(now if offer[0] == past else offer[0], *offer[1:]) for offer in self.offers]
        for place, said in enumerate(self.said):
            if past in said.before:
                before = tuple(now if one == past else one for one in said.before)
                self.said[place] = said._replace(before=before)

    def take_back(self, past: Past) -> None:
        """A touch was never made: nothing speaks of it. Booked again, it is another one, which
        stands below what was said in the meantime."""
        self.offers = [offer for offer in self.offers if offer[0] != past]
        for place, said in enumerate(self.said):
            if past in said.before:
                before = tuple(one for one in said.before if one != past)
                self.said[place] = said._replace(before=before)

    def points_had(self, channel: str | None) -> frozenset[str]:
        """The points described so far that a channel reaches; all of them without a channel."""
        kind = CHANNEL_KIND[channel] if channel else None
        return frozenset(
            point for point, about in self._points.items() if kind in (None, about["kind"][1])
        )

    def points_consented(self, channel: str | None) -> frozenset[str]:
        """The points that the contact's own consents named, likewise."""
        reached = channel if channel and CHANNEL_KIND[channel] else None
        return frozenset(
            grant.point
            for grant in self.grants
            if grant.point and (reached is None or channel_named(None, grant.point, reached))
        )

    def points_touched(self, channel: str | None, at: int) -> frozenset[str]:
        """The points at which somebody was touched of whom no point was ever described, as by a
        stack whose CRM is the truth; in the last 400 days before `at`, for older touches may be
        pruned. Of all channels or one's kind."""
        if self._points:
            return frozenset()
        kind = CHANNEL_KIND[channel] if channel else None
        return frozenset(
            touch.to
            for touch in self.line.between(at - PERIOD + 1, NEVER)
            if touch.to and kind in (None, CHANNEL_KIND[touch.form.channel])
        )

    def is_answer(self, touch: Past, answers: Answers) -> bool:
        """Whether a past touch by a person answered: the contact had spoken last."""
        return self._answered(touch, answers) is not None

    def _answered(self, touch: Past, answers: Answers) -> Said | None:
        """The signal that a past touch by a person answers."""
        asking = self._asking(answers)
        place = bisect_right(asking, touch.at, key=_AT)
        while place and asking[place - 1].follows(touch):  # of those at its very instant
            place -= 1
        if not place:
            return None
        said = asking[place - 1]
        near = touch.at - said.at <= answers.within
        return said if near and self._spoke_last(said, touch.at, touch) else None

    def _asking(self, answers: Answers) -> list[Said]:
        """The signals that may be answered, in order: those later than the last that closed."""
        known = self._asked
        if known is None or known[0] is not answers:
            closed = [place for place, said in enumerate(self.said, 1) if said.kind in CLOSING]
            since = self.said[max(closed, default=0) :]
            asking = [said for said in since if said.kind in answers.signals]
            known = self._asked = answers, asking
        return known[1]

    def _spoke_last(self, said: Said, at: int, judged: Past | None) -> bool:
        """Whether no person touched the contact from `said` up to `at`, but for `judged`."""
        return all(
            other.form.automated or other == judged or said.follows(other)
            for other in self.line.between(said.at, at)
        )

    def answering(self, answers: Answers) -> list[tuple[int, int]]:
        """The stretches in which a new touch by a person would be an answer."""
        found: list[tuple[int, int]] = []
        later = NEVER
        for said in reversed(self._asking(answers)):
            end = min(said.at + answers.within + 1, later)
            for other in self.line.between(said.at, end):
                if not other.form.automated and not said.follows(other):
                    end = min(end, other.at)
                    break
            later = said.at
            if said.at < end:
                found.append((said.at, end))
        return found[::-1]


class Others(Protocol):
    """What a case asks beyond its contact: other people's touches and grants."""

    remembered: dict[Hashable, Any] | None
    """What the engine has found out since the last event; None if it is not to remember."""

    def account_line(self, account: str) -> Line:
        """The touches filed under an account."""
        ...

    def point_line(self, point: str | None) -> Line:
        """The touches to a point."""
        ...

    def is_theirs(self, no: No, contact: str) -> bool:
        """Whether a contact is who said no, also if all that is left of them is a hash."""
        ...

    def grants_at(self, point: str | None) -> list[Grant]:
        """The grants with evidence that name a point, whoever gave them."""
        ...


class Case:
    """One touch to be judged, with all a rule may look at.

    `at` is its instant, `point` its contact point normalised, `noes` those of this contact and of
    this point, `view` the contact as described.
    """

    __slots__ = (
        "_answering",
        "at",
        "book",
        "channel",
        "me",
        "moment",
        "noes",
        "point",
        "purpose",
        "team",
        "touch",
        "view",
    )

    def __init__(
        self,
        touch: Touch,
        at: int,
        point: str | None,
        me: History,
        view: View,
        noes: Iterable[No],
        book: Others,
    ) -> None:
        self.touch = touch
        self.at = at
        self.moment = touch.at or to_datetime(at)
        self.channel = touch.channel
        self.purpose = touch.purpose
        self.team = touch.team
        self.point = point
        self.me = me
        self.view = view
        self.noes = noes
        self.book = book
        self._answering: tuple[Answers, int, list[tuple[int, int]]] | None = None

    @property
    def account_line(self) -> Line:
        """The touches filed under the account the contact has now; without one, the contact's."""
        account = self.view.account
        return self.me.line if account is None else self.book.account_line(account)

    @property
    def point_line(self) -> Line:
        """Every touch to the point, whoever the contact."""
        return self.book.point_line(self.point)

    def answering(self, answers: Answers, t: int) -> list[tuple[int, int]]:
        """The stretches that end after `t` in which a new touch by a person would be an answer;
        kept for all entries asked at one instant."""
        known = self._answering
        if known is None or known[1] != t or known[0] is not answers:
            spans = [span for span in self.me.answering(answers) if span[1] > t]
            known = self._answering = answers, t, spans
        return known[2]

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Every zone the contact could be in; () if nothing is known."""
        return self.view.zones(self.point)

    def about_point(self, key: str) -> str | None:
        """A fact about the touch's point, None if nobody said."""
        return self.view.points.get(self.point or "", _NOTHING).get(key)


_NOTHING: Final[Mapping[str, Any]] = {}
_UNSAID: Final = (0, None)


def channel_named(channel: str | None, point: str | None, asked: str) -> bool:
    """Whether what names this channel or point is about the channel asked for. A point names the
    channels of its kind; nothing named is about all."""
    if channel is not None:
        return channel == asked
    if point is None:
        return True
    look, kind = kind_by_look(point), CHANNEL_KIND[asked]
    return kind == look if look else kind in ("social", "post")


_FACTS: Final = ("name", "call_me", "time_zone", "country", "region", "account")
_ABOUT: Final = ("kind", "use", "source", "region", "time_zone")


def facts_of(contact: Contact) -> dict[str, Any]:
    """The facts that a contact event gives, without its points."""
    return {key: value for key in _FACTS if (value := getattr(contact, key)) is not None}


def points_of(contact: Contact) -> dict[str, dict[str, Any]]:
    """The points that a contact event gives, by normalised value."""
    found: dict[str, dict[str, Any]] = {}
    for point in contact.points:
        about = found.setdefault(normalise(point.value, point.kind, contact.country), {})
        about.update((key, value) for key in _ABOUT if (value := getattr(point, key)) is not None)
    return found
