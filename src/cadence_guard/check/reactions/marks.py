"""Where a cadence asks for a signal: whoever has sent it goes another way from there.

So these places are stops of a way, too (`Mark`), and a signal comes before a touch only if none on
the way to it would have heard it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from cadence_guard._struct import struct
from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Node,
    Pause,
    Step,
    follow,
)
from cadence_guard.check.paths import What


@struct
class Mark(Enter):
    """A place where a cadence asks for signals, as a stop on a way that somebody goes who has sent
    none of these `kinds`.

    With `since`, only what came after the mark of that id counts: a wait `begins` there.
    """

    kinds: frozenset[str] = frozenset()
    since: str | None = None
    begins: bool = False


def asks(what: What, kind: str) -> bool:
    """Whether it is asked for a signal at a stop."""
    return isinstance(what, Mark) and not what.begins and kind in what.kinds


def deafens(what: What, kind: str) -> bool:
    """Whether what came before a stop is not heard behind it: a wait for the signal begins there,
    or a cadence that may have it for an exit."""
    if isinstance(what, Mark):
        return what.begins and kind in what.kinds
    return isinstance(what, Enter)


def marked(cadence: Cadence, kinds: Collection[str]) -> Cadence:
    """A cadence with a mark wherever it asks for some of the signals."""
    nodes: dict[str, Node] = {}

    def behind(asks: Node, n: int, then: str | None, **mark: Any) -> str | None:
        """What comes then, behind a mark."""
        if then is None or not mark["kinds"]:
            return then
        id_ = f"{asks.id}\0{n}"
        nodes[id_] = Mark(id_, asks.where, "\0", then, **mark)
        return id_

    for node in cadence.nodes.values():
        match node:
            case Branch(arms=arms):
                gone: frozenset[str] = frozenset()  # the signals that lead to an arm before
                ways: list[Arm] = []
                for n, arm in enumerate(arms):
                    mine = gone.union({arm.signal or ""}.intersection(kinds))
                    then = behind(node, n, arm.then, kinds=mine if arm.unless else gone)
                    ways.append(replace(arm, then=then))
                    gone = gone if arm.unless else mine
                node = replace(node, arms=tuple(ways))
            case Await(id=id_, arms=arms, then=then) if asked := _asked(arms).intersection(kinds):
                nodes[id_] = Mark(id_, node.where, "\0", f"{id_}\0", asked, begins=True)
                node = replace(
                    node,
                    id=f"{id_}\0",
                    arms=tuple(
                        replace(arm, then=behind(node, n, arm.then, kinds=asked, since=id_))
                        for n, arm in enumerate(arms)
                    ),
                    then=behind(node, len(arms), then, kinds=asked, since=id_),
                )
            case _:
                pass
        nodes[node.id] = node
    return replace(cadence, nodes=nodes)


def exposed(cadence: Cadence, kind: str) -> set[str]:
    """The nodes that somebody who has just sent a signal may come to, however short the waits: by
    ways on which nothing asks for it since the last one."""
    waits = {id_ for id_, node in cadence.nodes.items() if _lasts(node)}
    hears = {
        id_
        for id_, node in cadence.nodes.items()
        if isinstance(node, Await) and kind in _asked(node.arms)
    }
    todo = [then for id_ in waits - hears for then in follow(cadence.nodes[id_])]
    seen: set[str] = set()
    while todo:
        id_ = todo.pop()
        if id_ is not None and id_ in cadence.nodes and id_ not in seen:
            seen.add(id_)
            if id_ in hears or id_ not in waits:
                todo += _past(cadence.nodes[id_], kind)
    return seen


def _lasts(node: Node) -> bool:
    """Whether time passes at a node, or a touch is made there."""
    if isinstance(node, Pause):
        return not (isinstance(node.wait, Elapsed) and node.wait.high == 0)
    return isinstance(node, (Step, Await))


def _asked(arms: Sequence[Arm]) -> frozenset[str]:
    """The signals that arms ask for."""
    return frozenset(arm.signal for arm in arms if arm.signal is not None)


def _past(node: Node, kind: str) -> Iterator[str | None]:
    """Where a node leads somebody who has sent a signal."""
    if not isinstance(node, Branch):
        yield from follow(node)
        return
    for arm in node.arms:
        if arm.signal == kind and arm.unless:
            continue
        yield arm.then
        if arm.signal == kind:
            return
