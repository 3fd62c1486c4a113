"""The way to a touch from what was before it, node by node: which waits stand on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from cadence_guard.cadence import (
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Node,
    Pause,
    Unknown,
    Where,
)
from cadence_guard.check.fix.graph import ways_in
from cadence_guard.check.layout import Leg, SinceStart
from cadence_guard.check.paths import Heard, Made, Path, What
from cadence_guard.check.proof import Objected

ROUTES: Final = 2_000
"""How many nodes are looked at to find the way to a touch from what was before it."""


class Route(NamedTuple):
    """The nodes between a touch and what was before it: a touch, a signal, the entry. `origin` is
    where the file says that."""

    origin: Where
    nodes: tuple[Node, ...]


def route_to(cadence: Cadence, path: Path, index: int) -> Route | None:
    """The nodes between a stop of a way and what was before it; None if they are not found."""
    what, stop = path.items[index]
    before = path.items[stop.after].what if stop.after >= 0 else None
    wanted = [replace(leg, base=-1) if isinstance(leg, SinceStart) else leg for leg in stop.legs]
    before_each = ways_in(cadence)
    todo: list[tuple[str, tuple[Node, ...]]] = [(_id_of(what), ())]
    for _ in range(ROUTES):
        if not todo:
            break
        id_, nodes = todo.pop()
        arrived = legs_of(nodes) == wanted
        for node in before_each.get(id_, ()):
            if _begins(node, id_, before) and arrived:
                return Route(() if node is None else node.where, nodes)
            if isinstance(node, (Pause, Branch, Fan, Await)):
                todo.append((node.id, (node, *nodes)))
    return None


def stop_of(cadence: Cadence, objected: Objected) -> int:
    """The stop of a cadence that is to come later: the touch, or where the cadence enters the one
    of the touch; -1 if that is not on the way."""
    items, index = objected.path.items, objected.index
    if objected.cadence.name == cadence.name:
        return index
    while index >= 0 and not _is_enter_of(cadence, items[index].what):
        index = items[index].stop.after
    return index


def _is_enter_of(cadence: Cadence, what: What) -> bool:
    node = cadence.nodes.get(what.id) if isinstance(what, Enter) else None
    return isinstance(what, Enter) and node is not None and node.where == what.where


def times_of(cadence: Cadence, path: Path, index: int, where: Where) -> int:
    """How often a wait comes on a way up to a stop: what it grows by counts so often."""
    items = path.items
    if is_retry(path, index):
        first = index
        while first and items[first - 1].what == items[index].what:
            first -= 1
        return index - first
    times = 0
    while index >= 0:
        route = route_to(cadence, path, index)
        times += sum(node.where == where for node in route.nodes) if route else 0
        index = items[index].stop.after
    return max(times, 1)


def is_retry(path: Path, index: int) -> bool:
    """Whether a stop is another attempt of a call."""
    what, stop = path.items[index]
    return (
        isinstance(what, Made)
        and what.step.attempts > 1
        and stop.after >= 0
        and path.items[stop.after].what == what
    )


def loops_around(where: Where) -> frozenset[Where]:
    """The loops around a place of a file, each turn of which is a node of its own."""
    return frozenset(where[:depth] for depth, key in enumerate(where) if key == "repeat")


def legs_of(nodes: Iterable[Node]) -> list[Leg]:
    """The waits at nodes that are gone through, those of elapsed time after one another as one."""
    found: list[Leg] = []
    for node in nodes:
        wait: Leg | None = None
        if isinstance(node, Pause):
            wait = SinceStart(node.wait) if node.since_start else node.wait
        elif isinstance(node, Await):
            wait = node.timeout
        last = found[-1] if found else None
        if isinstance(wait, Elapsed) and isinstance(last, Elapsed):
            high = None if last.high is None or wait.high is None else last.high + wait.high
            found[-1] = Elapsed(last.low + wait.low, high)
        elif wait is not None and wait != Elapsed(0, 0):
            found.append(wait)
    return found


def _begins(node: Node | None, then: str, before: What | None) -> bool:
    """Whether a node that leads to `then` is what was before on a way."""
    match before:
        case None:
            return node is None or (isinstance(node, Pause) and isinstance(node.wait, Unknown))
        case Heard(kind=kind):
            return isinstance(node, Await) and any(
                arm.then == then and arm.signal == kind for arm in node.arms
            )
        case _:
            return node.id == _id_of(before) if node is not None else isinstance(before, Enter)


def _id_of(what: What) -> str:
    """The id of the node of a stop; a signal has none."""
    match what:
        case Made(step=step):
            return step.id
        case Heard():
            return ""
        case _:
            return what.id
