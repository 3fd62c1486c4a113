"""What has been read of a ledger, folded into books, and how far.

The guard asks a shelf; a shelf asks the ledger only for what came since it was read. Nothing here
knows a rule or a verdict. Whatever a ledger raises is LedgerUnavailable.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from cadence_guard._model import Model
from cadence_guard.book import Book
from cadence_guard.contact import Contact, Signal, Suppress
from cadence_guard.errors import EventError, LedgerUnavailable
from cadence_guard.history import Streams
from cadence_guard.instants import DAY, FIRST, to_datetime, to_us
from cadence_guard.ledgers import Filed, Ledger, Page
from cadence_guard.naming import point_of
from cadence_guard.points import HASHED, mask_in, written
from cadence_guard.touch import Touch
from cadence_guard.words import CHANNEL_KIND

_KEPT: Final = 4096
_MONTH: Final = 30 * DAY
_KEY: Final = HASHED + "mark"
KEY_STREAM: Final = f"contact:{_KEY}"
"""The stream that holds the mark of the key."""
NO_PAGE: Final = Page([], {}, 0)
_NO_EVENTS: Final = (1 << 63) - 1
"""No event has a number above this one."""


_Name: TypeAlias = tuple[str, str, str | None]
"""("touch", a contact, their point as written), ("contact", one of whom all is wanted, None), or
("account", an account, None)."""


class Shelf(NamedTuple):
    """What has been read of some streams, and how far: those of a contact and of a point under all
    its `names`, or that of an account; and of `others` whom a person touched there: only all that
    is known of them tells whether that was an answer. The events themselves are not kept.

    Where all of a contact is wanted, `told` are the hashes of the events of which there is only
    one, and `ahead` what the book was told before the ledger.
    """

    keys: tuple[str, ...]
    names: frozenset[str]
    others: frozenset[str]
    since: int
    page: Page
    last: int
    book: Book
    told: set[int]
    ahead: list[Filed]

    def tell(self, filed: Filed) -> None:
        """Tells the book what is about to be appended. Should it not come about, the next reading
        finds that out. Raises EventError if it contradicts what was told."""
        self.ahead.append(filed)
        self.book.fold(filed.event, filed.streams)
        if filed.once:
            self.told.add(hash(filed.event))


class Known(NamedTuple):
    """What a touch is judged by: a book, the revisions of the streams it was told, and what there
    is under the id of the touch."""

    book: Book
    revisions: dict[str, int]
    booking: Page


class Shelves:
    """The shelves of one guard. Not safe to share between threads: the guard locks.

    `key` is the secret of the hashes, None for the ledger's own. `looks_back` is how far touches
    are needed (microseconds), `by_account` how far those of an account, None if nobody asks for
    them, and `by_point` whether lines of points are. `moving_on` is called before what was read
    from a book becomes another.
    """

    def __init__(
        self,
        ledger: Ledger,
        key: bytes | None,
        looks_back: int,
        by_account: int | None,
        by_point: bool,
        moving_on: Callable[[], None],
    ) -> None:
        self.ledger = ledger
        self._key = key
        self._looks_back = looks_back
        self._by_account = by_account
        self._by_point = by_point
        self._moving_on = moving_on
        self._proven: bytes | None = None
        self._proven_at: int | None = None
        """The epoch in which that was seen last."""
        self._shelves: dict[_Name, Shelf] = {}
        self.hash: Callable[[str], str] = lru_cache(maxsize=65_536)(self._hash)
        """The keyed hash of a contact id or a point."""

    # -- reading ------------------------------------------------------------------------------

    def look(self, touch: Touch, facts: Contact | None) -> Known:
        """All that can matter for a touch, read up to now. `facts` are those given with the
        call."""
        assert touch.at is not None  # now, if nobody said
        at = to_us(touch.at)
        need, back = at - self._looks_back, at - (self._by_account or 0)
        name = ("touch", touch.contact, point_of(touch))
        many = CHANNEL_KIND[touch.channel] == "phone"  # other points have one name
        names = (lambda book: book.names(touch, facts)) if many else None
        key = "" if touch.id is None else f"touch:{touch.id}"
        shelf, near, revisions, is_new = self._shelves.get(name), None, None, True
        if shelf is not None and (account := self._account(shelf.book, touch.contact, facts)):
            near = self._shelves.get(account)
            if (
                near is not None
                and shelf.since <= need
                and near.since <= back
                and (names is None or shelf.names.issuperset(names(shelf.book)))
            ):
                revisions = self._as_read(shelf, near, key)
        if shelf is None or revisions is None:
            shelf, is_new = self._read(name, need, names, key)
            revisions, near = shelf.page.revisions, None
            if account := self._account(shelf.book, touch.contact, facts):
                near, _ = self._read(account, back)
                revisions = {**near.page.revisions, **revisions}
        book = shelf.book
        if near is not None and not book.leans_on(near.book):
            self._moving_on()
            book.lean_on(near.book)
        if touch.id is None:
            return Known(book, revisions, NO_PAGE)
        booking = Page([], {key: 0}, 0) if is_new else self.booking(touch.id)
        return Known(book, revisions, booking)

    def full(self, contact: str) -> Shelf:
        """All that is known of a contact."""
        return self._read(("contact", contact, None), FIRST)[0]

    def booking(self, touch: str) -> Page:
        """What is known under the id of a touch, whoever the contact."""
        return self.history([f"touch:{touch}"])

    def history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Page:
        """The ledger's own `history`, if it is one."""
        page = self._history(keys, since, after)
        try:
            for event, streams in page.events:
                if not (isinstance(event, Model) and isinstance(streams, Streams)):
                    raise TypeError(f"its history holds a {type(event).__name__}, not an event")
            for key in keys:
                if not isinstance(page.revisions.get(key), int):
                    raise TypeError(f"its revision of {key.partition(':')[0]} is no number")
        except Exception as error:
            raise _unavailable(error) from error
        return page

    def _history(self, keys: Sequence[str], since: int | None, after: int) -> Page:
        """The ledger's own `history`, of which nobody has looked at more than that it is a page."""
        try:  # written out here, where a decision waits for it
            page = self.ledger.history(keys, since, after)
            if not isinstance(page, Page):
                raise TypeError(f"its history is a {type(page).__name__}, not a Page")
        except LedgerUnavailable:
            raise
        except Exception as error:
            raise _unavailable(error) from error
        return page

    def append(self, events: Iterable[Filed], expect: Mapping[str, int]) -> None:
        """The ledger's own `append`. Conflict if a stream has moved on."""
        try:
            self.ledger.append(events, expect)
        except LedgerUnavailable:
            raise
        except Exception as error:
            raise _unavailable(error) from error

    def clear(self) -> None:
        """Forgets what has been read."""
        self._shelves.clear()

    def book(self, page: Page = NO_PAGE) -> Book:
        """A new book, told what a page holds."""
        return _fold(Book(self.hash, by_point=self._by_point), page.events)

    def _read(
        self,
        name: _Name,
        need: int,
        names: Callable[[Book], tuple[str, ...]] | None = None,
        beside: str = "",
    ) -> tuple[Shelf, bool]:
        """What is filed under a name, with all touches from `need` on, and whether nothing is
        filed `beside` it, under that key. `names` tells those of the point, by what a book knows
        of the contact, if there may be others."""
        shelf = self._shelves.get(name)
        if shelf is not None and shelf.since <= need:
            before, ahead = shelf.page, shelf.ahead
            page, is_new = self._page(shelf.keys, shelf.since, shelf.last, beside)
            if (
                page.epoch == before.epoch
                and not (ahead and page.events[: len(ahead)] != ahead)
                and not (page.events and shelf.since > FIRST and _misses(shelf.book, page))
            ):
                if page.revisions != before.revisions:
                    del self._shelves[name]  # a book that was told only half is not kept
                    self._moving_on()
                    _fold(shelf.book, page.events[len(ahead) :])
                    shelf = self._shelves[name] = _read_on(name, shelf, page)
                if (names is None or shelf.names.issuperset(names(shelf.book))) and (
                    page.revisions == before.revisions
                    or shelf.others.issuperset(self._others(name, shelf.book, shelf.names))
                ):
                    return shelf, is_new
        since = need if need == FIRST else need // _MONTH * _MONTH
        known = frozenset(written(name[2]) if name[2] else ())
        others: frozenset[str] = frozenset()
        while True:
            keys = self._keys(name, known, others)
            page, is_new = self._page(keys, None if since == FIRST else since, 0, beside)
            if page.epoch != self._proven_at:  # somebody may have been forgotten under another key
                self._prove()
                self._proven_at = page.epoch
            book = self.book(page)
            called = names(book) if names else ()
            met = self._others(name, book, known)
            if known.issuperset(called) and others.issuperset(met):
                break
            known, others = known.union(called), others.union(met)
        if len(self._shelves) >= _KEPT:
            self._shelves.clear()
        told = _hashes(page.events) if name[0] == "contact" else set()
        last = max(page.revisions.values())
        if page.events:
            page = page._replace(events=[])
        shelf = self._shelves[name] = Shelf(keys, known, others, since, page, last, book, told, [])
        return shelf, is_new

    def _as_read(self, shelf: Shelf, near: Shelf, beside: str) -> dict[str, int] | None:
        """The revisions of the streams of two shelves, if nothing was filed there since, nor
        `beside` them: mostly so, and then one question to the ledger answers all."""
        one, other = shelf.page.revisions, near.page.revisions
        known = {**one, **other}
        if len(known) < len(one) + len(other) and not one.items() <= known.items():
            return None  # a stream that both have was read further for one of them
        if beside:
            known[beside] = 0
        page = self._history([*known], shelf.since, _NO_EVENTS)
        if page.revisions == known and page.epoch == shelf.page.epoch == near.page.epoch:
            return known
        return None

    def _account(self, book: Book, contact: str, facts: Contact | None) -> _Name | None:
        """The account that a contact has now, if its touches are asked for."""
        if self._by_account is None:
            return None
        person = book.people.get(contact)
        account = (facts and facts.account) or (person and person.account)
        return ("account", account, None) if account else None

    def _page(
        self, keys: tuple[str, ...], since: int | None, after: int, beside: str
    ) -> tuple[Page, bool]:
        """The events of these streams, and whether nothing is filed `beside` them: mostly so, and
        then one question to the ledger answers both."""
        if beside:
            page = self.history((*keys, beside), since, after)
            if page.revisions.pop(beside) == 0:
                return page, True
        return self.history(keys, since, after), False

    def _others(self, name: _Name, book: Book, points: Iterable[str]) -> frozenset[str]:
        """Whom else a person touched at the points or in the account, if that is asked for."""
        kind, who, _ = name
        if kind == "account":
            return frozenset(book.account_line(who).touched_by_hand())
        return book.answered_at(points) - {who} if self._by_point else frozenset()

    def _keys(self, name: _Name, points: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
        kind, who, _ = name
        contacts, keys = sorted(others), []
        if kind == "account":
            keys.append(f"account:{who}")
        else:
            contacts.insert(0, who)
        for contact in contacts:
            keys += [f"contact:{contact}", f"contact:{self.hash(contact)}"]
        for point in points:
            keys += [f"point:{point}", f"point:{self.hash(point)}"]
        return tuple(keys)

    # -- the key of the hashes ----------------------------------------------------------------

    def _hash(self, text: str) -> str:
        return _hashed(self._proven or self._prove(), text)

    def _prove(self) -> bytes:
        """The key of the hashes, if it is the one the ledger has always had: under another one
        every no of somebody forgotten would be lost in silence."""
        if self._key is None:
            with guarded():
                key = self.ledger.secret()
                if not isinstance(key, bytes) or not key:
                    raise TypeError(f"its secret is a {type(key).__name__}, not bytes")
        else:
            key = self._key
        marks = self.history([KEY_STREAM]).events
        if marks and marks[0].event != _mark(key).event:
            raise LedgerUnavailable("what this ledger keeps was hashed with another key")
        self._proven = key
        return key

    def mark(self) -> Filed:
        """What tells whether a key is the one that hashes were made with; proven anew."""
        return _mark(self._prove())


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever a ledger raises means that it cannot answer."""
    try:
        yield
    except LedgerUnavailable:
        raise
    except Exception as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(f"{type(error).__name__}: {mask_in(str(error))}")


def _fold(book: Book, events: Iterable[Filed]) -> Book:
    for filed in events:
        try:
            book.fold(filed.event, filed.streams)
        except EventError as error:
            raise LedgerUnavailable(f"the ledger contradicts itself: {error}") from error
    return book


def _read_on(name: _Name, shelf: Shelf, page: Page) -> Shelf:
    """A shelf whose book has been told what is new."""
    if name[0] == "contact":
        shelf.told.update(_hashes(page.events))
    last = max(page.revisions.values())
    return shelf._replace(page=page._replace(events=[]), last=last, ahead=[])


def _hashes(events: Iterable[Filed]) -> set[int]:
    return {hash(filed.event) for filed in events if filed.once}


def _misses(book: Book, page: Page) -> bool:
    """Whether a signal among these events speaks of a touch that was too old to be read before."""
    return any(
        isinstance(filed.event, Signal)
        and filed.event.touch is not None
        and book.booked(filed.event.touch) is None
        for filed in page.events
    )


def _hashed(key: bytes, text: str) -> str:
    return HASHED + hmac.digest(key, text.encode(), "sha256").hex()


def _mark(key: bytes) -> Filed:
    told = Suppress(contact=_hashed(key, _KEY), at=to_datetime(0), note="mark of the key")
    return Filed(told, Streams(_KEY, None, frozenset()))
