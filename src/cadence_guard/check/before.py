"""What was before a touch of a way, as events."""

from __future__ import annotations

from collections.abc import Sequence

from cadence_guard.book import Book
from cadence_guard.cadence import Handover
from cadence_guard.check import assumptions
from cadence_guard.check.paths import Heard, Made, Path
from cadence_guard.contact import Handoff, Signal
from cadence_guard.instants import Zone, to_datetime


def book_before(path: Path, start: int, times: Sequence[int], index: int, zone: Zone) -> Book:
    """All that was before a touch of a way: what is assumed, and what happened on the way."""
    book = Book(str)
    for event in assumptions.facts(path.cadences, zone):
        book.fold(event)
    for age, signal in assumptions.signals(path.cadences[0], fresh=path.fresh):
        book.fold(signal.model_copy(update={"at": to_datetime(start - age)}))
    now = (times[index], index)
    for at, place in sorted((at, place) for place, at in enumerate(times) if (at, place) < now):
        given: dict[str, object] = {"at": to_datetime(at)}
        match path.items[place].what:
            case Made(step=step, cadence=cadence) as made:
                given |= {"id": f"{place}", "outcome": made.outcome or "sent"}
                if (touch := assumptions.touch_if_any(cadence, step)) is not None:
                    book.fold(touch.model_copy(update=given))
            case Heard(kind=kind):
                heard = Signal(contact=assumptions.CONTACT, kind=kind)
                book.fold(heard.model_copy(update=given))
            case Handover(to=to):
                handed = Handoff(contact=assumptions.CONTACT, to=to)
                book.fold(handed.model_copy(update=given))
    return book
