"""The guard: the only object that reads, decides, reserves and records."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from secrets import token_hex
from threading import RLock
from types import NoneType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet, ref

from pydantic import BaseModel, ValidationError

from cadence_guard import engine
from cadence_guard._log import log
from cadence_guard.book import Book
from cadence_guard.contact import Contact, Forget, Suppress
from cadence_guard.decision import Decision, Finding, Stretch, Verdict
from cadence_guard.errors import (
    CadenceGuardError,
    Conflict,
    EventError,
    LedgerUnavailable,
    Refused,
)
from cadence_guard.events import Event, parse_event
from cadence_guard.filing import Filing, booked_anew, standing, taken_back, turn_of
from cadence_guard.history import Streams
from cadence_guard.instants import DAY, parse_instant, to_datetime, to_us
from cadence_guard.ledgers import Filed, Ledger, Page, open_ledger
from cadence_guard.naming import is_at
from cadence_guard.points import HASHED, written
from cadence_guard.policy import Policy
from cadence_guard.reservation import Reservation, in_thread
from cadence_guard.ruleset import Ruleset
from cadence_guard.shelves import KEY_STREAM, Shelves, guarded
from cadence_guard.touch import NOT_MADE, Release, Touch, differing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TRIES: Final = 200
"""How often somebody else may be faster before a reservation is refused."""
KEPT_DAYS: Final = 400
"""How far back a ledger keeps touches at least."""
AT_ONCE: Final = 1000
"""How many facts `record_all` writes in one step."""
_UNSETTLED: Final = 1024


class Guard:
    """Judges touches by a policy, and books them in a ledger.

    `policy`: a Policy or its data, else the pack `humane`. `ledger`: a URL
    (`sqlite:///outreach.db`), an object that keeps the `Ledger` contract, else memory. `clock`:
    gives the aware datetime that "now" means. `key`: the secret of the hashes under which the noes
    of forgotten people are kept; without one the ledger makes and keeps a random one, which
    protects a copied hash list but not a copied ledger.

    Safe to share between threads; processes share a ledger. Raises PolicyError, TypeError for what
    is no ledger or no key, and ValueError or LedgerUnavailable for a ledger that cannot be opened.
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
        if not isinstance(key, (str, bytes, NoneType)):
            raise TypeError(f"a key is str or bytes, not {type(key).__name__}")
        if key is not None and not key:
            raise ValueError("an empty key protects nothing; leave it out, or give a secret")
        if ledger is None:
            ledger = "memory://"
        if isinstance(ledger, str):
            ledger = open_ledger(ledger)
        elif not hasattr(ledger, "history"):
            kind = type(ledger).__name__
            raise TypeError(
                f"a {kind} is no ledger; expected 'sqlite:///outreach.db', or a Ledger of your own"
            )
        answers = self.ruleset.answers
        within = answers.within if answers else 0  # what is counted may answer something earlier
        by_account = self.ruleset.looks_back_by_account
        self._shelves = Shelves(
            ledger,
            key.encode() if isinstance(key, str) else key,
            self.ruleset.looks_back + within,
            None if by_account is None else by_account + within,
            self.ruleset.by_point,
            self._settle,
        )
        self._unsettled: list[ref[Decision]] = []
        self._lock = RLock()
        _guards.add(self)

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
                known = self._shelves.look(asked, facts)
                if standing(known.booking):
                    return _twice(asked, "this id is booked already; reserve it with resume=True")
                return self._judge(known.book, asked, facts)
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
            case = self._shelves.look(asked, facts).book.case(asked, to_us(start), facts)
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
                    book, revisions, booking = self._shelves.look(asked, facts)
                    revision = booking.revisions[f"touch:{asked.id}"]
                    if resume and seen not in (None, revision):
                        raise Refused(_twice(asked, "somebody else has resumed this booking"))
                    seen = revision
                    try:
                        todo, decision = self._plan(book, booking, asked, facts, resume)
                    finally:
                        if booking.events:  # the book was told of a release that may not come about
                            self._shelves.clear()
                try:
                    if todo:
                        self._shelves.append(todo, {**revisions, **booking.revisions})
                except Conflict:
                    continue
                if not decision:
                    raise Refused(decision)
                turn = turn_of([*booking.events, *todo], asked.contact)
                return Reservation(self, asked, decision, turn)
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
            with suppress(CadenceGuardError):  # what nobody holds any more is not to stay booked
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
        last = standing(booking)
        if last is None:
            decision = self._judge(book, asked, facts)
            return ([filed] if decision else []), decision
        if not resume:
            return [], _twice(asked, "this id is booked already")
        if last.outcome not in NOT_MADE:
            return [], _twice(asked, f"this touch was made already: {last.outcome}")
        point = next(iter(booking.events[-1].streams.points), None)
        other = differing(_sent(last), _sent(asked))
        if not is_at(point, book.names(asked, facts)):
            other.append("to")
        if other:
            raise EventError(
                f"touch {asked.id!r} was booked with other content: {', '.join(other)};"
                " resumed, only its 'at' may change"
            )
        self._settle()
        book.take_back(asked.id)
        release = Filed(
            Release(touch=asked.id, contact=asked.contact, at=parse_instant(self._clock())),
            booking.events[-1].streams,
        )
        decision = self._judge(book, asked, facts)
        return ([release, filed] if decision else [release]), decision

    def _confirm(self, touch: Touch, turn: int) -> None:
        """Records what became of a booking; what was made counts, whoever has booked it since."""
        self._tell([self._fact(touch)], turn=turn if touch.outcome == "failed" else None)

    def _release(self, touch: Touch, turn: int) -> None:
        """Takes a booking back, if it stands."""

        def told(last: Touch, is_theirs: bool) -> Event:
            release = taken_back(last, parse_instant(self._clock()))
            if not is_theirs:
                raise booked_anew(touch.id)
            return release

        self._close(touch, turn, told)

    def _leave(self, touch: Touch, turn: int) -> None:
        """Says that nobody knows what became of a booking, if it stands as it was made."""

        def left(last: Touch, is_theirs: bool) -> Event | None:
            as_made = is_theirs and last == touch
            return last.model_copy(update={"outcome": "unknown"}) if as_made else None

        self._close(touch, turn, left)

    def _close(self, touch: Touch, turn: int, told: Callable[[Touch, bool], Event | None]) -> None:
        """Appends what is `told` of the last touch of that id and of whether it is the one that was
        booked in that turn, if one stands."""
        assert touch.id is not None  # a reservation has one
        for _ in range(TRIES):
            booking = self._shelves.booking(touch.id)
            last = standing(booking)
            if last is None:
                return
            in_turn = turn_of(booking.events, touch.contact) == turn
            event = told(last, in_turn and _sent(touch) == _sent(last))
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
        else:
            self._tell([told])

    def record_all(self, events: Iterable[Event | Mapping[str, Any]]) -> None:
        """Takes in many facts as `record` would, one after the other, in far fewer transactions.

        `events` is read lazily. A thousand at a time are written as a whole or not at all; a
        `forget` among them stands by itself. Raises EventError with the number of the event,
        counted from 1, and whatever `events` raises: all events before that one are recorded then,
        and none from it on. After LedgerUnavailable, which `record` raises too, some of the first
        are recorded; tell all of them again, for the same event told twice is one.
        """
        if isinstance(events, (str, bytes, os.PathLike, Mapping, BaseModel)):
            raise EventError(
                "expected an iterable of events; parse_events makes one of a path or of JSON lines,"
                " and a single event is told with record"
            )
        done = 0
        waiting: list[Event] = []

        def flush() -> None:
            nonlocal done, waiting
            told, waiting = waiting, []
            self._tell(told, done)
            done += len(told)

        try:
            for event in events:
                try:
                    told = self._fact(event)
                except EventError as error:
                    raise EventError(f"event {done + len(waiting) + 1}: {error}") from error
                if isinstance(told, Forget):
                    flush()
                    self.forget(told.contact)
                    done += 1
                    continue
                waiting.append(told)
                if len(waiting) == AT_ONCE:
                    flush()
        finally:
            flush()

    def verify(self, event: Event | Mapping[str, Any]) -> None:
        """Raises the EventError that `record` would raise for a fact that is wrong, or a touch or a
        release that contradicts what was recorded under its id. Records nothing.
        LedgerUnavailable."""
        told = self._fact(event)
        if isinstance(told, (Touch, Release)):
            with self._lock:
                Filing(self._shelves, parse_instant(self._clock())).verify(told)

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

    def _tell(
        self, told: Sequence[Event], before: int | None = None, turn: int | None = None
    ) -> None:
        """Appends facts in one step: all of them, or those before the first that is wrong, whose
        EventError is raised then. `before` is how many were told before, for its number; `turn`
        the booking that a touch must be, if nobody but its holder may tell it."""
        for _ in range(TRIES):
            filing = Filing(self._shelves, parse_instant(self._clock()), turn)
            wrong = None
            with self._lock:
                for place, event in enumerate(told):
                    try:
                        filing.add(event)
                    except EventError as error:
                        text = (
                            str(error) if before is None else f"event {before + place + 1}: {error}"
                        )
                        wrong = EventError(text)
                        break
            try:
                if filing.events:
                    self._shelves.append(filing.events, filing.expect)
            except Conflict:
                if len(told) > 1:  # the fewer, the sooner nobody is faster
                    half = len(told) // 2
                    self._tell(told[:half], before)
                    self._tell(told[half:], None if before is None else before + half)
                    return
                continue
            if wrong is None:
                return
            raise wrong
        raise LedgerUnavailable(f"others were faster {TRIES} times")

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
                page = self._shelves.history(shelf.keys)
                points = {point for filed in page.events for point in filed.streams.points}
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

        A touch that carries a no stays; and so do, for the time of the policy's `answers`, those
        just before the limit, for they tell whether a later one was an answer.

        Raises ValueError for a later or naive instant, LedgerUnavailable.
        """
        kept = max(KEPT_DAYS * DAY, self.ruleset.looks_back)
        limit = to_us(parse_instant(self._clock())) - kept
        earliest = to_us(parse_instant(before))
        if earliest > limit:
            raise ValueError(
                f"touches are kept for {-(-kept // DAY)} days; prune before {to_datetime(limit)}"
            )
        answers = self.ruleset.answers
        with guarded():
            return self.ledger.prune(min(earliest, limit - (answers.within if answers else 0)))

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


_guards: Final[WeakSet[Guard]] = WeakSet()


def _after_fork() -> None:
    """A child has no thread that would let go of a lock, or finish a book."""
    for guard in list(_guards):
        guard._lock = RLock()
        guard._shelves.clear()
        for known in guard._unsettled:
            if (decision := known()) is not None:
                decision.guarded_by(guard._lock)


if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_after_fork)


def _now() -> datetime:
    return datetime.now(UTC)


def _touch(touch: Mapping[str, Any]) -> Touch:
    try:
        return Touch.model_validate(touch)
    except ValidationError:
        if not isinstance(touch, Mapping):
            raise EventError(f"expected a touch or a dict, not {type(touch).__name__}") from None
    event = parse_event({"event": "touch", **touch})  # which says what is wrong, and where
    if isinstance(event, Touch):  # told by a mapping that is no dict
        return event
    raise EventError(f"expected a touch, not a {event.event}")


def _sent(touch: Touch) -> Touch:
    """What is sent and to whom, but for when and to which of their points."""
    return touch.model_copy(update={"at": None, "to": None, "outcome": None})


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
