"""What is known, indexed for deciding: touches on lines, facts, signals, consent, noes.

A `Book` is fed events in the order of their arrival and makes a `Case` of a touch: everything a
rule may look at. Rules read a case and nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

from cadence_guard import words
from cadence_guard.contact import Consent, Contact, Forget, Handoff, Signal, Suppress
from cadence_guard.errors import EventError
from cadence_guard.events import Event
from cadence_guard.instants import NEVER, Zone, to_datetime, to_us, zone, zones_of
from cadence_guard.points import HASHED, kind_by_look, kind_of, normalise
from cadence_guard.touch import Release, Touch
from cadence_guard.words import CHANNEL_KIND

_AT: Final = attrgetter("at")
SPREADING: Final = ("opt_out", "complained", "wrong_person")
"""Signals that close points, whoever the contact."""
REFUSED_BY: Final = (*SPREADING, *words.REFUSALS)
"""Signals that, sent in answer to a touch, speak of that touch's channel and point."""
CLOSING: Final = frozenset((*words.REFUSALS, "paused", "opt_out", "complained", "withdrawn"))
"""After one of these nobody answers any more; they have to be invited again."""
DERIVED: Final = {"hung_up": "hung_up", "answered": "replied"}
"""Outcomes that are signals too."""
FORGOTTEN: Final = "(forgotten)"
"""The contact of the touches that an account keeps of somebody erased."""


class Form:
    """What kind of touch it is, apart from whom, when and which message; one object for all touches
    alike."""

    __slots__ = (
        "automated",
        "channel",
        "missed",
        "outcome",
        "purpose",
        "tags",
        "team",
        "traits",
        "wanted",
    )

    def __init__(
        self,
        channel: str,
        purpose: str,
        team: str | None,
        tags: tuple[str, ...],
        automated: bool,
        outcome: str | None,
    ) -> None:
        self.channel = channel
        self.purpose = purpose
        self.team = team
        self.tags = tags
        self.automated = automated
        self.outcome = outcome
        self.traits = (channel, purpose, team, tags, automated, outcome)
        self.missed = channel == "call" and outcome in words.MISSED
        self.wanted: dict[Hashable, bool] = {}
        """Which selections of touches want this form, as far as they have asked."""


class Past:
    """A touch on the line: made, or booked."""

    __slots__ = ("account", "at", "cadence", "contact", "form", "id", "rest", "step", "to")

    def __init__(
        self,
        at: int,
        form: Form,
        to: str | None,
        contact: str,
        account: str | None,
        cadence: str | None,
        step: str | None,
        id_: str | None,
        rest: int,
    ) -> None:
        self.at = at
        self.form = form
        self.to = to
        self.contact = contact
        self.account = account
        self.cadence = cadence
        self.step = step
        self.id = id_
        self.rest = rest
        """A hash of what no rule reads, to know the same touch again."""


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


class Answers(NamedTuple):
    """When a person's touch is an answer: the signals, and how old one may be (microseconds)."""

    signals: frozenset[str]
    within: int


class Pick:
    """The instants of those touches of a line that one rule counts, in order; or by group."""

    __slots__ = ("at", "groups", "seen")

    def __init__(self) -> None:
        self.at: list[int] = []
        self.groups: dict[Any, list[int]] = {}
        self.seen = 0


