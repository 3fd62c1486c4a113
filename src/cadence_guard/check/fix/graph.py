"""Waits in the graph of a cadence: setting one, putting one there, leaving out those of no time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Handover,
    Node,
    Pause,
    Step,
    Wait,
    Where,
    follow,
)


@lru_cache(maxsize=2)
def ways_in(cadence: Cadence) -> dict[str, list[Node | None]]:
    """What comes right before each node; None is the entry."""
    found: dict[str, list[Node | None]] = {cadence.start or "": [None]}
    for node in cadence.nodes.values():
        for id_ in follow(node):
            if id_ is not None:
                found.setdefault(id_, []).append(node)
    return found


def is_slot(node: Node) -> bool:
    """Whether a node is a wait of no time: where one could be written."""
    return isinstance(node, Pause) and node.wait == Elapsed(0, 0)


def without_slots(cadence: Cadence) -> Cadence:
    """The same without the waits of no time."""
    slots = {id_: node for id_, node in cadence.nodes.items() if is_slot(node)}

    def to(id_: str | None) -> str | None:
        while id_ in slots:
            (id_,) = follow(slots[id_])
        return id_

    nodes = {id_: _redirected(node, to) for id_, node in cadence.nodes.items() if id_ not in slots}
    return replace(cadence, nodes=nodes, start=to(cadence.start))


def with_wait(cadence: Cadence, where: Where, wait: Wait) -> Cadence:
    """The same with the wait that the file says at a place, wherever it comes, as it is to be."""
    nodes = dict(cadence.nodes)
    for id_, node in nodes.items():
        if isinstance(node, Pause) and node.where == where:
            nodes[id_] = replace(node, wait=wait)
        elif isinstance(node, Step) and (*node.where, "retry", "every") == where:
            nodes[id_] = replace(node, every=wait)
    return replace(cadence, nodes=nodes)


def with_wait_before(cadence: Cadence, where: Where, kind: str, wait: Wait) -> Cadence:
    """The same with a wait before all nodes of a place in the file; `kind` is what its own place
    ends with."""
    there = (*where, kind)
    ids = {node.id: f"{node.id} ({kind})" for node in cadence.nodes.values() if node.where == where}

    def to(id_: str | None) -> str | None:
        return ids.get(id_, id_) if id_ is not None else None

    nodes: dict[str, Node] = {}
    for id_, node in cadence.nodes.items():
        if id_ in ids:
            nodes[ids[id_]] = Pause(ids[id_], there, wait, id_)
        nodes[id_] = _redirected(node, to)
    return replace(cadence, nodes=nodes, start=to(cadence.start))


def _redirected(node: Node, to: Callable[[str | None], str | None]) -> Node:
    """A node that leads elsewhere."""

    def arms(given: tuple[Arm, ...]) -> tuple[Arm, ...]:
        return tuple(replace(arm, then=to(arm.then)) for arm in given)

    match node:
        case Branch():
            return replace(node, arms=arms(node.arms))
        case Fan():
            return replace(node, thens=tuple(to(then) or then for then in node.thens))
        case Await():
            return replace(node, arms=arms(node.arms), then=to(node.then))
        case _:
            assert isinstance(node, (Step, Pause, Handover, Enter))
            return replace(node, then=to(node.then))
