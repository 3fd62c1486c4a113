"""Scenarios and histories, judged line by line: the same rules, the same engine, no I/O.

A line is known to every line below it. A touch id seen again is no new touch: it may bring another
outcome, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeAlias

from cadence_guard import engine
from cadence_guard.decision import Decision
from cadence_guard.errors import EventError
from cadence_guard.events import Event
from cadence_guard.history import Book, point_of
from cadence_guard.instants import to_text, to_us
from cadence_guard.ruleset import Ruleset
from cadence_guard.touch import Touch

Judged: TypeAlias = tuple[Touch, Decision]


def judge_scenario(
    ruleset: Ruleset,
    book: Book,
    events: Iterable[Event],
    where: Callable[[], str] | None = None,
) -> Iterator[Judged]:
    """Judges the planned touches of a scenario, each against all lines above it.

    A planned touch counts for the lines below if it was allowed. Touches with an outcome are facts
    and are not judged. `book` takes in the lines; `where` names the place of the event taken last
    (its number, if nobody says). Raises EventError, with that place, for an event that contradicts
    an earlier one, after everything above it has been given.
    """
    refused: dict[str, Touch] = {}

    def step(event: Event) -> Decision | None:
        if not isinstance(event, Touch):
            book.fold(event)
            return None
        before = refused.get(event.id) if event.id else None
        if before is not None and _content(event) != before:
            raise EventError(
                f"touch {event.id!r} was told before with other content;"
                " only its outcome may change"
            )
        if event.outcome is not None or book.booked(event.id):
            book.fold(event)
            return None
        if before is not None:
            return None
        decision = _decide(ruleset, book, event)
        if decision:
            book.fold(event)
        elif event.id:
            refused[event.id] = _content(event)
        return decision

    return _each(events, step, where)


def replay(
    ruleset: Ruleset,
    book: Book,
    events: Iterable[Event],
    where: Callable[[], str] | None = None,
) -> Iterator[Judged]:
    """Judges every touch of a history at its own instant, against all that stands above it.

    What really happened counts, whatever the verdict; a touch's own outcome is not read when it is
    judged. The events must be in the order of time; equal instants stand as they are, and the
    outcome of an earlier touch may come later. `book` and `where` as in `judge_scenario`. Raises
    EventError, with the place, for an event out of order or one that contradicts an earlier one,
    after everything above it has been given.
    """
    latest: datetime | None = None

    def step(event: Event) -> Decision | None:
        nonlocal latest
        again = isinstance(event, Touch) and book.booked(event.id) is not None
        if not again:
            assert event.at is not None  # `_each` has seen to it
            if latest is not None and event.at < latest:
                raise EventError(
                    f"{to_text(event.at)} is earlier than {to_text(latest)} above it; a history is"
                    " replayed in the order of time, so sort it by 'at' (replay --sort does)"
                )
            latest = event.at
        decision = None
        if isinstance(event, Touch) and not again:
            decision = _decide(ruleset, book, event)
        book.fold(event)
        return decision

    return _each(events, step, where)


def _each(
    events: Iterable[Event],
    step: Callable[[Event], Decision | None],
    where: Callable[[], str] | None,
) -> Iterator[Judged]:
    for number, event in enumerate(events, 1):
        try:
            if event.at is None:
                raise EventError("'at' is missing; expected an instant")
            decision = step(event)
        except EventError as error:
            place = where() if where else f"event {number}"
            raise EventError(f"{place}: {error}") from None
        if decision is not None:
            assert isinstance(event, Touch)  # nothing else is judged
            yield event, decision


def _decide(ruleset: Ruleset, book: Book, touch: Touch) -> Decision:
    """The decision, with its findings made before the book moves on."""
    assert touch.at is not None  # `_each` has seen to it
    return engine.decide(ruleset, book.case(touch, to_us(touch.at))).settle()


def _content(touch: Touch) -> Touch:
    """What of a touch may not change: all but its outcome and the spelling of its point."""
    return touch.model_copy(update={"outcome": None, "to": point_of(touch)})