class Line:
    """Touches in the order of time; at equal instants as they arrived."""

    __slots__ = ("_picks", "at", "people", "touches")

    def __init__(self, people: Mapping[str, History]) -> None:
        self.at: list[int] = []
        self.touches: list[Past] = []
        self.people = people
        self._picks: dict[Hashable, Pick] = {}

    def add(self, touch: Past) -> None:
        """Files a touch. In the order of time this is cheap; else what was picked is dropped."""
        at = touch.at
        if not self.at or at > self.at[-1]:
            self.at.append(at)
            self.touches.append(touch)
            return
        place = bisect_right(self.at, at)
        self.at.insert(place, at)
        self.touches.insert(place, touch)
        self.changed()

    def remove(self, touch: Past) -> None:
        """Takes a touch off the line."""
        place = self.touches.index(touch, bisect_left(self.at, touch.at))
        del self.at[place], self.touches[place]
        self.changed()

    def changed(self) -> None:
        """Drops what was picked, since a touch or an answer has become another."""
        self._picks.clear()

    def prune(self, before: int) -> None:
        """Drops the touches before an instant."""
        place = bisect_left(self.at, before)
        if place:
            del self.at[:place], self.touches[:place]
            self.changed()

    def pick(
        self,
        key: Hashable,
        wanted: Callable[[Form], bool],
        answers: Answers | None = None,
        group: Callable[[Past], Hashable] | None = None,
    ) -> Pick:
        """The touches whose form is wanted, without answers if `answers` says what one is.

        `key` names the selection. It grows with the line, so that asking again costs nothing.
        """
        pick = self._picks.get(key)
        if pick is None:
            pick = self._picks[key] = Pick()
        if pick.seen != len(self.touches):
            self._extend(pick, key, wanted, answers, group)
        return pick

    def _extend(
        self,
        pick: Pick,
        key: Hashable,
        wanted: Callable[[Form], bool],
        answers: Answers | None,
        group: Callable[[Past], Hashable] | None,
    ) -> None:
        people = self.people
        for touch in self.touches[pick.seen :] if pick.seen else self.touches:
            form = touch.form
            chosen = form.wanted.get(key)
            if chosen is None:
                chosen = form.wanted[key] = wanted(form)
            if not chosen:
                continue
            if group is not None:
                pick.groups.setdefault(group(touch), []).append(touch.at)
            elif (
                answers is None
                or form.automated
                or not people[touch.contact].is_answer(touch, answers)
            ):
                pick.at.append(touch.at)
        pick.seen = len(self.touches)

    def between(self, start: int, end: int) -> list[Past]:
        """The touches in [start, end]."""
        return self.touches[bisect_left(self.at, start) : bisect_right(self.at, end)]


class View:
    """A contact as described: by the ledger's events, or by the facts given with the call."""

    __slots__ = ("_zones", "account", "facts", "known", "memo", "points")

    def __init__(
        self, facts: Mapping[str, Any], points: Mapping[str, Mapping[str, Any]], known: bool
    ) -> None:
        self.facts = facts
        self.points = points
        self.known = known
        self.account: str | None = facts.get("account")
        self.memo: dict[Hashable, Any] = {}
        """What rules have worked out of the facts and signals; gone when these change."""
        self._zones: dict[str | None, tuple[Zone, ...]] = {}

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
        "_facts",
        "_points",
        "_view",
        "batons",
        "contact",
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
        self.line = Line(people)
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

    @property
    def account(self) -> str | None:
        """The account as the events describe it, without the trouble of a view."""
        known = self._facts.get("account")
        return known[1] if known else None

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
                self.heard or bool(self.said or self.grants or self.batons),
            )
        return self._view

    def changed(self) -> None:
        """Drops what was worked out; something other than a touch has been added."""
        self._view = None

    def describe(self, contact: Contact, at: int) -> None:
        """Merges a contact event by its instant: a later one replaces, no event unsets a key."""
        self.heard = True
        self._merge(self._facts, facts_of(contact), at)
        for point, about in points_of(contact).items():
            self._merge(self._points.setdefault(point, {}), about, at)
        self.changed()

    @staticmethod
    def _merge(known: dict[str, tuple[int, Any]], new: Mapping[str, Any], at: int) -> None:
        for key, value in new.items():
            if key not in known or known[key][0] <= at:
                known[key] = (at, value)

    def hear(self, said: Said) -> None:
        """Files a signal."""
        insort(self.said, said, key=_AT)
        self.changed()

    def points_had(self, channel: str | None) -> frozenset[str]:
        """The points described so far that a channel reaches; all of them without a channel."""
        kind = kind_of(channel) if channel else None
        return frozenset(
            point for point, about in self._points.items() if kind in (None, about["kind"][1])
        )

    def is_answer(self, touch: Past, answers: Answers) -> bool:
        """Whether a past touch by a person answered: the contact had spoken last."""
        return self._answered(touch, answers) is not None

    def _answered(self, touch: Past, answers: Answers) -> Said | None:
        """The signal that a past touch by a person answers."""
        for said in reversed(self.said):
            if said.kind in CLOSING:
                return None
            if said.kind in answers.signals and (
                said.at < touch.at or (said.at == touch.at and not said.follows(touch))
            ):
                near = touch.at - said.at <= answers.within
                return said if near and self._spoke_last(said, touch.at, touch) else None
        return None

    def _spoke_last(self, said: Said, at: int, judged: Past | None) -> bool:
        """Whether no person touched the contact from `said` up to `at`, but for `judged`."""
        return all(
            other.form.automated or other is judged or said.follows(other)
            for other in self.line.between(said.at, at)
        )

    def answering(self, answers: Answers) -> list[tuple[int, int]]:
        """The stretches in which a new touch by a person would be an answer."""
        found: list[tuple[int, int]] = []
        later = NEVER
        for said in reversed(self.said):
            if said.kind in CLOSING:
                break
            if said.kind in answers.signals:
                end = min(said.at + answers.within + 1, later)
                for other in self.line.between(said.at, end):
                    if not other.form.automated and not said.follows(other):
                        end = min(end, other.at)
                        break
                later = said.at
                if said.at < end:
                    found.append((said.at, end))
        return found[::-1]


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
        book: Book,
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


