"""Counting that looks both ways: over touches made, and over touches booked for later."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from cadence_guard.history import Case
from cadence_guard.instants import NEVER
from cadence_guard.lines import Instants, Line, Past
from cadence_guard.rules._rule import OpenStretch, Rule

Search = Callable[[Instants, int], OpenStretch]


def crowded(at: Instants, t: int, limit: int, within: int) -> OpenStretch:
    """Free iff no window of length `within` that contains the new touch holds `limit` of `at`.

    Two touches exactly `within` apart are in no common window.
    """
    index = bisect_right(at, t - within)
    last = len(at) - limit
    if index > last:
        return t, NEVER
    if at[-1] <= t:
        return at[last] + within, NEVER
    while index <= last:
        first, final = at[index], at[index + limit - 1]
        if final - first < within:
            if final - within >= t:
                return t, final - within + 1
            t = max(t, first + within)
        index += 1
    return t, NEVER


def two_sided(rule: Rule, line: Line, t: int, case: Case, search: Search) -> OpenStretch:
    """`search` over what the rule counts on the line, with the new touch in it.

    A new touch by a person may be an answer; then it is free. It could make a booked answer none
    only where it is one itself, so the other counted touches stay the same.
    """
    at = line.pick(rule.selection, rule.counts, rule.answers)
    if rule.answers is None or case.touch.automated or not case.me.said:
        return search(at, t)
    answering = case.answering(rule.answers, t)
    if not answering:
        return search(at, t)
    borders = [border for stretch in answering for border in stretch if border > t]
    found = NEVER
    for end in [*borders, NEVER]:
        if any(start <= t < stop for start, stop in answering):
            opens, closes = t, NEVER
        else:
            opens, closes = search(at, t)
        if found == NEVER:
            if opens < end:
                found = opens
        elif opens > t:
            return found, t
        if found < NEVER and closes < end:
            return found, closes
        t = end
    return found, NEVER


def counted(rule: Rule, line: Line, start: int, end: int) -> list[Past]:
    """The touches in [start, end] that the rule counts."""
    people = line.people
    return [
        touch
        for touch in line.between(start, end)
        if rule.counts(touch.form)
        and (
            rule.answers is None
            or touch.form.automated
            or not people[touch.contact].is_answer(touch, rule.answers)
        )
    ]


def window_facts(
    rule: Rule, line: Line, t: int, limit: int, within: int, per: str
) -> dict[str, Any]:
    """The facts of a full window around `t`: the touches in it, and the numbers of the policy."""
    near = counted(rule, line, t - within + 1, t + within - 1)
    windows = (near[index : index + limit] for index in range(len(near) - limit + 1))
    full = next(w for w in windows if max(t, w[-1].at) - min(t, w[0].at) < within)
    return {"touches": [touch.id for touch in full], "max": limit, "per": per}


def last_and_next(lines: list[Instants], t: int) -> tuple[int | None, int]:
    """The last instant of all lines that is not after `t`, and the first one after it."""
    last: int | None = None
    following = NEVER
    for at in lines:
        index = bisect_right(at, t)
        if index and (last is None or at[index - 1] > last):
            last = at[index - 1]
        if index < len(at):
            following = min(following, at[index])
    return last, following
