"""What the entries of a policy ask of cadences together.

A `Question` counts: a cap, pressure, missed calls, a streak. A `Spacing` asks for one other touch
that is near: a gap, overlap, the baton. Each is asked by its targets, the touches it can refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias

from cadence_guard.check.judging import Concern
from cadence_guard.instants import DAY, HOUR, MINUTE, PERIOD, SECOND
from cadence_guard.lines import Form, form_of
from cadence_guard.rules import Rule
from cadence_guard.rules.missed_calls import MissedCalls
from cadence_guard.rules.not_the_holder import NotTheHolder
from cadence_guard.rules.over_cap import OverCap
from cadence_guard.rules.overlapping_cadence import OverlappingCadence
from cadence_guard.rules.pressure import Pressure
from cadence_guard.rules.repeated_message import RepeatedMessage
from cadence_guard.rules.too_soon import TooSoon
from cadence_guard.rules.unanswered_streak import UnansweredStreak

Broken: TypeAlias = tuple[str, str, Rule]
"""A cadence and a step, by name, and an entry that objects to it."""

_LONGEST: Final = {"day": 2 * DAY, "week": 9 * DAY, "month": 33 * DAY}


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Do `limit` counted touches lie before one of the targets: in the window of length `within`,
    or in the same calendar `unit`; and, with `near`, one of them so near?"""

    entry: Rule
    limit: int
    within: int
    counts: Callable[[Concern], bool]
    unit: str | None = None
    near: int | None = None
    targets: dict[Concern, None] = field(default_factory=dict)
    """The touches that ask it."""


@dataclass(frozen=True, slots=True, eq=False)
class Spacing:
    """Can a touch come less than `within` after one of another cadence that it clashes with?"""

    entry: Rule
    within: int
    clashes: Callable[[Concern, Concern], bool]
    targets: dict[Concern, None] = field(default_factory=dict)


def broken(concern: Concern, entry: Rule) -> Broken:
    return concern.cadence.name, concern.step.name, entry


def of_account(entry: Rule) -> bool:
    """Whether an entry counts the touches of a whole account."""
    return isinstance(entry, OverCap) and entry.scope == "account"


def counting(entry: Rule, target: Concern) -> Iterator[tuple[Hashable, Question]]:
    """What an entry asks of a touch; equal keys ask the same."""

    def counts(other: Concern) -> bool:
        return entry.counts(_form(other))

    touch = target.touch
    match entry:
        case OverCap(max=limit, per=per, calendar=unit) if limit:
            to = touch.to if entry.scope == "point" else None
            at_point = counts if to is None else lambda o: o.touch.to == to and counts(o)
            yield to, Question(entry, limit, per, at_point, unit)
        case MissedCalls(max=limit, per=per) if limit:
            yield None, Question(entry, limit, per, counts)
        case UnansweredStreak():
            for step in entry.params.steps:
                near = min(step.us, PERIOD)
                yield step.after, Question(entry, step.after, PERIOD, counts, near=near)
        case Pressure():
            for place, cap in enumerate(entry.caps):
                if cap.max and not set(cap.tags).isdisjoint(touch.tags):
                    yield (
                        place,
                        Question(
                            entry,
                            cap.max,
                            cap.per.us,
                            lambda o, tags=set(cap.tags): (  # type: ignore[misc]
                                not tags.isdisjoint(o.touch.tags) and counts(o)
                            ),
                        ),
                    )
            if entry.moved and touch.offer is not None and (deadline := touch.deadline):
                offer = touch.offer
                yield (
                    (offer, deadline),
                    Question(
                        entry,
                        1,
                        PERIOD,
                        lambda o: (
                            o.touch.offer == offer
                            and o.touch.deadline is not None
                            and o.touch.deadline < deadline
                            and counts(o)
                        ),
                    ),
                )
        case _:
            pass


def passed(entry: Rule, target: Concern) -> Iterator[tuple[Hashable, Question]]:
    """What an entry asks of a person's touch that it lets pass as an answer: it would object beside
    so many touches of the same cadence."""
    if entry.answers is None or target.touch.automated:
        return

    def counts(other: Concern) -> bool:
        return entry.counts(_form(other))

    match entry:
        case TooSoon():
            yield None, Question(entry, 1, entry.gap, counts)
        case OverCap(max=0, per=per):
            yield None, Question(entry, 0, per, counts)
        case _:
            yield from counting(entry, target)


def beside(entry: Rule, target: Concern) -> Iterator[tuple[Hashable, Question]]:
    """What an entry asks of a touch beside those of another entry into the same cadence: all that
    it counts, and what is too near; equal keys ask the same."""
    yield from counting(entry, target)
    name, step = target.cadence.name, target.step.name

    def repeats(other: Concern) -> bool:
        same = (other.cadence.name, other.step.name) == (name, step)
        return same and entry.counts(_form(other))

    if isinstance(entry, RepeatedMessage):
        yield ("step", step), Question(entry, 1, entry.per, repeats)
    if (spacing := spacing_of(entry)) is not None:
        yield ("near", target), Question(entry, 1, spacing.within, partial(spacing.clashes, target))


def spacing_of(entry: Rule) -> Spacing | None:
    """What an entry asks of the distance of two touches, if it does."""

    def counts(target: Concern, other: Concern) -> bool:
        return entry.counts(_form(other))

    match entry:
        case TooSoon():
            return Spacing(entry, entry.gap, counts)
        case MissedCalls() if entry.gap:
            return Spacing(entry, entry.gap, counts)
        case NotTheHolder():
            return Spacing(
                entry,
                entry.within,
                lambda t, o: t.touch.team != o.touch.team and counts(t, o),
            )
        case OverlappingCadence():
            return Spacing(
                entry,
                entry.within,
                lambda t, o: (
                    t.touch.automated
                    and t.cadence.name != o.cadence.name
                    and not any(
                        {t.cadence.name, o.cadence.name} <= set(g) for g in entry.params.share
                    )
                    and counts(t, o)
                ),
            )
        case _:
            return None


def _form(concern: Concern) -> Form:
    missed = concern.step.channel == "call"  # nobody answers one
    outcome = "no_answer" if missed else "sent"
    return form_of(concern.touch.model_copy(update={"outcome": outcome}))


def back_of(question: Question, within: int) -> int:
    """How far a question looks back."""
    return within if question.unit is None else _LONGEST[question.unit]


def in_words(us: int) -> str:
    """A length of time as policies write it."""
    for letter, unit in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if us % unit == 0:
            return f"{us // unit}{letter}"
    return f"{us / SECOND:g}s"