class Book:
    """All that has been told, in the order of its arrival.

    `hashed` makes the keyed hash of a contact id or point, under which the noes of somebody
    forgotten are kept. `by_point` is false if nobody will ask for the line of a point.
    """

    def __init__(self, hashed: Callable[[str], str], *, by_point: bool = True) -> None:
        self._by_point = by_point
        self.people: dict[str, History] = {}
        self._accounts: dict[str, Line] = {}
        self._points: dict[str | None, Line] = {}
        self._noes_at: dict[str, list[No]] = {}
        self._grants_at: dict[str, list[Grant]] = {}
        self._ids: dict[str, Past] = {}
        self._words: dict[str, str] = {}
        self.answers: dict[Hashable, Any] = {}
        """What the engine has found out since the last event."""
        self._hashed = hashed
        self._erased = False
        self._order = 0
        self._fold: dict[type, Callable[[Any, int, Any], None]] = {
            Touch: self._touch,
            Signal: self._signal,
            Consent: self._consent,
            Contact: self._contact,
            Handoff: self._handoff,
            Suppress: self._suppress,
            Forget: self._forget,
            Release: self._release,
        }

    # -- reading ------------------------------------------------------------------------------

    def case(self, touch: Touch, at: int, facts: Contact | None = None) -> Case:
        """The case of a touch at an instant. `facts` replace what the events say of the contact."""
        me = self.people.get(touch.contact) or self._person(touch.contact)
        point = point_of(touch)
        view = me.view if facts is None else _with(me.view, facts)
        noes: Iterable[No] = me.noes
        if self._noes_at or self._erased:
            noes = [*noes, *self._others(me, point)]
        return Case(touch, at, point, me, view, noes, self)

    def account_line(self, account: str) -> Line:
        """The touches filed under an account."""
        return self._line(self._accounts, account)

    def point_line(self, point: str | None) -> Line:
        """The touches to a point."""
        return self._line(self._points, point)

    def knows(self, touch: Touch) -> bool:
        """Whether the touch was told before: by its id, or without one by all it says."""
        if touch.id is not None:
            return touch.id in self._ids
        at = to_us(touch.at) if touch.at else 0
        return any(
            past.id is None and past.form.traits == form_of(touch).traits and _same(past, touch)
            for past in self._me(touch.contact).line.between(at, at)
        )

    def booked(self, id_: str | None) -> Past | None:
        """The touch of that id, if it is on the line."""
        return self._ids.get(id_) if id_ else None

    def _line(self, lines: dict[Any, Line], key: str | None) -> Line:
        line = lines.get(key)
        if line is None:
            line = lines[key] = Line(self.people)
        return line

    def _others(self, me: History, point: str | None) -> Iterator[No]:
        """The noes of other contacts, and of forgotten ones, that hold at this point."""
        if point is not None:
            for no in self._noes_at.get(point, ()):
                if no.contact != me.contact:
                    yield no
        if self._erased:
            for no in self._noes_of(me.contact):
                yield no._replace(contact=me.contact, erased=True)
            if point is not None:
                for no in self._noes_at.get(self._hashed(point), ()):
                    yield no._replace(points=frozenset((point,)), named=True, erased=True)

    def _noes_of(self, contact: str) -> list[No]:
        gone = self.people.get(self._hashed(contact))
        return gone.noes if gone else []

    def grants_at(self, point: str | None) -> list[Grant]:
        """The grants with evidence that name a point, whoever gave them."""
        return self._grants_at.get(point or "", [])

    def _person(self, contact: str) -> History:
        me = self.people[contact] = History(contact, self.people)
        self._erased |= contact.startswith(HASHED)
        if self._erased and (gone := self.people.get(self._hashed(contact))):
            me.said = list(gone.said)  # somebody forgotten came back: refusals are still theirs
        return me

    def _me(self, contact: str) -> History:
        return self.people.get(contact) or self._person(contact)

    # -- being told ---------------------------------------------------------------------------

    def streams(self, event: Event, facts: Contact | None = None) -> Streams:
        """The streams an event belongs to, by what is known before it."""
        if isinstance(event, Suppress):
            points = frozenset((normalise(event.point),)) if event.point else frozenset[str]()
            return Streams(event.contact, None, points)
        me = self._me(event.contact)
        account = (facts and facts.account) or me.account
        if isinstance(event, Touch):
            point = point_of(event)
            return Streams(me.contact, account, frozenset((point,) if point else ()))
        if isinstance(event, (Signal, Consent)):
            return Streams(me.contact, account, self._points_meant(event, me))
        return Streams(me.contact, None, frozenset())

    def _points_meant(self, event: Signal | Consent, me: History) -> frozenset[str]:
        """The points for which a signal or consent matters, whoever the contact."""
        channel, point = self._meant(event)
        if point:
            return frozenset((point,))
        closes = isinstance(event, Consent) and event.status == "withdrawn"
        if closes or (isinstance(event, Signal) and event.kind in SPREADING):
            return me.points_had(channel)
        return frozenset()

    def _meant(self, event: Signal | Consent) -> tuple[str | None, str | None]:
        """The channel and the normalised point that an event names, or its touch does."""
        point = named_point(event)
        if isinstance(event, Signal) and event.touch and event.kind in REFUSED_BY:
            touch = self._ids.get(event.touch)
            if touch is not None and event.kind == "wrong_person":
                return event.channel or touch.form.channel, point or touch.to
            if touch is not None and event.channel in (None, touch.form.channel):
                return touch.form.channel, point or touch.to
        return event.channel, point

    def fold(self, event: Event, streams: Streams | None = None) -> None:
        """Takes in one event; `streams` where it was filed, if a ledger has filed it already.

        Raises EventError if the event contradicts an earlier one of the same id.
        """
        assert event.at is not None
        self._order += 1
        self.answers.clear()
        if streams is None and not isinstance(event, Touch):
            streams = self.streams(event)
        self._fold[type(event)](event, to_us(event.at), streams)

    def _touch(self, touch: Touch, at: int, streams: Streams | None) -> None:
        known = self.check(touch)
        if known is not None:
            self._outcome(known, touch)
            return
        if touch.id is None and self.knows(touch):
            return
        me = self._me(touch.contact)
        past = Past(
            at,
            form_of(touch),
            self._word(point_of(touch)),
            me.contact,
            streams.account if streams else me.account,
            self._word(touch.cadence),
            self._word(touch.step),
            touch.id,
            _rest(touch),
        )
        if touch.id:
            self._ids[touch.id] = past
        me.human |= not touch.automated
        if touch.offer and touch.deadline:
            me.offers.append((past, touch.offer, to_us(touch.deadline)))
        self._file(past, me)

    def _word(self, word: str | None) -> str | None:
        """One object for equal words, so that a long history does not keep each of them."""
        return word if word is None else self._words.setdefault(word, word)

    def _lines(self, past: Past, me: History) -> Iterator[Line]:
        yield me.line
        if past.account is not None:
            yield self.account_line(past.account)
        if past.to is not None and self._by_point:
            yield self.point_line(past.to)

    def _file(self, past: Past, me: History) -> None:
        outcome = past.form.outcome
        if outcome == "failed":
            return  # nothing left the building
        me.line.add(past)
        if past.account is not None:
            self.account_line(past.account).add(past)
        if past.to is not None and self._by_point:
            self.point_line(past.to).add(past)
        if outcome in DERIVED:
            here = me.line.between(past.at, past.at)
            before = tuple(here[: here.index(past) + 1])
            self._hear(
                me,
                Said(past.at, DERIVED[outcome], past.form.channel, past.to, of=past, before=before),
            )
        elif outcome == "bounced" and past.to is not None:
            self._object(No("bounced", past.at, None, points=frozenset((past.to,)), of=past))

    def _unfile(self, past: Past, me: History) -> None:
        if past.form.outcome == "failed":
            return
        for line in self._lines(past, me):
            line.remove(past)
        me.said = [said for said in me.said if said.of is not past]
        for point in (past.to,) if past.to in self._noes_at else ():
            self._noes_at[point] = [no for no in self._noes_at[point] if no.of is not past]
        me.changed()

    def check(self, touch: Touch) -> Past | None:
        """The touch of that id, if it is known. EventError if it was told with other content."""
        past = self.booked(touch.id)
        if past is None:
            return None
        old = past.form.outcome
        assert touch.at is not None  # the edge has seen to it
        if (
            form_of(touch).traits[:-1] != past.form.traits[:-1]
            or to_us(touch.at) != past.at
            or touch.contact != past.contact
            or not _same(past, touch)
        ):
            raise EventError(
                f"touch {touch.id!r} was told before with other content;"
                " only its outcome may change"
            )
        if touch.outcome == "failed" and old not in (None, "unknown", "failed"):
            raise EventError(f"touch {touch.id!r}: 'failed' may follow only 'unknown', not {old!r}")
        return past

    def _outcome(self, past: Past, touch: Touch) -> None:
        """The same touch again, with another outcome."""
        if touch.outcome in (None, past.form.outcome):
            return
        me = self._me(touch.contact)
        self._unfile(past, me)
        past.form = form_of(touch)
        self._file(past, me)

    def _release(self, release: Release, at: int, streams: Streams) -> None:
        self.release(release.touch)

    def release(self, id_: str) -> None:
        """Takes a booked touch back, as if it had never been booked."""
        self.answers.clear()
        past = self._ids.pop(id_, None)
        if past is None:
            return
        me = self._me(past.contact)
        self._unfile(past, me)
        me.offers = [offer for offer in me.offers if offer[0] is not past]

    def _signal(self, signal: Signal, at: int, streams: Streams) -> None:
        me = self._me(signal.contact)
        channel, point = self._meant(signal)
        until = to_us(signal.until) if signal.until else None
        before = tuple(me.line.between(at, at))
        said = Said(at, signal.kind, channel, point, signal.purpose, until, before)
        if signal.kind in SPREADING:
            points = streams.points if point is None else frozenset((point,))
            self._object(
                No(signal.kind, at, me.contact, channel, signal.purpose, points, bool(point))
            )
        self._hear(me, said)

    def _hear(self, me: History, said: Said) -> None:
        me.hear(said._replace(order=self._order))
        if me.human:  # an answer may have become none, or none an answer
            for touch in me.line.touches:
                if not touch.form.automated:
                    for line in self._lines(touch, me):
                        line.changed()

    def _object(self, no: No) -> None:
        no = no._replace(order=self._order)
        if no.contact is not None:
            self._me(no.contact).noes.append(no)
        for point in no.points:
            self._noes_at.setdefault(point, []).append(no)
        self._erased |= any(name.startswith(HASHED) for name in (no.contact or "", *no.points))

    def _consent(self, consent: Consent, at: int, streams: Streams) -> None:
        me = self._me(consent.contact)
        point = named_point(consent)
        if consent.status == "withdrawn":
            points = streams.points if point is None else frozenset((point,))
            no = No(
                "withdrawn", at, me.contact, consent.channel, consent.purpose, points, bool(point)
            )
            self._object(no)
            self._hear(me, Said(at, "withdrawn", consent.channel, point, consent.purpose))
            return
        grant = Grant(
            at,
            to_us(consent.from_) if consent.from_ else at,
            to_us(consent.until) if consent.until else NEVER,
            consent.purpose or "",
            consent.channel,
            point,
            me.contact,
            bool(consent.evidence),
            self._order,
        )
        insort(me.grants, grant, key=_AT)
        if point and grant.evidence:
            self._grants_at.setdefault(point, []).append(grant)
        me.changed()

    def _contact(self, contact: Contact, at: int, streams: Streams) -> None:
        self._me(contact.contact).describe(contact, at)

    def _handoff(self, handoff: Handoff, at: int, streams: Streams) -> None:
        me = self._me(handoff.contact)
        until = to_us(handoff.until) if handoff.until else None
        insort(me.batons, Baton(at, handoff.to, until), key=_AT)
        me.changed()

    def _suppress(self, suppress: Suppress, at: int, streams: Streams) -> None:
        no = No(
            "suppressed", at, suppress.contact, suppress.channel, suppress.purpose, streams.points
        )
        self._object(no)

    # -- forgetting -----------------------------------------------------------------------------

    def residue(self, contact: str) -> list[tuple[Event, Streams]]:
        """What is kept of somebody forgotten: each no under keyed hashes, and for the account the
        instants and channels of touches, without the person."""
        me = self._me(contact)
        name = self._hashed(contact)
        kept: list[tuple[Event, Streams]] = []

        def keep(event: Event, point: str | None = None) -> None:
            points = frozenset((point,) if point else ())
            kept.append((event, Streams(getattr(event, "contact", None), None, points)))

        for no in me.noes:
            marks: list[str | None] = [self._hashed(point) for point in sorted(no.points)]
            if not no.named:
                marks.append(None)
            for mark in marks:
                keep(_erased(no, name, mark), mark)
        for points in self._noes_at.values():
            for no in points:
                if no.of is not None and no.of.contact == contact:
                    mark = self._hashed(no.of.to or "")
                    keep(_erased(no, None, mark), mark)
        ended: int | None = None  # by an invitation, which is not kept itself
        for said in reversed(me.said):
            if said.kind in ("resumed", "invited"):
                ended = said.at
            elif said.kind == "paused":
                until = ended if said.until is None else said.until
                keep(_signal(said.kind, name, said.at, said.channel, until=until))
            elif said.kind in words.REFUSALS:
                keep(_signal(said.kind, name, said.at, said.channel))
        for number, touch in enumerate(me.line.touches):
            if touch.account is not None:
                streams = Streams(FORGOTTEN, touch.account, frozenset())
                id_ = self._hashed(f"touch {contact} {touch.id or number}")
                kept.append((_anonymous(touch, id_), streams))
        return kept

    def _forget(self, forget: Forget, at: int, streams: Streams) -> None:
        kept = self.residue(forget.contact)
        self.drop(forget.contact)
        for event, where in kept:
            self.fold(event, where)

    def drop(self, contact: str) -> None:
        """Lets go of a contact and of all they have on any line."""
        self.answers.clear()
        me = self.people.pop(contact, None)
        if me is None:
            return
        for touch in me.line.touches:
            for line in (*self._lines(touch, me),)[1:]:
                line.remove(touch)
        self._ids = {id_: past for id_, past in self._ids.items() if past.contact != contact}
        for point, noes in self._noes_at.items():
            self._noes_at[point] = [
                no
                for no in noes
                if no.contact != contact and (no.of is None or no.of.contact != contact)
            ]
        for point, grants in self._grants_at.items():
            self._grants_at[point] = [grant for grant in grants if grant.contact != contact]

    def prune(self, before: int) -> None:
        """Drops touches before an instant; what they said stays."""
        self.answers.clear()
        for me in self.people.values():
            for touch in me.line.between(0, before - 1):
                if touch.id:
                    del self._ids[touch.id]
            me.line.prune(before)
        for line in (*self._accounts.values(), *self._points.values()):
            line.prune(before)


