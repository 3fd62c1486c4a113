"""How long a loop is gone round, until nothing new can come of it."""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType
from typing import Final, NamedTuple

from cadence_guard.cadence import (
    Await,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Node,
    Pause,
    Step,
    UntilDate,
    Wait,
)
from cadence_guard.check.layout import lasts
from cadence_guard.instants import DAY, PERIOD, WEEK, day_number
from cadence_guard.rules.blackout import Blackout
from cadence_guard.rules.unanswered_streak import UnansweredStreak
from cadence_guard.ruleset import Ruleset

_ROUND: Final = 5 * WEEK
"""In so long a time a loop of whole hours comes by many hours of the week, and by a month's end;
and by another loop that is gone round at once."""


class Loops(NamedTuple):
    """How long a loop is gone round, in microseconds, and how many stops it has at least."""

    longest: int
    stops: int


def loops_of(ruleset: Ruleset, cadence: Cadence, entered: Iterable[Cadence], start: int) -> Loops:
    """Until no entry looks back to its first turn, nor to what is gone at once with it or counts
    from the entry; it has come by the hours of the week and a month's end if an entry or a wait
    asks for them, also in a cadence that is `entered` besides, by another loop, by every date, and
    a streak is full. (It looks back 400 days, but what it counts is full long before.)"""
    longest = 0
    nodes = [node for one in (cadence, *entered) for node in one.nodes.values()]
    dates = [
        node.not_after + 1
        for node in nodes
        if isinstance(node, Step) and node.not_after is not None
    ]
    asks_clock = False
    heard = bool(cadence.audience.grounds or cadence.entry_signal) or any(
        isinstance(node, Await) for node in nodes
    )
    for entry in ruleset.entries:
        if entry.spans is not None and (entry.looks_back or heard):
            longest = max(longest, *(us for us in entry.spans.elapsed if us < PERIOD), 0)
        if entry.spans is not None:
            asks_clock |= bool(entry.spans.clock or entry.spans.calendar)
        if isinstance(entry, Blackout):
            dates += [(day_number(last) + 2) * DAY for _, last in entry.params.dates]
    if any(map(_goes_beside, nodes)):
        longest += sum(map(_longest_at, nodes))
    for wait in map(_wait_at, nodes):
        asks_clock |= not isinstance(wait, (Elapsed, NoneType))
        if isinstance(wait, UntilDate):
            dates.append(wait.at + DAY)
    if asks_clock or any(isinstance(node, (Fan, Enter)) for node in nodes):
        longest = max(longest, _ROUND)
    longest = max(longest, *(min(date - start, PERIOD) for date in dates), 0)
    return Loops(longest, _longest_streak(ruleset))


def _goes_beside(node: Node) -> bool:
    """Whether what comes behind a node may fall beside any turn of a loop."""
    return isinstance(node, (Fan, Enter)) or (isinstance(node, Pause) and node.since_start)


def _longest_at(node: Node) -> int:
    """How long a node takes at most, or at least if nobody can say."""
    wait = _wait_at(node)
    if wait is None:
        return 0
    low, high, _ = lasts(wait)
    return (low if high is None else high) * (node.attempts - 1 if isinstance(node, Step) else 1)


def _wait_at(node: Node) -> Wait | None:
    """The wait at a node, if there is one."""
    match node:
        case Pause(wait=wait) | Step(every=wait) | Await(timeout=wait):
            return wait
        case _:
            return None


def _longest_streak(ruleset: Ruleset) -> int:
    return max(
        (
            step.after
            for entry in ruleset.entries
            if isinstance(entry, UnansweredStreak)
            for step in entry.params.steps
        ),
        default=0,
    )
