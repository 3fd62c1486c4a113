"""The book: everything that has been told, in the order of its arrival.

It takes events in and makes cases of touches. Ledgers keep events; a book is what is made of them.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Final

from cadence_guard import words
from cadence_guard.contact import Consent, Contact, Forget, Handoff, Signal, Suppress
from cadence_guard.erasure import residue
from cadence_guard.errors import EventError
from cadence_guard.events import Event
from cadence_guard.history import (
    CLOSING,
    DERIVED,
    REFUSED_BY,
    SPREADING,
    Baton,
    Case,
    Filing,
    Grant,
    History,
    No,
    Said,
    Streams,
)
from cadence_guard.instants import NEVER, to_us
from cadence_guard.lines import (
    NOT_READ,
    TRAITS,
    Line,
    Message,
    Past,
    Recipient,
    form_of,
    message_of,
    rest_of,
)
from cadence_guard.naming import as_named, is_at, named_point, names_of, point_of
from cadence_guard.points import HASHED
from cadence_guard.touch import NOT_MADE, Release, Touch

_AT: Final = attrgetter("at")
_SPEAK: Final = frozenset(("failed", "bounced", *DERIVED))
"""Outcomes that say more than that the touch was made."""


class Book:
    """All that has been told, in the order of its arrival.

    `hashed` makes the keyed hash of a contact id or point, under which the noes of somebody
    forgotten are kept. `by_point` is false if nobody will ask for the line of a point, `remember`
    if nobody asks twice between two events.
    """

    def __init__(
        self, hashed: Callable[[str], str], *, by_point: bool = True, remember: bool = True
    ) -> None:
        self._by_point = by_point
        self.people: dict[str, History] = {}
        self._accounts: dict[str, Line] = {}
        self._points: dict[str | None, Line] = {}
        self._noes_at: dict[str, list[No]] = {}
        self._grants_at: dict[str, list[Grant]] = {}
        self._ids: dict[str, str] = {}
        """Whom the touch of an id touches."""
        self._failed: dict[str, Past] = {}
        """The touches that are on no line, since nothing left the building."""
        self._outcomes: dict[str, tuple[str | None, ...]] = {}
        """The outcomes of each touch that has had more than one, in order."""
        self._recipients: dict[tuple[str, str | None, str | None], Filing] = {}
        self.remembered: dict[Hashable, Any] | None = {} if remember else None
        """What the engine has found out since the last event."""
        self._leaning: tuple[Book, int] | None = None
        """The book that knows the lines of accounts, if it is another, and how far it was read."""
        self._hashed = hashed
        self._erased = False
        self._came_back: dict[str, str] | None = None
        """Whose id has which hash, of all people known; None until somebody asks."""
        self._order = 0

    # -- reading ------------------------------------------------------------------------------

    def case(self, touch: Touch, at: int, facts: Contact | None = None) -> Case:
        """The case of a touch at an instant. `facts` replace what the events say of the contact."""
        me = self.people.get(touch.contact) or self._person(touch.contact)
        names = self.names(touch, facts)
        point = names[0] if names else None
        view = me.view if facts is None else me.view_with(facts)
        noes = me.noes
        if self._noes_at or self._erased:
            noes = [*noes, *self._others(me, names)]
        if len(names) > 1 and noes:
            noes = [no.also_at(names) for no in noes]
        return Case(touch, at, point, me, view, noes, self)

    def names(self, touch: Touch, facts: Contact | None) -> tuple[str, ...]:
        """The point of a touch, then what else somebody may have written for it."""
        return names_of(touch, (facts and facts.country) or self._me(touch.contact).country)

    def account_line(self, account: str) -> Line:
        """The touches filed under an account."""
        book = self._leaning[0] if self._leaning else self
        return book._accounts.get(account) or book._line(book._accounts, account)

    def leans_on(self, other: Book) -> bool:
        """Whether this book asks another one, as it is now, for the lines of accounts."""
        return self._leaning == (other, other._order)

    def lean_on(self, other: Book) -> None:
        """Asks another book, which knows all that was filed under an account, for its line."""
        self._leaning = other, other._order
        if self.remembered:
            self.remembered.clear()

    def point_line(self, point: str | None) -> Line:
        """The touches to a point."""
        return self._line(self._points, point)

    def answered_at(self, points: Iterable[str]) -> frozenset[str]:
        """Whom a person touched at one of these points, perhaps in answer."""
        lines = [self._points[point] for point in points if point in self._points]
        return frozenset(who for line in lines for who in line.touched_by_hand())

    def knows(self, touch: Touch) -> bool:
        """Whether the touch was told before: by its id, or without one by all it says."""
        if touch.id is not None:
            return touch.id in self._ids
        at = to_us(touch.at) if touch.at else 0
        return any(
            past.id is None
            and past.form.traits == form_of(touch).traits
            and not self._other(past, touch)
            for past in self._me(touch.contact).line.between(at, at)
        )

    def booked(self, id_: str | None) -> Past | None:
        """The touch of that id, if it is known."""
        contact = self._ids.get(id_) if id_ else None
        if id_ is None or contact is None:
            return None
        return self._failed.get(id_) or self.people[contact].line.find(id_)

    def _line(self, lines: dict[Any, Line], key: str | None) -> Line:
        line = lines.get(key)
        if line is None:
            line = lines[key] = Line(self.people)
        return line

    def _others(self, me: History, points: tuple[str, ...]) -> Iterator[No]:
        """The noes of others, and of forgotten people, that hold at a point of these names."""
        for point in points:
            for no in self._noes_at.get(point, ()):
                if no.contact != me.contact:
                    yield no
        if self._erased:
            for no in self._noes_of(me.contact):
                yield no._replace(contact=me.contact, erased=True)
            for point in points:
                for no in self._noes_at.get(self._hashed(point), ()):
                    yield no._replace(points=frozenset((point,)), named=True, erased=True)

    def _noes_of(self, contact: str) -> list[No]:
        gone = self.people.get(self._hashed(contact))
        return gone.noes if gone else []

    def is_theirs(self, no: No, contact: str) -> bool:
        """Whether a contact is who said no, also if all that is left of them is a hash."""
        if no.contact == contact:
            return True
        return no.erased and no.contact == self._hashed(contact)

    def grants_at(self, point: str | None) -> list[Grant]:
        """The grants with evidence that name a point, whoever gave them."""
        return self._grants_at.get(point or "", [])

    def _person(self, contact: str) -> History:
        me = self.people[contact] = History(contact, self.people)
        self._erased |= contact.startswith(HASHED)
        if self._erased and (gone := self.people.get(self._hashed(contact))):
            me.said = list(gone.said)  # somebody forgotten came back: refusals are still theirs
        if self._came_back is not None:
            self._came_back[self._hashed(contact)] = contact
        return me

    def _back(self, gone: str) -> History | None:
        """Somebody known of whom this is the hash."""
        if self._came_back is None:
            self._came_back = {self._hashed(contact): contact for contact in self.people}
        return self.people.get(self._came_back.get(gone, ""))

    def _me(self, contact: str) -> History:
        return self.people.get(contact) or self._person(contact)

    # -- being told ---------------------------------------------------------------------------

    def streams(self, event: Event, facts: Contact | None = None) -> Streams:
        """The streams an event belongs to, by what is known before it."""
        if isinstance(event, Suppress):
            country = self._me(event.contact).country if event.contact else None
            return Streams(event.contact, None, as_named(event, country))
        me = self._me(event.contact)
        account = (facts and facts.account) or me.account
        if isinstance(event, Touch):
            return Streams(me.contact, account, frozenset(self.names(event, facts)[:1]))
        if isinstance(event, (Signal, Consent)):
            return Streams(me.contact, account, self._points_meant(event, me))
        return Streams(me.contact, None, frozenset())

    def _points_meant(self, event: Signal | Consent, me: History) -> frozenset[str]:
        """The points for which a signal or consent matters, whoever the contact."""
        channel, point = self._meant(event)
        if point:
            return as_named(event, me.country) if event.point else frozenset((point,))
        closes = isinstance(event, Consent) and event.status == "withdrawn"
        if closes or (isinstance(event, Signal) and event.kind in SPREADING):
            assert event.at is not None  # the edge has seen to it
            points = me.points_had(channel)
            if not (isinstance(event, Signal) and event.kind == "wrong_person"):
                points |= me.points_consented(channel)
                points |= me.points_touched(channel, to_us(event.at))
            return points
        return frozenset()

    def _meant(self, event: Signal | Consent) -> tuple[str | None, str | None]:
        """The channel and the normalised point that an event names, or its touch does."""
        point = named_point(event, self._me(event.contact).country)
        if isinstance(event, Signal) and event.touch and event.kind in REFUSED_BY:
            if self._ids.get(event.touch) != event.contact:
                return event.channel, point
            touch = self.booked(event.touch)
            assert touch is not None  # its id is known
            if event.kind == "wrong_person":
                return event.channel or touch.form.channel, point or touch.to
            if event.channel in (None, touch.form.channel):
                return touch.form.channel, point or touch.to
        return event.channel, point

    def fold(self, event: Event, streams: Streams | None = None) -> None:
        """Takes in one event; `streams` where it was filed, if a ledger has filed it already.

        Raises EventError if the event contradicts an earlier one of the same id.
        """
        assert event.at is not None
        self._moved_on()
        _FOLD[type(event)](self, event, to_us(event.at), streams)

    def _moved_on(self) -> None:
        self._order += 1
        if self.remembered:
            self.remembered.clear()

    def _touch(self, touch: Touch, at: int, streams: Streams | None) -> None:
        if self.knows(touch):
            if (past := self.check(touch, streams)) is not None:
                self._outcome(past, touch)
            return
        me = self._me(touch.contact)
        point, account = point_of(touch, me.country), me.account
        if streams is not None:  # as it was filed: not all that was known then need be known here
            (point,), account = streams.points or (None,), streams.account
        self._add(touch, message_of(touch), at, point, me, account)

    def lay(self, touch: Touch, at: int) -> None:
        """Takes in a touch without id as if it were made at an instant, whatever it says of that:
        for who tries the same touch at many instants."""
        me = self._me(touch.contact)
        self._moved_on()
        # Two that look the same are still two.
        message = Message(form_of(touch), touch.cadence, touch.step, self._order)
        self._add(touch, message, at, point_of(touch, me.country), me, me.account)

    def add(self, case: Case) -> None:
        """Takes in the touch of a case of this book that was not told before: what has been worked
        out for the case need not be worked out again."""
        self._moved_on()
        touch = case.touch
        self._add(touch, message_of(touch), case.at, case.point, case.me, case.me.account)

    def _add(
        self,
        touch: Touch,
        message: Message,
        at: int,
        point: str | None,
        me: History,
        account: str | None,
    ) -> None:
        recipient, lines = self._filing(me, account, point)
        id_ = touch.id
        past = tuple.__new__(Past, (at, message, recipient, id_))  # the quickest way
        if id_ is not None:
            self._ids[id_] = me.contact
        if not touch.automated:
            me.human = True
        if touch.offer and touch.deadline:
            me.offers.append((past, touch.offer, to_us(touch.deadline)))
        self._file(past, me, lines)

    def _filing(self, me: History, account: str | None, point: str | None) -> Filing:
        filing = me.filing  # mostly it goes where the last one went
        if filing is not None and filing[0].account == account and filing[0].to == point:
            return filing
        filing = self._recipients.get((me.contact, account, point))
        if filing is None:
            recipient = Recipient(me.contact, account, point)
            lines = [me.line]
            if account is not None:
                lines.append(self._line(self._accounts, account))
            if point is not None and self._by_point:
                lines.append(self.point_line(point))
            filing = self._recipients[recipient] = recipient, tuple(lines)
        me.filing = filing
        return filing

    def _lines(self, recipient: Recipient) -> tuple[Line, ...]:
        return self._recipients[recipient][1]

    def _file(self, past: Past, me: History, lines: Iterable[Line]) -> None:
        outcome = past.message.form.outcome
        if outcome == "failed":
            if past.id is not None:
                self._failed[past.id] = past
            return
        among = self._is_among(past, me)
        for line in lines:
            line.add(past)
        if among:
            self._answers_changed(me)
        if outcome in _SPEAK:
            self._hear_outcome(past, me)

    def _is_among(self, past: Past, me: History) -> bool:
        """Whether others that are not earlier may be answers, or none, for a touch by a person."""
        at = me.line.at
        return bool(at) and past.at <= at[-1] and not past.message.form.automated

    def _answers_changed(self, me: History) -> None:
        """An answer may have become none, or none an answer, on whatever line it stands."""
        for recipient in me.line.recipients():
            for line in self._lines(recipient):
                line.changed()

    def _hear_outcome(self, past: Past, me: History) -> None:
        """An outcome that is a signal too, or says something of the point."""
        at, outcome = past.at, past.form.outcome
        if outcome in DERIVED:
            here = me.line.between(at, at)
            before = tuple(here[: here.index(past) + 1])
            below = me.below(past)
            self._hear(
                me,
                Said(
                    at,
                    DERIVED[outcome],
                    past.form.channel,
                    past.to,
                    of=past,
                    before=before,
                    order=below.order - 1 if below else self._order,  # right after its touch
                ),
            )
        elif past.to is not None:
            self._object(No("bounced", at, None, points=frozenset((past.to,)), of=past))

    def _unfile(self, past: Past, me: History) -> None:
        if past.form.outcome == "failed":
            self._failed.pop(past.id or "", None)
            return
        for line in self._lines(past.recipient):
            line.remove(past)
        if self._is_among(past, me):
            self._answers_changed(me)
        self._unsay(past, me)

    def _unsay(self, past: Past, me: History) -> None:
        """Takes back what the outcome of a touch said."""
        me.said = [said for said in me.said if said.of != past]
        for point in (past.to,) if past.to in self._noes_at else ():
            self._noes_at[point] = [no for no in self._noes_at[point] if no.of != past]
        me.changed()

    def check(self, touch: Touch, streams: Streams | None = None) -> Past | None:
        """The touch of that id, if it is known. EventError if it was told with other content.
        `streams` where it was filed, if it was: then its point is one of these."""
        past = self.booked(touch.id)
        if past is None:
            return None
        old = past.form.outcome
        if other := self._other(past, touch, streams):
            raise told_otherwise(touch, other)
        if touch.outcome == "failed" and old not in (None, "unknown", "failed"):
            raise EventError(f"touch {touch.id!r}: 'failed' may follow only 'unknown', not {old!r}")
        return past

    def _other(self, past: Past, touch: Touch, streams: Streams | None = None) -> list[str]:
        """The keys, but for the outcome, in which a touch is not the known one. Of those that no
        rule reads a line keeps a hash alone, so they are named together."""
        assert touch.at is not None  # the edge has seen to it
        message = past.message
        told = (past.contact, past.at, message.cadence, message.step, *past.form.traits)
        told_now = (
            touch.contact,
            to_us(touch.at),
            touch.cadence,
            touch.step,
            *form_of(touch).traits,
        )
        keys = ("contact", "at", "cadence", "step", *TRAITS)
        pairs = zip(keys, told, told_now, strict=True)
        other = [key for key, was, now in pairs if was != now and key != "outcome"]
        names = names_of(touch, self.people[past.contact].country)
        if not is_at(past.to, (*names, *streams.points) if streams and names else names):
            other.append("to")
        if message.rest != rest_of(touch):
            other.append(f"one of {', '.join(NOT_READ)}")
        return other

    def is_news(self, past: Past, outcome: str | None) -> bool:
        """Whether an outcome of a known touch is another one. Providers tell the same twice and out
        of order: what was told before, or says less than what is known, changes nothing."""
        known = past.form.outcome
        if outcome is None or outcome in self._outcomes.get(past.id or "", (known,)):
            return False
        return known is None or words.OUTCOMES_SAY[outcome] >= words.OUTCOMES_SAY[known]

    def _outcome(self, past: Past, touch: Touch) -> None:
        """The same touch again, perhaps with another outcome."""
        if not self.is_news(past, touch.outcome):
            return
        assert past.id is not None  # without one, another outcome is another touch
        told = self._outcomes.get(past.id, (past.form.outcome,))
        self._outcomes[past.id] = (*told, touch.outcome)
        me = self._me(touch.contact)
        now = past._replace(message=message_of(touch))
        if "failed" in (past.form.outcome, touch.outcome):
            # It leaves the lines, or is new there.
            self._unfile(past, me)
            me.replace(past, now)
            self._file(now, me, self._lines(now.recipient))
            return
        for line in self._lines(now.recipient):
            line.replace(past, now)
        self._unsay(past, me)
        me.replace(past, now)
        if touch.outcome in _SPEAK:
            self._hear_outcome(now, me)

    def _release(self, release: Release, at: int, streams: Streams | None) -> None:
        if self._ids.get(release.touch) not in (None, release.contact):
            raise EventError(f"touch {release.touch!r} is one to another contact")
        past = self.booked(release.touch)
        if past is not None and past.form.outcome not in NOT_MADE:
            raise EventError(f"touch {release.touch!r} was made already: {past.form.outcome}")
        self.release(release.touch)

    def take_back(self, id_: str) -> None:
        """Releases a booked touch before anybody has told so, also where its account is known."""
        self.release(id_)
        if self._leaning:
            self._leaning[0].release(id_)

    def release(self, id_: str) -> None:
        """Takes a booked touch back, as if it had never been booked."""
        self._moved_on()
        past = self.booked(id_)
        if past is None:
            return
        del self._ids[id_]
        self._outcomes.pop(id_, None)
        me = self._me(past.contact)
        self._unfile(past, me)
        me.take_back(past)

    def _signal(self, signal: Signal, at: int, streams: Streams | None) -> None:
        me = self._me(signal.contact)
        kind = signal.kind
        channel, point = self._meant(signal)
        until = to_us(signal.until) if signal.until else None
        before = tuple(me.line.between(at, at))
        said = Said(at, kind, channel, point, signal.purpose, until, before, order=self._order)
        if kind in SPREADING:
            points = frozenset((point,)) if point else frozenset()
            if signal.point or point is None:
                points = (streams or self.streams(signal)).points
            if signal.point and not signal.channel and channel:
                touch = self.booked(signal.touch)
                assert touch is not None  # it is where the channel is from
                channel = channel if touch.to == point else None
            self._object(No(kind, at, me.contact, channel, signal.purpose, points, bool(point)))
        self._hear(me, said)

    def _hear(self, me: History, said: Said) -> None:
        me.hear(said)
        at = me.line.at
        if me.human and at and (said.kind in CLOSING or said.at < at[-1]):
            self._answers_changed(me)
        if me.contact.startswith(HASHED) and (back := self._back(me.contact)):
            self._hear(back, said)

    def _object(self, no: No) -> None:
        no = no._replace(order=self._order)
        if no.contact is not None:
            self._me(no.contact).noes.append(no)
        for point in no.points:
            self._noes_at.setdefault(point, []).append(no)
        self._erased |= any(name.startswith(HASHED) for name in (no.contact or "", *no.points))

    def _consent(self, consent: Consent, at: int, streams: Streams | None) -> None:
        me = self._me(consent.contact)
        point = named_point(consent, me.country)
        if consent.status == "withdrawn":
            points = (streams or self.streams(consent)).points
            no = No(
                "withdrawn", at, me.contact, consent.channel, consent.purpose, points, bool(point)
            )
            self._object(no)
            said = Said(at, "withdrawn", consent.channel, point, consent.purpose, order=self._order)
            self._hear(me, said)
            return
        if streams is not None:  # its country may have been known where it was filed, and not here
            point = next((each for each in streams.points if each.startswith("+")), point)
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

    def _contact(self, contact: Contact, at: int, streams: Streams | None) -> None:
        self._me(contact.contact).describe(contact, at)

    def _handoff(self, handoff: Handoff, at: int, streams: Streams | None) -> None:
        me = self._me(handoff.contact)
        until = to_us(handoff.until) if handoff.until else None
        insort(me.batons, Baton(at, handoff.to, until), key=_AT)
        me.changed()

    def _suppress(self, suppress: Suppress, at: int, streams: Streams | None) -> None:
        points = (streams or self.streams(suppress)).points
        self._object(
            No("suppressed", at, suppress.contact, suppress.channel, suppress.purpose, points)
        )

    # -- forgetting -----------------------------------------------------------------------------

    def residue(self, contact: str, mark: str) -> list[tuple[Event, Streams]]:
        """What an erasure leaves of a contact. `mark` is another one each time."""
        bounces = [
            (point, no.of)
            for point, noes in self._noes_at.items()
            for no in noes
            if no.of is not None and no.of.contact == contact
        ]
        return residue(self._me(contact), bounces, self._hashed, mark)

    def _forget(self, forget: Forget, at: int, streams: Streams | None) -> None:
        kept = self.residue(forget.contact, str(self._order))
        self.drop(forget.contact)
        for event, where in kept:
            self.fold(event, where)

    def drop(self, contact: str) -> None:
        """Lets go of a contact and of all they have on any line."""
        self._moved_on()
        me = self.people.pop(contact, None)
        if me is None:
            return
        for touch in me.line.touches:
            for line in self._lines(touch.recipient)[1:]:
                line.remove(touch)
        self._ids = {id_: whom for id_, whom in self._ids.items() if whom != contact}
        self._outcomes = {id_: told for id_, told in self._outcomes.items() if id_ in self._ids}
        self._failed = {id_: past for id_, past in self._failed.items() if past.contact != contact}
        self._recipients = {
            recipient: filing
            for recipient, filing in self._recipients.items()
            if recipient[0] != contact
        }
        for point, noes in self._noes_at.items():
            self._noes_at[point] = [
                no
                for no in noes
                if no.contact != contact and (no.of is None or no.of.contact != contact)
            ]
        for point, grants in self._grants_at.items():
            self._grants_at[point] = [grant for grant in grants if grant.contact != contact]


_FOLD: Final[dict[type, Callable[[Book, Any, int, Any], None]]] = {
    Touch: Book._touch,
    Signal: Book._signal,
    Consent: Book._consent,
    Contact: Book._contact,
    Handoff: Book._handoff,
    Suppress: Book._suppress,
    Forget: Book._forget,
    Release: Book._release,
}


def told_otherwise(touch: Touch, keys: Iterable[str]) -> EventError:
    """What is said of a touch whose id was told before, if these keys said something else."""
    return EventError(
        f"touch {touch.id!r} was told before with other content: {', '.join(keys)};"
        " only its outcome may change"
    )