_forms: dict[Hashable, Form] = {}
_FORMS: Final = 65_536


def form_of(touch: Touch) -> Form:
    """The form of a touch; one object for equal traits, while there are not too many of them."""
    traits = (
        touch.channel,
        touch.purpose,
        touch.team,
        touch.tags,
        touch.automated,
        touch.outcome,
    )
    form = _forms.get(traits)
    if form is None:
        if len(_forms) >= _FORMS:  # teams and tags may be anybody's own
            _forms.clear()
        form = _forms[traits] = Form(*traits)
    return form


def point_of(touch: Touch) -> str | None:
    """The contact point of a touch, normalised."""
    return normalise(touch.to, CHANNEL_KIND[touch.channel]) if touch.to else None


def channel_named(channel: str | None, point: str | None, asked: str) -> bool:
    """Whether what names this channel or point is about the channel asked for. A point names the
    channels of its kind; nothing named is about all."""
    if channel is not None:
        return channel == asked
    if point is None:
        return True
    look, kind = kind_by_look(point), CHANNEL_KIND[asked]
    return kind == look if look else kind in ("social", "post")


def named_point(event: Signal | Consent | Suppress) -> str | None:
    """The contact point that an event names, normalised."""
    if event.point is None:
        return None
    return normalise(event.point, CHANNEL_KIND[event.channel] if event.channel else None)


