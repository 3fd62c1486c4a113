"""Scenarios and histories, judged line by line: the same rules, the same engine, no I/O.

A line is known to every line below it. A touch id seen again is no new touch: it may bring another
outcome, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeAlias

from cadence_guard import engine
from cadence_guard.book import Book, point_of
from cadence_guard.decision import Decision
from cadence_guard.errors import EventError
from cadence_guard.events import Event
from cadence_guard.instants import to_text, to_us
from cadence_guard.ruleset import Ruleset
from cadence_guard.touch import Touch

Judged: TypeAlias = tuple[Touch, Decision]
Step: TypeAlias = tuple[Decision | None, bool]
"""What was decided of an event, and whether it counts for those below."""


def judge_scenario(
    ruleset: Ruleset,
    book: Book,
    events: Iterable[Event],
    where: Callable[[], str] | None = None,
    *,
    lasting: bool = True,
) -> Iterator[Judged]:
    """Judges the planned touches of a scenario, each against all lines above it.

    A planned touch counts for the lines below if it was allowed. Touches with an outcome are facts
    and are not judged. `book` takes in the lines; `where` names the place of the event taken last
    (its number, if nobody says). With `lasting` false a decision's reasons can be read only until
    the next one is taken, which saves making them. Raises EventError, with that place, for an event
    that contradicts an earlier one, after everything above it has been given.
    """
    refused: dict[str, Touch] = {}

    def step(event: Event) -> Step:
        if not isinstance(event, Touch):
            return None, True
        before = refused.get(event.id) if event.id else None
        if before is not None and _content(event) != before:
            raise EventError(
                f"touch {event.id!r} was told before with other content;"
                " only its outcome may change"
            )
        if event.outcome is not None or book.knows(event):
            return None, True
        if before is not None:
            return None, False
        decision = _decide(ruleset, book, event)
        if not decision and event.id:
            refused[event.id] = _content(event)
        return decision, decision.allowed

    return _each(book, events, step, where, lasting)


def replay(
    ruleset: Ruleset,
    book: Book,
    events: Iterable[Event],
    where: Callable[[], str] | None = None,
    *,
    lasting: bool = True,
) -> Iterator[Judged]:
    """Judges every touch of a history at its own instant, against all that stands above it.

    What really happened counts, whatever the verdict; a touch's own outcome is not read when it is
    judged. The events must be in the order of time; equal instants stand as they are, and the
    outcome of an earlier touch may come later. `book`, `where` and `lasting` as in
    `judge_scenario`. Raises EventError, with the place, for an event out of order or one that
    contradicts an earlier one, after everything above it has been given.
    """
    latest: datetime | None = None

    def step(event: Event) -> Step:
        nonlocal latest
        again = isinstance(event, Touch) and book.knows(event)
        if not again:
            assert event.at is not None  # `_each` has seen to it
            if latest is not None and event.at < latest:
                raise EventError(
                    f"{to_text(event.at)} is earlier than {to_text(latest)} above it; a history is"
                    " replayed in the order of time, so sort it by 'at' (replay --sort does)"
                )
            latest = event.at
        if isinstance(event, Touch) and not again:
            return _decide(ruleset, book, event), True
        return None, True

    return _each(book, events, step, where, lasting)


def _each(
    book: Book,
    events: Iterable[Event],
    step: Callable[[Event], Step],
    where: Callable[[], str] | None,
    lasting: bool,
) -> Iterator[Judged]:
    for number, event in enumerate(events, 1):
        try:
            if event.at is None:
                raise EventError("'at' is missing; expected an instant")
            decision, counts = step(event)
            if counts and decision is None:
                book.fold(event)
        except EventError as error:
            place = where() if where else f"event {number}"
            raise EventError(f"{place}: {error}") from None
        if decision is not None:
            assert isinstance(event, Touch)  # nothing else is judged
            yield event, decision
            if lasting:
                decision.settle()
            if counts:
                book.fold(event)


def _decide(ruleset: Ruleset, book: Book, touch: Touch) -> Decision:
    assert touch.at is not None  # `_each` has seen to it
    return engine.decide(ruleset, book.case(touch, to_us(touch.at)))


def _content(touch: Touch) -> Touch:
    """What of a touch may not change: all but its outcome and the spelling of its point."""
    return touch.model_copy(update={"outcome": None, "to": point_of(touch)})
