"""The guard: the only object that reads, decides, reserves and records."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from secrets import token_hex
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar
from weakref import ref

from pydantic import ValidationError

from cadence_guard import engine, words
from cadence_guard._log import log
from cadence_guard.book import Book, point_of
from cadence_guard.contact import Contact, Forget, Signal, Suppress
from cadence_guard.decision import Decision, Finding, Stretch, Verdict
from cadence_guard.errors import Conflict, EventError, LedgerUnavailable, Refused
from cadence_guard.events import Event, parse_event
from cadence_guard.history import Streams
from cadence_guard.instants import DAY, FIRST, parse_instant, to_datetime, to_us
from cadence_guard.ledgers import Filed, Ledger, Page, open_ledger
from cadence_guard.points import HASHED
from cadence_guard.policy import Policy
from cadence_guard.ruleset import Ruleset
from cadence_guard.touch import Release, Touch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TRIES: Final = 200
"""How often somebody else may be faster before a reservation is refused."""
KEPT_DAYS: Final = 400
"""How far back a ledger keeps touches at least."""
_SHELVES: Final = 4096
_UNSETTLED: Final = 1024
_MONTH: Final = 30 * DAY
_KEY: Final = HASHED + "mark"
_KEY_STREAM: Final = f"contact:{_KEY}"
"""The stream that holds the mark of the key."""
_NO_PAGE: Final = Page([], {}, 0)
_Result = TypeVar("_Result")


class _Shelf(NamedTuple):
    """What has been read of some streams, and how far. `account` is the one whose stream is in."""

    keys: tuple[str, ...]
    account: str | None
    since: int
    page: Page
    book: Book


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
        self.ledger: Ledger = (
            open_ledger("memory://" if ledger is None else ledger)
            if ledger is None or isinstance(ledger, str)
            else ledger
        )
        self._clock = clock or _now
        if key is not None and not key:
            raise ValueError("an empty key protects nothing; leave it out, or give a secret")
        self._key = key.encode() if isinstance(key, str) else key
        self._proven: bytes | None = None
        self._hash = lru_cache(maxsize=65_536)(self._make_hash)
        self._shelves: dict[tuple[str, str | None, str | None], _Shelf] = {}
        self._unsettled: list[ref[Decision]] = []
        self._lock = RLock()

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
                shelf, booking = self._look(asked, facts)
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
            case = self._look(asked, facts)[0].book.case(asked, to_us(start), facts)
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
                    shelf, booking = self._look(asked, facts)
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
                        self._append(todo, {**shelf.page.revisions, **booking.revisions})
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
            _in_thread(self.reserve, touch, contact=contact, resume=resume)
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

    def _release(self, id_: str, touch: Touch | None = None) -> None:
        """Takes a booking back, if it stands; that of this very touch, if one is given."""

        def taken_back(last: Touch) -> Event:
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
            booking = self._booking(id_)
            last = _standing(booking)
            event = told(last) if last is not None else None
            if event is None:
                return
            try:
                self._append([Filed(event, booking.events[-1].streams)], booking.revisions)
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
        told = parse_event(event)
        if told.at is None:
            told = told.model_copy(update={"at": parse_instant(self._clock())})
        if isinstance(told, Forget):
            self.forget(told.contact)
            return
        if isinstance(told, Release):
            self._release(told.touch)
            return
        if isinstance(told, Touch) and told.outcome is None:
            raise EventError(
                "touch: 'outcome' is missing; a planned touch is booked with reserve, and"
                " record takes what happened"
            )
        for _ in range(TRIES):
            with self._lock:
                filed, expect = self._file(told)
            if filed is None:
                return
            try:
                self._append([filed], expect)
            except Conflict:
                continue
            return
        raise LedgerUnavailable(f"others were faster {TRIES} times")

    def _file(self, told: Event) -> tuple[Filed | None, dict[str, int]]:
        """Where an event is to be filed, and the revisions it follows from; None if it is known."""
        if isinstance(told, Suppress):
            return Filed(told, self._book().streams(told)), {}
        if isinstance(told, Touch) and told.id:
            booking = self._booking(told.id)
            if _standing(booking):
                book = self._fold(self._book(), booking)
                past = book.check(told)
                if past is not None and past.form.outcome == told.outcome:
                    return None, {}
                return Filed(told, booking.events[-1].streams), booking.revisions
        else:
            booking = _NO_PAGE
        shelf = self._full_shelf(told.contact)
        return (
            Filed(told, shelf.book.streams(told)),
            {**shelf.page.revisions, **booking.revisions},
        )

    def forget(self, contact: str) -> None:
        """Erases a contact: every event of theirs, and their points on suppression lists.

        Kept are keyed hashes of the id and the points with the scope of each no, and for the
        account's caps the instants and channels of touches without the person. Who is imported
        again meets them. Raises LedgerUnavailable.
        """
        for _ in range(TRIES):
            with self._lock:
                shelf = self._full_shelf(contact)
                kept = [Filed(*pair) for pair in shelf.book.residue(contact, token_hex(8))]
                self._proven = self._prove_key()
                kept.append(_mark(self._proven))
                expect = {
                    **shelf.page.revisions,
                    **self._history([_KEY_STREAM]).revisions,
                }
                points = {point for filed in shelf.page.events for point in filed.streams.points}
                points.update(shelf.book.people[contact].view.points)
                also = self._listed(sorted(p for p in points if not p.startswith(HASHED)))
                for filed in also:
                    mark = frozenset(self._hash(point) for point in filed.streams.points)
                    hashed = filed.event.model_copy(
                        update={"point": next(iter(mark)), "note": None}
                    )
                    kept.append(Filed(hashed, Streams(None, None, mark)))
            try:
                with _guarded():
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
        page = self._history([f"point:{point}" for point in points])
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
        limit = to_us(parse_instant(self._clock())) - max(KEPT_DAYS * DAY, self.ruleset.looks_back)
        earliest = to_us(parse_instant(before))
        if earliest > limit:
            raise ValueError(
                f"touches are kept for {KEPT_DAYS} days; prune before {to_datetime(limit)}"
            )
        with _guarded():
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

    def _booking(self, touch: str) -> Page:
        """What is known under the id of a touch, whoever the contact."""
        return self._history([f"touch:{touch}"])

    def _look(self, touch: Touch, facts: Contact | None) -> tuple[_Shelf, Page]:
        """All that can matter for a touch, and what is known under its id; read up to now."""
        assert touch.at is not None  # now, if nobody said
        account = facts.account if facts is not None else None
        answers = self.ruleset.answers  # what is counted may be an answer to something earlier
        need = to_us(touch.at) - self.ruleset.looks_back - (answers.within if answers else 0)
        if touch.id is None:
            return self._read(touch.contact, point_of(touch), account, need)[0], _NO_PAGE
        key = f"touch:{touch.id}"
        shelf, is_new = self._read(touch.contact, point_of(touch), account, need, key)
        return shelf, Page([], {key: 0}, 0) if is_new else self._booking(touch.id)

    def _full_shelf(self, contact: str) -> _Shelf:
        """All that is known of a contact."""
        return self._read(contact, None, "", FIRST)[0]

    def _read(
        self, contact: str, point: str | None, account: str | None, need: int, beside: str = ""
    ) -> tuple[_Shelf, bool]:
        """The events of these streams, and whether nothing is filed `beside` them, under that key.
        `account` is the one given, None for the contact's own, and "" for none at all."""
        name = (contact, point, account)
        shelf = self._shelves.get(name)
        if shelf is not None and shelf.since <= need:
            after = max(shelf.page.revisions.values())
            page, is_new = self._page(shelf.keys, shelf.since, after, beside)
            if page.epoch == shelf.page.epoch and not _misses(shelf.book, page):
                if page.revisions != shelf.page.revisions:
                    del self._shelves[name]  # a book that was told only half is not kept
                    self._fold(shelf.book, page)
                    events = [*shelf.page.events, *page.events] if account == "" else []
                    shelf = shelf._replace(page=page._replace(events=events))
                    self._shelves[name] = shelf
                if account is not None or self._account(shelf.book, contact) == shelf.account:
                    return shelf, is_new
        since = need if need == FIRST else need // _MONTH * _MONTH
        own = account
        while True:
            keys = self._keys(contact, point, own)
            page, is_new = self._page(keys, None if since == FIRST else since, 0, beside)
            book = self._fold(self._book(), page)
            if account is not None or (found := self._account(book, contact)) == own:
                break
            own = found
        if len(self._shelves) >= _SHELVES:
            self._shelves.clear()
        shelf = self._shelves[name] = _Shelf(keys, own, since, page, book)
        return shelf, is_new

    def _page(
        self, keys: tuple[str, ...], since: int | None, after: int, beside: str
    ) -> tuple[Page, bool]:
        """The events of these streams, and whether nothing is filed `beside` them: mostly so, and
        then one question to the ledger answers both."""
        if beside:
            page = self._history((*keys, beside), since, after)
            if page.revisions.pop(beside) == 0:
                return page, True
        return self._history(keys, since, after), False

    def _keys(self, contact: str, point: str | None, account: str | None) -> tuple[str, ...]:
        keys = [f"contact:{contact}", f"contact:{self._hash(contact)}"]
        if point is not None:
            keys += [f"point:{point}", f"point:{self._hash(point)}"]
        if account:
            keys.append(f"account:{account}")
        return tuple(keys)

    @staticmethod
    def _account(book: Book, contact: str) -> str | None:
        person = book.people.get(contact)
        return person.view.account if person else None

    def _book(self) -> Book:
        return Book(self._hash, by_point=self.ruleset.by_point)

    def _fold(self, book: Book, page: Page) -> Book:
        self._settle()
        for filed in page.events:
            try:
                book.fold(filed.event, filed.streams)
            except EventError as error:
                raise LedgerUnavailable(f"the ledger contradicts itself: {error}") from error
        return book

    def _history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Page:
        try:
            return self.ledger.history(keys, since, after)
        except LedgerUnavailable:
            raise
        except Exception as error:
            raise _unavailable(error) from error

    def _append(self, events: Iterable[Filed], expect: Mapping[str, int]) -> None:
        try:
            self.ledger.append(events, expect)
        except LedgerUnavailable:
            raise
        except Exception as error:
            raise _unavailable(error) from error

    def _make_hash(self, text: str) -> str:
        if self._proven is None:
            self._proven = self._prove_key()
        return _hashed(self._proven, text)

    def _prove_key(self) -> bytes:
        """The key of the hashes, if it is the one the ledger has always had: under another one
        every no of somebody forgotten would be lost in silence."""
        if self._key is None:
            with _guarded():
                key = self.ledger.secret()
        else:
            key = self._key
        marks = self._history([_KEY_STREAM]).events
        if marks and marks[0].event != _mark(key).event:
            raise LedgerUnavailable("what this ledger keeps was hashed with another key")
        return key