_FACTS: Final = ("name", "call_me", "time_zone", "country", "region", "account")
_ABOUT: Final = ("kind", "use", "source", "region", "time_zone")


def facts_of(contact: Contact) -> dict[str, Any]:
    """The facts that a contact event gives, without its points."""
    return {key: value for key in _FACTS if (value := getattr(contact, key)) is not None}


def points_of(contact: Contact) -> dict[str, dict[str, Any]]:
    """The points that a contact event gives, by normalised value."""
    return {
        normalise(point.value, point.kind, contact.country): {
            key: value for key in _ABOUT if (value := getattr(point, key)) is not None
        }
        for point in contact.points
    }


def _with(view: View, contact: Contact) -> View:
    """A view in which the facts given with the call replace the ledger's."""
    points = dict(view.points)
    for point, about in points_of(contact).items():
        points[point] = {**points.get(point, {}), **about}
    return View({**view.facts, **facts_of(contact)}, points, known=True)


def _same(past: Past, touch: Touch) -> bool:
    """Whether two touches of one kind and instant are about the same message and point."""
    return (past.cadence, past.step, past.to) == (
        touch.cadence,
        touch.step,
        point_of(touch),
    ) and past.rest == _rest(touch)


def _rest(touch: Touch) -> int:
    return hash(
        (
            touch.sender,
            touch.greeting,
            touch.audience,
            touch.offer,
            touch.deadline,
            touch.unsubscribe,
            touch.discloses_source,
            touch.because,
            touch.not_after,
        )
    )


