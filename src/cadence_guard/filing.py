"""Where facts are to be filed, each by all that was told before it.

Nothing is written here: the guard appends what was filed, in one step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from cadence_guard.contact import Suppress
from cadence_guard.errors import EventError
from cadence_guard.events import Event
from cadence_guard.ledgers import Filed, Page
from cadence_guard.naming import point_of
from cadence_guard.shelves import NO_PAGE, Shelf, Shelves
from cadence_guard.touch import NOT_MADE, Release, Touch


class Filing:
    """Facts on their way into a ledger: `events`, and the revisions they follow from (`expect`).

    `now` is the instant of releases, and `turn` the booking that a touch must be, if only its
    holder may tell it. Not safe to share between threads: the guard locks.
    """

    def __init__(self, shelves: Shelves, now: datetime, turn: int | None = None) -> None:
        self.events: list[Filed] = []
        self.expect: dict[str, int] = {}
        self._shelves = shelves
        self._now = now
        self._turn = turn
        self._bookings: dict[str, Page] = {}
        self._full: dict[str, Shelf] = {}
        self._untold: defaultdict[str | None, list[Filed]] = defaultdict(list)
        """What was filed under the name of a contact before anybody asked for their shelf."""

    def add(self, told: Event) -> None:
        """Files a fact, unless it is known. Raises EventError if it contradicts an earlier one."""
        filed = self._filed(told)
        if filed is None:
            return
        name = filed.streams.contact
        shelf = self._full.get(name or "")
        if shelf is None:
            self._untold[name].append(filed)
        elif not filed.once or hash(told) not in shelf.told:  # else the ledger leaves it out
            shelf.tell(filed)
        if filed.touch is not None:
            self._booking(filed.touch).events.append(filed)
        self.events.append(filed)

    def verify(self, told: Touch | Release) -> None:
        """Raises EventError if it contradicts what stands under its id; files nothing."""
        self._under_its_id(told)

    def _filed(self, told: Event) -> Filed | None:
        """Where a fact belongs; None if it is known."""
        if isinstance(told, Suppress) and told.contact is None:
            return Filed(told, self._shelves.book().streams(told))
        if isinstance(told, (Touch, Release)):
            is_new, filed = self._under_its_id(told)
            if not is_new:
                return filed
        assert told.contact is not None  # only a suppression can do without
        return Filed(told, self._shelf(told.contact).book.streams(told))

    def _under_its_id(self, told: Touch | Release) -> tuple[bool, Filed | None]:
        """Whether it is a touch of which nothing stands under its id, or that has none; and, if
        not, what is to be filed beside what stands there, if anything."""
        id_ = told.touch if isinstance(told, Release) else told.id
        booking = NO_PAGE if id_ is None else self._booking(id_)
        last = standing(booking)
        if last is None:
            return isinstance(told, Touch), None
        if self._turn not in (None, turn_of(booking.events, last.contact)):
            raise booked_anew(id_)
        streams = booking.events[-1].streams
        if isinstance(told, Touch):
            known = is_known(self._shelves, booking, told)
            return False, None if known else Filed(told, streams)
        if last.contact != told.contact:
            raise EventError(f"touch {told.touch!r} is one to another contact")
        return False, Filed(taken_back(last, self._now), streams)

    def _booking(self, touch: str) -> Page:
        """What is known under the id of a touch, with what was filed here."""
        booking = self._bookings.get(touch)
        if booking is None:
            booking = self._bookings[touch] = self._shelves.booking(touch)
            self.expect.update(booking.revisions)
        return booking

    def _shelf(self, contact: str) -> Shelf:
        """All that is known of a contact, with what was filed here."""
        shelf = self._full.get(contact)
        if shelf is None:
            shelf = self._full[contact] = self._shelves.full(contact)
            self.expect.update(shelf.page.revisions)
            for filed in self._untold.pop(contact, ()):
                shelf.tell(filed)
        return shelf


def standing(booking: Page) -> Touch | None:
    """The touch booked or made under an id; None if there is none, or it was released."""
    last = booking.events[-1].event if booking.events else None
    return last if isinstance(last, Touch) else None


def turn_of(events: Iterable[Filed], contact: str) -> int:
    """How often an id was released that was booked for a contact: which of those bookings it is
    that stands. What was booked for others goes when they are forgotten."""
    return sum(isinstance(each.event, Release) and each.event.contact == contact for each in events)


def booked_anew(touch: str | None) -> EventError:
    """What somebody hears who speaks of a booking that is not theirs any more."""
    return EventError(f"touch {touch!r} was booked anew by somebody else")


def is_known(shelves: Shelves, booking: Page, told: Touch) -> bool:
    """Whether a touch says nothing new of what stands under its id. Raises EventError if it
    contradicts that."""
    book = shelves.book(booking)
    # The country by which its number was read is not among what is known under its id.
    spelt = {point_of(each.event) for each in booking.events if isinstance(each.event, Touch)}
    past = book.check(told, booking.events[-1].streams if point_of(told) in spelt else None)
    return past is not None and not book.is_news(past, told.outcome)


def taken_back(last: Touch, now: datetime) -> Release:
    """The release of a booking. Raises EventError if the touch was made already."""
    if last.outcome not in NOT_MADE:
        raise EventError(f"touch {last.id!r} was made already: {last.outcome}")
    assert last.id is not None  # it is known by it
    return Release(touch=last.id, contact=last.contact, at=now)
