"""The guard: the only object that reads, decides, reserves and records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from secrets import token_hex
from threading import RLock
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from pydantic import ValidationError

from cadence_guard import engine
from cadence_guard._log import log
from cadence_guard.book import Book
from cadence_guard.contact import Contact, Forget, Suppress
from cadence_guard.decision import Decision, Finding, Stretch, Verdict
from cadence_guard.errors import Conflict, EventError, LedgerUnavailable, Refused
from cadence_guard.events import Event, parse_event
from cadence_guard.history import Streams
from cadence_guard.instants import DAY, parse_instant, to_datetime, to_us
from cadence_guard.ledgers import Filed, Ledger, Page, open_ledger
from cadence_guard.points import HASHED, written
from cadence_guard.policy import Policy
from cadence_guard.reservation import Reservation, in_thread
from cadence_guard.ruleset import Ruleset
from cadence_guard.shelves import KEY_STREAM, NO_PAGE, Shelves, guarded
from cadence_guard.touch import Release, Touch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TRIES: Final = 200
"""How often somebody else may be faster before a reservation is refused."""
KEPT_DAYS: Final = 400
"""How far back a ledger keeps touches at least."""
_UNSETTLED: Final = 1024


class Guard:
    """Judges touches by a policy, and books them in a ledger.

    `policy`: a Policy or its data, else the pack `humane`. `ledger`: a URL
    (`sqlite:///outreach.db`), an object that keeps the `Ledger` contract, else memory. `clock`:
    gives the aware datetime that "now" means. `key`: the secret of the hashes under which the noes
    of forgotten people are kept; without one the ledger makes and keeps a random one, which
    protects a copied hash list but not a copied ledger.

    Safe to share between threads; processes share a ledger. Raises PolicyError, and ValueError or
    LedgerUnavailable for a ledger that cannot be opened.
    """

    def __init__(
        self,
        policy: Policy | Mapping[str, Any] | None = None,
        *,
        ledger: str | Ledger | None = None,
        clock: Callable[[], datetime] | None = None,
        key: str | bytes | None = None,
    ) -> None:
        self.policy = Policy(packs=["humane"]) if policy is None else Policy.model_validate(policy)
        self.ruleset = Ruleset(self.policy)
        self._clock = clock or _now
        if key is not None and not key:
            raise ValueError("an empty key protects nothing; leave it out, or give a secret")
        if ledger is None:
            ledger = "memory://"
        answers = self.ruleset.answers  # what is counted may be an answer to something earlier
        self._shelves = Shelves(
            open_ledger(ledger) if isinstance(ledger, str) else ledger,
            key.encode() if isinstance(key, str) else key,
            self.ruleset.looks_back + (answers.within if answers else 0),
            self.ruleset.by_point,
            self._settle,
        )
        self._unsettled: list[ref[Decision]] = []
        self._lock = RLock()

    @property
    def ledger(self) -> Ledger:
        """Where the events are kept."""
        return self._shelves.ledger

    # -- asking -------------------------------------------------------------------------------

    def evaluate(
        self,
        touch: Touch | Mapping[str, Any],
        *,
        contact: Contact | Mapping[str, Any] | None = None,
    ) -> Decision:
        """May this touch be made? Changes nothing.

        `contact` gives facts with the call: they replace what the ledger says of the contact. A
        ledger that cannot answer is a deny (CG902). Raises EventError for a touch that is wrong.
        """
        asked = self._planned(touch)
        facts = _facts(contact, asked)
        try:
            with self._lock:
                shelf, booking = self._shelves.look(asked, facts)
                if _standing(booking):
                    return _twice(asked, "this id is booked already; reserve it with resume=True")
                return self._judge(shelf.book, asked, facts)
        except LedgerUnavailable as error:
            return _down(asked, error)

    def calendar(
        self,
        touch: Touch | Mapping[str, Any],
        start: datetime,
        end: datetime,
        *,
        contact: Contact | Mapping[str, Any] | None = None,
    ) -> tuple[Stretch, ...]:
        """When this touch may be made: stretches that cover [start, end), each free or not.

        Raises ValueError for naive instants, EventError, LedgerUnavailable.
        """
        start, end = parse_instant(start), parse_instant(end)
        if end < start:
            raise ValueError(f"the calendar would end at {end}, before its start at {start}")
        asked = self._planned(touch).model_copy(update={"at": start})
        facts = _facts(contact, asked)
        with self._lock:
            case = self._shelves.look(asked, facts)[0].book.case(asked, to_us(start), facts)
            return engine.calendar(self.ruleset, case, to_us(start), to_us(end))

    # -- booking ------------------------------------------------------------------------------

    def reserve(
        self,
        touch: Touch | Mapping[str, Any],
        *,
        contact: Contact | Mapping[str, Any] | None = None,
        resume: bool = False,
    ) -> Reservation:
        """Judges a touch and books it, in one step; use it in `with` or `async with`.

        The touch needs an `id`, which is booked once. `resume` says "booked, and I know it was not
        sent": it is judged anew without counting itself, and a refusal frees its slot. Raises
        Refused on a defer as on a deny, also when the ledger is down or others were faster again
        and again (CG902); EventError for a touch that is wrong.
        """
        asked = self._planned(touch)
        if asked.id is None:
            raise EventError("touch: 'id' is missing; a reservation is known by its touch's id")
        facts = _facts(contact, asked)
        seen: int | None = None
        try:
            for _ in range(TRIES):
                with self._lock:
                    shelf, booking = self._shelves.look(asked, facts)
                    revision = booking.revisions[f"touch:{asked.id}"]
                    if resume and seen not in (None, revision):
                        raise Refused(_twice(asked, "somebody else has resumed this booking"))
                    seen = revision
                    try:
                        todo, decision = self._plan(shelf.book, booking, asked, facts, resume)
                    finally:
                        if booking.events:  # the book was told of a release that may not come about
                            self._shelves.clear()
                try:
                    if todo:
                        self._shelves.append(todo, {**shelf.page.revisions, **booking.revisions})
                except Conflict:
                    continue
                if not decision:
                    raise Refused(decision)
                return Reservation(self, asked, decision)
        except LedgerUnavailable as error:
            raise Refused(_down(asked, error)) from error
        raise Refused(_down(asked, Conflict(f"others were faster {TRIES} times")))

    @asynccontextmanager
    async def areserve(
        self,
        touch: Touch | Mapping[str, Any],
        *,
        contact: Contact | Mapping[str, Any] | None = None,
        resume: bool = False,
    ) -> AsyncIterator[Reservation]:
        """`reserve` for an event loop: the ledger is asked in a thread. `async with` only."""
        import asyncio

        booking = asyncio.ensure_future(
            in_thread(self.reserve, touch, contact=contact, resume=resume)
        )
        try:
            reservation = await asyncio.shield(booking)
        except asyncio.CancelledError:
            with suppress(Refused):  # what nobody holds any more is not to stay booked
                await (await booking).arelease()
            raise
        async with reservation:
            yield reservation

    def _plan(
        self, book: Book, booking: Page, asked: Touch, facts: Contact | None, resume: bool
    ) -> tuple[list[Filed], Decision]:
        """What a reservation appends, and the decision it follows from."""
        assert asked.id is not None  # checked before
        filed = Filed(asked, book.streams(asked, facts))
        last = _standing(booking)
        if last is None:
            decision = self._judge(book, asked, facts)
            return ([filed] if decision else []), decision
        if not resume:
            return [], _twice(asked, "this id is booked already")
        if last.outcome not in (None, "unknown", "failed"):
            return [], _twice(asked, f"this touch was made already: {last.outcome}")
        same = {"at": None, "outcome": None}
        if last.model_copy(update=same) != asked.model_copy(update=same):
            raise EventError(f"touch {asked.id!r} was booked with other content")
        self._settle()
        book.release(asked.id)
        release = Filed(
            Release(touch=asked.id, contact=asked.contact, at=parse_instant(self._clock())),
            booking.events[-1].streams,
        )
        decision = self._judge(book, asked, facts)
        return ([release, filed] if decision else [release]), decision

    def _release(self, id_: str, touch: Touch | None = None, contact: str | None = None) -> None:
        """Takes a booking back, if it stands; that of this very touch or contact, if one is
        given."""

        def taken_back(last: Touch) -> Event:
            if contact not in (None, last.contact):
                raise EventError(f"touch {id_!r} is one to another contact")
            if last.outcome not in (None, "unknown", "failed"):
                raise EventError(f"touch {id_!r} was made already: {last.outcome}")
            if touch not in (None, last.model_copy(update={"outcome": None})):
                raise EventError(f"touch {id_!r} was booked anew by somebody else")
            return Release(touch=id_, contact=last.contact, at=parse_instant(self._clock()))

        self._close(id_, taken_back)

    def _leave(self, touch: Touch) -> None:
        """Says that nobody knows what became of a booking, if it stands as it was made."""

        def left(last: Touch) -> Event | None:
            return last.model_copy(update={"outcome": "unknown"}) if last == touch else None

        assert touch.id is not None  # a reservation has one
        self._close(touch.id, left)

    def _close(self, id_: str, told: Callable[[Touch], Event | None]) -> None:
        """Appends what is `told` of the last touch of an id, if one stands."""
        for _ in range(TRIES):
            booking = self._shelves.booking(id_)
            last = _standing(booking)
            event = told(last) if last is not None else None
            if event is None:
                return
            try:
                self._shelves.append([Filed(event, booking.events[-1].streams)], booking.revisions)
            except Conflict:
                continue
            return
        raise LedgerUnavailable(f"others were faster {TRIES} times")

    # -- being told ---------------------------------------------------------------------------

    def record(self, event: Event | Mapping[str, Any]) -> None:
        """Takes in a fact. The same event told twice is one; a touch's outcome may be told later.

        Raises EventError for an event that is wrong, contradicts an earlier one of its id, or is a
        touch without outcome (that is what `reserve` books); LedgerUnavailable.
        """
        told = self._fact(event)
        if isinstance(told, Forget):
            self.forget(told.contact)
            return
        if isinstance(told, Release):
            self._release(told.touch, contact=told.contact)
            return
        for _ in range(TRIES):
            with self._lock:
                filed, expect = self._file(told)
            if filed is None:
                return
            try:
                self._shelves.append([filed], expect)
            except Conflict:
                continue
            return
        raise LedgerUnavailable(f"others were faster {TRIES} times")

    def verify(self, event: Event | Mapping[str, Any]) -> None:
        """Raises the EventError that `record` would raise for a fact that is wrong, or a touch that
        contradicts what was recorded under its id. Records nothing. LedgerUnavailable."""
        told = self._fact(event)
        if isinstance(told, Touch) and told.id:
            with self._lock:
                self._file(told)

    def _fact(self, event: Event | Mapping[str, Any]) -> Event:
        """What is told, with an instant: now, if nobody said."""
        told = parse_event(event)
        if isinstance(told, Touch) and told.outcome is None:
            raise EventError(
                "touch: 'outcome' is missing; a planned touch is booked with reserve, and"
                " record takes what happened"
            )
        if told.at is None:
            told = told.model_copy(update={"at": parse_instant(self._clock())})
        return told

    def _file(self, told: Event) -> tuple[Filed | None, dict[str, int]]:
        """Where an event is to be filed, and the revisions it follows from; None if it is known."""
        if isinstance(told, Suppress):
            whose = told.contact  # their country may be that of the number
            book = self._shelves.full(whose).book if whose else self._shelves.book()
            return Filed(told, book.streams(told)), {}
        if isinstance(told, Touch) and told.id:
            booking = self._shelves.booking(told.id)
            if _standing(booking):
                book = self._shelves.book(booking)
                past = book.check(told)
                if past is not None and not book.is_news(past, told.outcome):
                    return None, {}
                return Filed(told, booking.events[-1].streams), booking.revisions
        else:
            booking = NO_PAGE
        shelf = self._shelves.full(told.contact)
        return (
            Filed(told, shelf.book.streams(told)),
            {**shelf.page.revisions, **booking.revisions},
        )

    def forget(self, contact: str) -> None:
        """Erases a contact: every event of theirs, and their points on suppression lists.

        Kept are keyed hashes of the id and the points with the scope of each no, and for the
        account's caps the instants and channels of touches without the person. Who is imported
        again meets them. Raises EventError for what is no id of a contact, LedgerUnavailable.
        """
        parse_event({"event": "forget", "contact": contact})
        for _ in range(TRIES):
            with self._lock:
                shelf = self._shelves.full(contact)
                kept = [Filed(*pair) for pair in shelf.book.residue(contact, token_hex(8))]
                kept.append(self._shelves.mark())
                expect = {
                    **shelf.page.revisions,
                    **self._shelves.history([KEY_STREAM]).revisions,
                }
                points = {point for filed in shelf.page.events for point in filed.streams.points}
                points.update(shelf.book.people[contact].view.points)
                names = {name for point in points for name in written(point)}
                also = self._listed(sorted(n for n in names if not n.startswith(HASHED)))
                for filed in also:
                    for mark in map(self._shelves.hash, sorted(filed.streams.points)):
                        hashed = filed.event.model_copy(update={"point": mark, "note": None})
                        kept.append(Filed(hashed, Streams(None, None, frozenset((mark,)))))
            try:
                with guarded():
                    self.ledger.forget(f"contact:{contact}", kept, expect, also)
            except Conflict:
                continue
            finally:
                with self._lock:
                    self._shelves.clear()
            return
        raise LedgerUnavailable(f"others were faster {TRIES} times")

    def _listed(self, points: Iterable[str]) -> list[Filed]:
        """The suppressions that name one of these points and no contact."""
        page = self._shelves.history([f"point:{point}" for point in points])
        return [
            filed
            for filed in page.events
            if isinstance(filed.event, Suppress) and filed.event.contact is None
        ]

    def prune(self, before: datetime) -> int:
        """Lets go of touches before an instant at least 400 days back, and says how many.

        A touch that carries a no stays.

        Raises ValueError for a later or naive instant, LedgerUnavailable.
        """
        kept = max(KEPT_DAYS * DAY, self.ruleset.looks_back)
        limit = to_us(parse_instant(self._clock())) - kept
        earliest = to_us(parse_instant(before))
        if earliest > limit:
            raise ValueError(
                f"touches are kept for {-(-kept // DAY)} days; prune before {to_datetime(limit)}"
            )
        with guarded():
            return self.ledger.prune(earliest)

    # -- reading ------------------------------------------------------------------------------

    def _planned(self, touch: Touch | Mapping[str, Any]) -> Touch:
        """The touch to be judged: with an instant, and without an outcome."""
        asked = touch if isinstance(touch, Touch) else _touch(touch)
        if asked.outcome is not None:
            raise EventError("touch: 'outcome' is given; what has happened is told with record")
        if asked.at is None:
            asked = asked.model_copy(update={"at": parse_instant(self._clock())})
        return asked

    def _judge(self, book: Book, touch: Touch, facts: Contact | None) -> Decision:
        assert touch.at is not None  # now, if nobody said
        decision = engine.decide(self.ruleset, book.case(touch, to_us(touch.at), facts))
        for failure in decision.failures:
            log().error("rule_failed", touch=touch.id, reason=failure)
        if decision.guarded_by(self._lock):
            if len(self._unsettled) > _UNSETTLED:
                self._settle()
            self._unsettled.append(ref(decision))
        return decision

    def _settle(self) -> None:
        """Makes the reasons of all decisions still held, before what they speak of moves on."""
        for known in self._unsettled:
            if (decision := known()) is not None:
                decision.settle()
        self._unsettled.clear()


def _now() -> datetime:
    return datetime.now(UTC)


def _touch(touch: Mapping[str, Any]) -> Touch:
    if not isinstance(touch, Mapping):
        raise EventError(f"expected a touch or a dict, not {type(touch).__name__}")
    try:
        return Touch.model_validate(touch)
    except ValidationError:
        event = parse_event({"event": "touch", **touch})  # which says what is wrong, and where
    raise EventError(f"expected a touch, not a {event.event}")


def _facts(contact: Contact | Mapping[str, Any] | None, asked: Touch) -> Contact | None:
    if contact is None:
        return None
    given: object = contact
    if isinstance(contact, Mapping):
        given = parse_event({"event": "contact", **contact})
    if not isinstance(given, Contact):
        raise EventError(f"expected a contact or a dict, not {type(given).__name__}")
    if given.contact != asked.contact:
        raise EventError(f"facts of {given.contact!r} for a touch to {asked.contact!r}")
    return given


def _standing(booking: Page) -> Touch | None:
    """The touch booked or made under an id; None if there is none, or it was released."""
    last = booking.events[-1].event if booking.events else None
    return last if isinstance(last, Touch) else None


def _down(touch: Touch, error: Exception) -> Decision:
    log().warning("ledger_down", touch=touch.id, error=str(error))
    message = f"the ledger cannot answer, so nothing may be sent: {error}"
    return _deny(touch, Finding("CG902", "ledger-down", "block", message))


def _twice(touch: Touch, message: str) -> Decision:
    return _deny(touch, Finding("CG305", "repeated-message", "block", message))


def _deny(touch: Touch, finding: Finding) -> Decision:
    assert touch.at is not None  # now, if nobody said
    return Decision(
        verdict=Verdict.DENY,
        at=touch.at,
        touch=touch.id,
        contact=touch.contact,
        findings=(finding,),
    )