def _signal(
    kind: str,
    contact: str,
    at: int,
    channel: str | None = None,
    purpose: str | None = None,
    point: str | None = None,
    until: int | None = None,
) -> Signal:
    return Signal(
        kind=kind,
        contact=contact,
        at=to_datetime(at),
        **_given(channel=channel, purpose=purpose, point=point),
        until=None if until is None else to_datetime(until),
    )


def _erased(no: No, contact: str | None, point: str | None) -> Event:
    """A no about hashes."""
    if no.kind in ("suppressed", "bounced") or contact is None:
        return Suppress(
            at=to_datetime(no.at),
            note="kept after an erasure",
            **_given(
                contact=None if point else contact,
                point=point,
                channel=no.channel,
                purpose=no.purpose,
            ),
        )
    kind = "opt_out" if no.kind == "withdrawn" else no.kind
    return _signal(kind, contact, no.at, no.channel, no.purpose, point)


def _anonymous(touch: Past, id_: str) -> Touch:
    return Touch(
        id=id_,  # two that look the same are still two
        contact=FORGOTTEN,
        at=to_datetime(touch.at),
        channel=touch.form.channel,
        to=FORGOTTEN,
        purpose=touch.form.purpose,
        outcome="unknown" if touch.form.outcome is None else "sent",
    )


def _given(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
