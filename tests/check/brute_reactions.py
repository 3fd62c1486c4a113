"""The brute force beside CG801 and CG802: somebody sends a signal, and goes on through a cadence.

As slow and literal as `brute`, whose waits it uses: from one start it goes every way that somebody
may go who sends a signal at an instant, and `refused_after` asks the guard itself about each touch
that is made then, with the signal and without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from cadence_guard import Guard, Policy
from cadence_guard.cadence import (
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Handover,
    Pause,
    Step,
)
from cadence_guard.check.assumptions import CONTACT, facts, touch_of
from cadence_guard.instants import zone as zone_of
from check.brute import Event, Given, Heard, Made, Walk, chosen, ends

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Reacting:
    """Goes every way through a cadence in one zone of somebody who sends what `sent` says; at an
    exit on one of these signals it ends. `tick` is how fine ranges are tried."""

    cadence: Cadence
    zone: ZoneInfo
    tick: timedelta
    others: Mapping[str, Cadence] = field(default_factory=dict)
    turns: int = 2
    sent: tuple[Heard, ...] = ()
    deaf: set[datetime] = field(default_factory=set)
    """When a wait for a signal begins, or another cadence: what came before is not heard there."""

    def walks(self, start: datetime) -> list[Walk]:
        """All that can happen after an entry at `start`, in the order of time, with what was sent;
        before it come the signals that the audience gave."""
        before = [
            Heard(start - timedelta(microseconds=ground.age), ground.kind)
            for ground in self.cadence.audience.grounds or ()
            if ground.kind != "consent"
        ]
        said, told = [*before, *self.sent], {one.kind: True for one in before}
        found = dict.fromkeys(
            tuple(sorted((*said, *walk), key=lambda event: event.at))
            for walk in self._from(self.cadence, self.cadence.start, start, start, (), told)
        )
        return list(found)

    def _left(self, cadence: Cadence, start: datetime, now: datetime) -> bool:
        """Whether a signal has ended a cadence that was entered at `start`."""
        return any(sent.kind in cadence.exits and start <= sent.at <= now for sent in self.sent)

    def _from(
        self,
        cadence: Cadence,
        name: str | None,
        now: datetime,
        start: datetime,
        been: tuple[tuple[Cadence, str], ...],
        told: Mapping[str, bool],
    ) -> Iterator[Walk]:
        """`told` is what branches are told of signals beside what was sent, as in `brute`."""
        place = (cadence, name or "")
        if name is None or been.count(place) >= self.turns or self._left(cadence, start, now):
            yield ()
            return
        node = cadence.nodes[name]

        def go(
            then: str | None, at: datetime, *events: Event, now_told: Mapping[str, bool] = told
        ) -> Iterator[Walk]:
            for walk in self._from(cadence, then, at, start, (*been, place), now_told):
                yield (*events, *walk)

        later = {kind: True for kind, has_come in told.items() if has_come}

        match node:
            case Step():
                behind = told if node.attempts == 1 else later
                for made, left in self._attempts(node, cadence, now, start, 1):
                    if left:  # while the next attempt was due
                        yield (*made,)
                    else:
                        yield from go(node.then, made[-1].at, *made, now_told=behind)
                if node.possible:
                    yield from go(node.then, now)
            case Pause():
                since = start if node.since_start else now
                behind = told if node.wait == Elapsed(0, 0) and not node.since_start else later
                for end in ends(node.wait, since, self.zone, self.tick):
                    yield from go(node.then, max(now, end), now_told=behind)
            case Branch():
                known = {**told, **{one.kind: True for one in self.sent if one.at <= now}}
                for arm, answers in chosen(node.arms, known):
                    yield from go(arm.then, now, now_told=answers)
            case Fan():
                ways = [list(go(then, now)) for then in node.thens]
                for walks in product(*ways):
                    yield tuple(event for walk in walks for event in walk)
            case Await():
                self.deaf.add(now)
                asked = {arm.signal for arm in node.arms}
                absent = {kind: False for kind in told.keys() - later.keys() if kind in asked}
                yield from self._awaited(node, now, go, {**later, **absent}, cadence.exits)
            case Handover():
                yield from go(node.then, now, Given(now, node.to))
            case Enter():
                self.deaf.add(now)
                other = self.others[node.cadence]
                besides = list(self._from(other, other.start, now, now, been, told))
                for one, two in product(besides, list(go(node.then, now))):
                    yield (*one, *two)
            case _:
                raise AssertionError(node)

    def _awaited(
        self, node: Await, now: datetime, go: Any, told: Mapping[str, bool], exits: Collection[str]
    ) -> Iterator[Walk]:
        assert node.timeout is not None
        (end,) = ends(node.timeout, now, self.zone, self.tick)
        asked = {arm.signal: arm for arm in reversed(node.arms) if arm.signal is not None}
        mine = [sent for sent in self.sent if sent.kind in asked and now <= sent.at <= end]
        if mine:
            first = min(mine, key=lambda sent: sent.at)
            end = first.at
            then = None if first.kind in exits else asked[first.kind].then
            yield from go(then, end, first, now_told={**told, first.kind: True})
        else:
            yield from go(node.then, end, now_told=told)
        at = now
        while at < end:  # another signal may come before
            for kind, arm in asked.items():
                then = None if kind in exits else arm.then
                yield from go(then, at, Heard(at, kind), now_told={**told, kind: True})
            at += self.tick

    def _attempts(
        self, step: Step, cadence: Cadence, now: datetime, start: datetime, number: int
    ) -> Iterator[tuple[list[Made], bool]]:
        """The attempts at a step, and whether the cadence was left before the last."""
        made = [Made(now, step, cadence)]
        if number == step.attempts:
            yield made, False
            return
        assert step.every is not None
        for following in ends(step.every, now, self.zone, self.tick):
            if self._left(cadence, start, following):
                yield made, True
                continue
            for rest, left in self._attempts(step, cadence, following, start, number + 1):
                yield [*made, *rest], left


@dataclass
class Asked:
    """A guard on a fresh ledger for each touch that is asked about. Policies that ask for distances
    alone say the same of the same distances, so these are asked about once."""

    policy: Policy
    cadences: tuple[Cadence, ...]
    zone: str
    known: dict[Any, frozenset[Any]] = field(default_factory=dict)

    def codes(self, walk: Walk, index: int) -> frozenset[Any]:
        """Why the guard refuses a touch of a walk: what tells the entries that object apart."""
        now = walk[index].at
        key = tuple((now - event.at, event._replace(at=now)) for event in walk[: index + 1])
        if key not in self.known:
            guard = Guard(self.policy)
            for fact in facts(self.cadences, zone_of(self.zone)):
                guard.record(fact)
            for number, event in enumerate(walk[:index]):
                guard.record(told(event, number))
            touch = told(walk[index], index).model_copy(update={"outcome": None})
            self.known[key] = frozenset(
                (found.code, found.facts.get("max"), str(found.facts.get("per")))  # an entry
                for found in guard.evaluate(touch).findings
                if found.effect == "block" and found.when is None
            )
        return self.known[key]


def told(event: Event, number: int) -> Any:
    """What is recorded of an event of a walk."""
    if isinstance(event, Made):
        outcome = "no_answer" if event.missed else "sent"
        update = {"at": event.at, "id": f"t{number}", "outcome": outcome}
        return touch_of(event.cadence, event.step).model_copy(update=update)
    if isinstance(event, Given):
        return {"event": "handoff", "contact": CONTACT, "to": event.to, "at": event.at}
    return {"event": "signal", "contact": CONTACT, "kind": event.kind, "at": event.at}


def instants(quiet: Reacting, start: datetime, every: timedelta | None) -> list[datetime]:
    """When somebody may react: one second before each touch, or before what is deaf to it; and now
    and then, if `every` says how often."""
    walks = quiet.walks(start)
    touches = {event.at for walk in walks for event in walk if isinstance(event, Made)}
    found = {at - SECOND for at in touches | quiet.deaf}
    if every is not None and touches:
        at = start + every / 2
        while at < max(touches):
            found.add(at)
            at += every
    return sorted(at for at in found if at > start)


def refused_after(
    kinds: Iterable[str],
    policy: Policy,
    cadence: Cadence,
    zones: Iterable[str],
    starts: Iterable[datetime],
    tick: timedelta,
    others: Mapping[str, Cadence],
    every: timedelta | None = None,
) -> dict[str, tuple[datetime, str, Walk]]:
    """The signals after which the guard refuses a touch that it would not refuse without them, each
    with a start, a zone and a walk. `every`: how often somebody may react between two touches."""
    found: dict[str, tuple[datetime, str, Walk]] = {}
    starts, wanted = list(starts), list(kinds)
    asked = Asked(policy, (cadence, *others.values()), "UTC")
    for zone in zones:
        for start in starts:
            left = [kind for kind in wanted if kind not in found]
            if not left:
                return found
            quiet = Reacting(cadence, ZoneInfo(zone), tick, others)
            for at in instants(quiet, start, every):
                for kind in left:
                    sent = Heard(at, kind)
                    walker = Reacting(cadence, ZoneInfo(zone), tick, others, sent=(sent,))
                    for walk in walker.walks(start):
                        if refused(walk, sent, asked):
                            found.setdefault(kind, (start, zone, walk))
    return found


def refused(walk: Walk, sent: Heard, asked: Asked) -> bool:
    """Whether a touch of a walk is refused because of a signal that was sent on it."""
    place = walk.index(sent)
    without = (*walk[:place], *walk[place + 1 :])
    calls = any(isinstance(event, Made) and event.missed for event in walk[:place])
    if sent.kind == "hung_up" and not calls:
        return False
    return any(
        isinstance(walk[index], Made)
        and walk[index].at > sent.at
        and (codes := asked.codes(walk, index))
        and codes - asked.codes(without, index - 1)
        for index in range(place + 1, len(walk))
    )
