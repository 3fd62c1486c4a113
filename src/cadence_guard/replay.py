"""Scenarios and histories, judged line by line: the same rules, the same engine, no I/O.

A line is known to every line below it. A touch id seen again is no new touch: it may bring another
outcome, and nothing else. Any other line that says the same as one above it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeAlias

from cadence_guard import engine
from cadence_guard.book import Book, told_otherwise
from cadence_guard.contact import Forget
from cadence_guard.decision import Decision
from cadence_guard.errors import EventError
from cadence_guard.events import Event
from cadence_guard.history import Case
from cadence_guard.instants import to_text, to_us
from cadence_guard.naming import point_of
from cadence_guard.ruleset import Ruleset
from cadence_guard.touch import Release, Touch, differing

Judged: TypeAlias = tuple[Touch, Decision]
Step: TypeAlias = tuple[Case, Decision] | None
"""A touch's case and what was decided of it; None for an event that is not judged."""

_Told: TypeAlias = dict[str | None, set[int]]
"""What has been told of each contact, as hashes."""


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
    told: _Told = {}

    def step(event: Event) -> Step:
        if not isinstance(event, Touch):
            if not _is_told(event, told):
                book.fold(event)
            return None
        before = refused.get(event.id) if event.id else None
        if before is not None and (other := differing(before, _content(event))):
            raise told_otherwise(event, other)
        if event.outcome is not None or book.knows(event):
            book.fold(event)
            return None
        if before is not None:
            return None
        judged = _judge(ruleset, book, event)
        if not judged[1] and event.id:
            refused[event.id] = _content(event)
        return judged

    return _each(book, events, step, where, lasting=lasting, all_count=False)


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
    told: _Told = {}
    """At the latest instant: what says the same is of one instant."""

    def step(event: Event) -> Step:
        nonlocal latest
        touch = event if isinstance(event, Touch) else None
        if touch is None or not book.knows(touch):
            at = event.at
            assert at is not None  # `_each` has seen to it
            if latest is not None and at < latest:
                raise EventError(
                    f"{to_text(at)} is earlier than {to_text(latest)} above it; a history is"
                    " replayed in the order of time, so sort it by 'at' (replay --sort does)"
                )
            if at != latest:
                told.clear()
            latest = at
            if touch is not None:
                return _judge(ruleset, book, touch)
            if _is_told(event, told):
                return None
        book.fold(event)
        return None

    return _each(book, events, step, where, lasting=lasting, all_count=True)


def _each(
    book: Book,
    events: Iterable[Event],
    step: Callable[[Event], Step],
    where: Callable[[], str] | None,
    *,
    lasting: bool,
    all_count: bool,
) -> Iterator[Judged]:
    for number, event in enumerate(events, 1):
        try:
            if event.at is None:
                raise EventError("'at' is missing; expected an instant")
            judged = step(event)
        except EventError as error:
            place = where() if where else f"event {number}"
            raise EventError(f"{place}: {error}") from None
        if judged is not None:
            case, decision = judged
            yield case.touch, decision
            if lasting:
                decision.settle()
            if all_count or decision:
                book.add(case)


def _judge(ruleset: Ruleset, book: Book, touch: Touch) -> tuple[Case, Decision]:
    assert touch.at is not None  # `_each` has seen to it
    case = book.case(touch, to_us(touch.at))
    return case, engine.decide(ruleset, case)


def _is_told(event: Event, told: _Told) -> bool:
    """Whether an event that is no touch is one of those told, to which it is added. What was
    forgotten, and a release, can be told again."""
    if isinstance(event, Forget):
        for whose in (event.contact, None):
            told.pop(whose, None)
    theirs = told.setdefault(event.contact, set())
    known = hash(event) in theirs and not isinstance(event, Release)
    theirs.add(hash(event))
    return known


def _content(touch: Touch) -> Touch:
    """What of a touch may not change: all but its outcome and the spelling of its point."""
    return touch.model_copy(update={"outcome": None, "to": point_of(touch)})