class Reservation:
    """A booked touch. Leaving `with` without `confirm` or `release` means: outcome unknown, and it
    counts. No time-out frees the slot; only `release()` and `confirm("failed")` do."""

    def __init__(self, guard: Guard, touch: Touch, decision: Decision) -> None:
        self.touch = touch
        self.decision = decision
        self._guard = guard
        self._closed = False

    def confirm(self, outcome: str = "sent") -> None:
        """Says what became of the touch. Raises EventError for an outcome that cannot follow,
        LedgerUnavailable."""
        if outcome not in words.OUTCOMES:
            raise EventError(words.expected(outcome, words.OUTCOMES, "outcome"))
        self._guard.record(self.touch.model_copy(update={"outcome": outcome}))
        self._closed = True

    def release(self) -> None:
        """Takes the booking back: nothing was sent, and the id may be booked anew.

        Raises EventError if the touch was made already, LedgerUnavailable.
        """
        assert self.touch.id is not None  # a reservation has one
        self._guard._release(self.touch.id, self.touch)
        self._closed = True

    async def aconfirm(self, outcome: str = "sent") -> None:
        """`confirm` in a thread."""
        await _in_thread(self.confirm, outcome)

    async def arelease(self) -> None:
        """`release` in a thread."""
        await _in_thread(self.release)

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._closed:
            return
        try:
            self._guard._leave(self.touch)
        except LedgerUnavailable as down:
            # The booking counts as it stands; what went wrong in the body matters more.
            if error is None:
                raise
            error.add_note(f"cadence_guard: the outcome could not be recorded: {down}")

    async def __aenter__(self) -> Reservation:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await _in_thread(self.__exit__, kind, error, traceback)


def _hashed(key: bytes, text: str) -> str:
    return HASHED + hmac.digest(key, text.encode(), "sha256").hex()


def _mark(key: bytes) -> Filed:
    """What tells whether a key is the one that hashes were made with."""
    told = Suppress(contact=_hashed(key, _KEY), at=to_datetime(0), note="mark of the key")
    return Filed(told, Streams(_KEY, None, frozenset()))


async def _in_thread(call: Callable[..., _Result], *args: Any, **named: Any) -> _Result:
    import asyncio  # half of what importing the guard would cost, for those who await

    return await asyncio.to_thread(call, *args, **named)


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


def _misses(book: Book, page: Page) -> bool:
    """Whether a signal among these events speaks of a touch that was too old to be read before."""
    return any(
        isinstance(filed.event, Signal)
        and filed.event.touch is not None
        and book.booked(filed.event.touch) is None
        for filed in page.events
    )


@contextmanager
def _guarded() -> Iterator[None]:
    """Whatever a ledger raises means that it cannot answer."""
    try:
        yield
    except LedgerUnavailable:
        raise
    except Exception as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(f"{type(error).__name__}: {error}")


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
