"""From items to nodes: lists in lists become a graph, and a loop its turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from cadence_guard import words
from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Ground,
    Handover,
    Node,
    NotUnderstood,
    Pause,
    Step,
    Where,
)
from cadence_guard.importers._greeting import not_understood
from cadence_guard.importers._values import short
from cadence_guard.importers.native.items import Item, Reading
from cadence_guard.importers.native.models import (
    NOTHING,
    AwaitSaid,
    BranchSaid,
    CadenceSaid,
    EnterSaid,
    GoToSaid,
    GroundSaid,
    HandoffSaid,
    PauseSaid,
    RepeatSaid,
    StepSaid,
)
from cadence_guard.importers.native.waits import hours_of

SLOT: Final = "a wait"
"""What the place of a wait of no time ends with that stands for one yet to be written."""
_ANCHOR: Final = {
    frozenset({True}): "start",
    frozenset({True, False}): "mixed",
    frozenset({False}): "previous",
    frozenset(): "previous",
}
Turns: TypeAlias = dict[Where, int]
"""The loops around a node, the outer ones first, and which turn of each it belongs to."""


def _mark(turns: Turns) -> str:
    """What the ids of a turn end with: nothing in the first."""
    return "" if set(turns.values()) <= {1} else "@" + ".".join(map(str, turns.values()))


class Flow:
    """One cadence, from what is said to nodes.

    A list is laid out from its end, so that every node knows what follows it; the nodes come out in
    the order of the file by being turned round once.
    """

    def __init__(self, reading: Reading, where: Where, said: CadenceSaid) -> None:
        self.reading = reading
        self.where = where
        self.said = said
        self.nodes: list[Node] = []
        self.loops: dict[str, tuple[Where, ...]] = {}
        """The loops around each step, by its id."""
        reading.places.append(where)
        self.items = reading.items(said.steps, (*where, "steps"))
        self._check_ids()

    def _check_ids(self) -> None:
        named: list[tuple[str, Where]] = []
        jumps: list[tuple[Where, str]] = []
        todo: list[tuple[Item, tuple[Where, ...]]] = [(item, ()) for item in reversed(self.items)]
        while todo:
            item, loops = todo.pop()
            if isinstance(item.said, StepSaid):
                named.append((item.said.id, (*item.where, "id")))
                self.loops.setdefault(item.said.id, loops)
            elif isinstance(item.said, GoToSaid):
                jumps.append(((*item.where, "go_to"), item.said.go_to))
            elif isinstance(item.said, RepeatSaid):
                loops = (*loops, item.where)
            todo += [(one, loops) for part in reversed(item.inner) for one in reversed(part)]
        self.reading.twice(named, "step")
        for where, target in jumps:
            # A step that is at fault itself is no step yet, so nothing can be said of jumps to it.
            if target not in self.loops and not self.reading.faults:
                near = words.nearest(target, self.loops)
                hint = (
                    f"did you mean {near!r}?"
                    if near
                    else "expected the id of a step above or below"
                )
                self.reading.faults.append((where, f"unknown step {target!r}; {hint}"))

    def cadence(self) -> Cadence:
        """The cadence. Raises CadenceError if its loops make too many steps."""
        start = self._chain(self.items, None, {})
        said, audience = self.said, self.said.audience
        from_start = {node.since_start for node in self.nodes if isinstance(node, Pause)}
        return Cadence(
            name=said.name,
            where=self.where,
            nodes={node.id: node for node in reversed(self.nodes)},
            start=start,
            team=said.team,
            purpose=said.purpose,
            audience=Audience(
                kind=audience.kind,
                countries=tuple(audience.countries),
                zones=tuple(audience.zones),
                grounds=self._grounds(audience.relies_on),
                use=audience.points.use,
                source=audience.points.source,
                account=audience.same_account > 0,
                people=audience.same_account if audience.same_account > 1 else None,
            ),
            entry_signal=said.entry.signal,
            entry_hours=hours_of(said.entry.hours) if said.entry.hours else None,
            again=said.entry.again,
            exits=frozenset(said.exits),
            anchor=_ANCHOR[frozenset(from_start)],
            unknown=tuple(self._unknown()),
        )

    def _unknown(self) -> Iterator[NotUnderstood]:
        """The greetings whose placeholder is not known; of a loop, those of its first turn."""
        for node in reversed(self.nodes):
            if isinstance(node, Step) and node.step is None:
                found = not_understood(node.greeting)
                if found is not None:
                    placeholder, why = found
                    what = f"the placeholder {short(placeholder)} of a greeting"
                    yield NotUnderstood(what, (*node.where, "greeting"), why)

    def _grounds(self, said: list[GroundSaid] | None) -> tuple[Ground, ...] | None:
        """The grounds; a consent that names no purpose is for that of the cadence."""
        if said is None:
            return None
        own = {"consent": self.said.purpose}
        return tuple(
            Ground(each.kind, each.purpose or own.get(each.kind), each.channel, each.age or 0)
            for each in said
        )

    def _chain(self, items: list[Item], then: str | None, turns: Turns) -> str | None:
        """Lays out a list of steps that is followed by `then`; the id of what comes first."""
        for item in reversed(items):
            in_turns = item.where[-3:-1] == ("repeat", "steps")
            if self.reading.slots and in_turns:
                after = (*item.where[:-1], int(item.where[-1]) + 1)
                then = self._slot(after, then, turns)
            then = self._entry(item, then, turns)
            if self.reading.slots and not in_turns:
                then = self._slot(item.where, then, turns)
        return then

    def _slot(self, where: Where, then: str | None, turns: Turns) -> str:
        """A wait of no time, where one may be written."""
        where = (*where, SLOT)
        return self._add(Pause(self._id(where, turns), where, Elapsed(0, 0), then))

    def _entry(self, item: Item, then: str | None, turns: Turns) -> str | None:
        """Lays out one item; the id of what comes first in it."""
        self.reading.one_more(item.where)
        where, inner = item.where, item.inner
        node_id = self._id(where, turns)
        match item.said:
            case StepSaid() as said:
                return self._add(self._step(said, where, then, turns))
            case PauseSaid(wait=wait, from_=counted_from):
                return self._add(Pause(node_id, where, wait, then, counted_from == "start"))
            case HandoffSaid(handoff=to):
                return self._add(Handover(node_id, where, to, then))
            case EnterSaid(enter=name):
                return self._add(Enter(node_id, where, name, then))
            case GoToSaid(go_to=target):
                return target + _mark({loop: turns.get(loop, 1) for loop in self.loops[target]})
            case RepeatSaid(repeat=repeated):
                for turn in range(repeated.times, 0, -1):
                    then = self._chain(inner[0], then, {**turns, where: turn})
                return then
            case AwaitSaid(at_most=timeout) as said:
                late = self._chain(inner[-1], then, turns) if timeout else None
                arms = tuple(
                    Arm(self._chain(part, then, turns), arm.if_)
                    for arm, part in zip(said.wait_for[::-1], inner[-2::-1], strict=True)
                )
                return self._add(Await(node_id, where, arms[::-1], timeout, late))
            case BranchSaid() as said:
                return self._branch(item, said, then, turns)
            case _:
                return None

    def _add(self, node: Node) -> str:
        self.nodes.append(node)
        return node.id

    def _id(self, where: Where, turns: Turns) -> str:
        """The id of a node that the file gives none: where it stands in its cadence."""
        return "@" + ".".join(map(str, where[len(self.where) :])) + _mark(turns)

    def _step(self, said: StepSaid, where: Where, then: str | None, turns: Turns) -> Step:
        turn = _mark(turns)
        return Step(
            id=said.id + turn,
            where=where,
            channel=said.channel,
            then=then,
            team=said.team,
            purpose=said.purpose,
            sender=said.sender,
            tags=said.tags,
            greeting=said.greeting,
            unsubscribe=said.unsubscribe,
            offer=said.offer,
            deadline=said.deadline,
            not_after=said.not_after,
            because=said.because,
            template=said.template or " | ".join(said.variants) or None,
            discloses_source=said.discloses_source,
            automated=said.automated,
            attempts=said.retry.attempts if said.retry else 1,
            every=said.retry.every if said.retry else None,
            possible=said.possible,
            step=said.id if turn else None,
        )

    def _branch(self, item: Item, said: BranchSaid, then: str | None, turns: Turns) -> str | None:
        """A branch. One that asks for signals becomes a row of yes-or-no branches: the first that
        fits is taken."""
        otherwise = self._chain(item.inner[-1], then, turns)
        arms: list[Arm] = []
        for place, arm in reversed(list(enumerate(said.branch))):
            to = self._chain(item.inner[place], then, turns)
            if arm.kind != "signal":
                arms.insert(0, Arm(to, share=arm.share, text=arm.when or ""))
                continue
            where = (*item.where, "branch", place) if place else item.where
            signal, unless = arm.if_ or arm.unless, arm.if_ is None
            yes, no = Arm(to, signal, unless), Arm(otherwise, signal, not unless)
            otherwise = self._add(Branch(self._id(where, turns), where, (yes, no)))
        if not arms:
            return otherwise
        rest = 1 - sum(arm.share or 0 for arm in arms)
        if said.branch[0].kind == "when":
            arms.append(Arm(otherwise, text="otherwise"))
        elif rest > NOTHING:
            arms.append(Arm(otherwise, share=rest))
        return self._add(Branch(self._id(item.where, turns), item.where, tuple(arms)))
