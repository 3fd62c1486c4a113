"""What opens and what closes: grounds for a touch, and noes that a later grant may reopen."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from typing import Final, NamedTuple

from cadence_guard.history import Case, Grant, No
from cadence_guard.instants import NEVER, Duration
from cadence_guard.rules._rule import NOT_EVER, OpenStretch
from cadence_guard.rules._sets import Intervals, merged, open_in

FINAL: Final = frozenset(("complained", "suppressed"))
"""Noes that nothing reopens."""


class Ground(NamedTuple):
    """An accepted ground: `consent`, or a signal kind that holds for a time (None: for ever)."""

    kind: str
    lasts: Duration | None


def grant_covers(grant: Grant, case: Case) -> bool:
    """Whether a grant is for the purpose, channel and point of the touch; what it does not name,
    it covers."""
    return (
        grant.purpose == case.purpose
        and grant.channel in (None, case.channel)
        and grant.point in (None, case.point)
    )


def _withdrawals(case: Case) -> list[int]:
    """When the grounds of this touch were withdrawn, in order."""
    return sorted(
        no.at
        for no in case.me.noes
        if no.kind == "withdrawn"
        and no.purpose in (None, case.purpose)
        and no.channel in (None, case.channel)
        and (not no.named or case.point in no.points)
    )


def _first(ends: list[int], since: int) -> int:
    """The first of these instants that is not before `since`; NEVER if there is none."""
    place = bisect_left(ends, since)
    return ends[place] if place < len(ends) else NEVER


def in_force(case: Case, grants: Iterable[Grant]) -> list[tuple[int, int]]:
    """When each of the grants is in force: [from or at, until), or until it was withdrawn."""
    ends = _withdrawals(case)
    return [(grant.start, min(grant.end, _first(ends, grant.at))) for grant in grants]


def grounds(case: Case, accepted: tuple[Ground, ...]) -> list[tuple[int, int]]:
    """When each accepted ground for this touch holds."""
    spans: list[tuple[int, int]] = []
    ends = _withdrawals(case)
    for kind, lasts in accepted:
        if kind == "consent":
            spans += in_force(
                case, (grant for grant in case.me.grants if grant_covers(grant, case))
            )
            continue
        for said in case.me.said:
            if (
                said.kind == kind
                and said.channel in (None, case.channel)
                and said.purpose in (None, case.purpose)
                and said.point in (None, case.point)
            ):
                end = lasts.after(said.at, case.zones, latest=False) if lasts else NEVER
                spans.append((said.at, min(end, _first(ends, said.at))))
    return spans


def hardest(noes: Iterable[No]) -> Iterable[No]:
    """Of the noes about one touch those that decide: what reopens the last of a kind that somebody
    said reopens all those before it."""
    last: dict[Hashable, No] = {}
    for no in noes:
        kind = no.kind if no.kind in ("complained", "suppressed", "bounced") else None
        who = no.contact, no.erased, kind
        if who not in last or _rank(no) > _rank(last[who]):
            last[who] = no
    return last.values()


def standing(
    noes: Iterable[No], t: int, free: Callable[[No, Case], Intervals], case: Case
) -> list[No]:
    """Of these noes those that nothing has reopened at `t`; `free` says when one is reopened."""
    return [no for no in hardest(noes) if open_in(free(no, case), t)[0] != t]


def _rank(no: No) -> tuple[int, bool, int]:
    """The higher, the fewer grants are later than a no."""
    return no.at, no.kind == "withdrawn", no.order


def reopened(no: No, case: Case) -> Intervals:
    """When a later grant with evidence, by whoever said no, reopens what this touch needs."""
    if no.kind in FINAL:
        return []
    if no.contact == case.me.contact:
        grants: Iterable[Grant] = case.me.grants
    else:  # at this point somebody else said no: only a grant that names the point is about it
        grants = (
            grant
            for grant in case.book.grants_at(case.point)
            if case.book.is_theirs(no, grant.contact)
        )
    return merged(
        (grant.start, grant.end)
        for grant in grants
        if grant.evidence and later(grant, no) and grant_covers(grant, case)
    )


def later(grant: Grant, no: No) -> bool:
    """Whether a grant came after a no; at the same instant a withdrawal wins, else the order."""
    if grant.at != no.at or no.kind == "withdrawn":
        return grant.at > no.at
    return grant.order > no.order


def named_since(no: No, case: Case) -> int:
    """When a later grant with evidence that names the point puts an end to a report about it."""
    return min(
        (grant.start for grant in case.book.grants_at(case.point) if later(grant, no)),
        default=NEVER,
    )


def all_open(free: list[Intervals], t: int) -> OpenStretch:
    """The first stretch that is free in each of the sets."""
    while True:
        opens, closes = t, NEVER
        for each in free:
            first, last = open_in(each, t)
            opens, closes = max(opens, first), min(closes, last)
        if opens == NEVER:
            return NOT_EVER
        if opens == t:
            return t, closes
        t = opens
