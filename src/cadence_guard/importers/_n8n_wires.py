"""The nodes of a workflow of n8n and the wires between them, each loop and merge made plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from cadence_guard.cadence import Elapsed, NotUnderstood, Where
from cadence_guard.importers._n8n_boxes import Box, at, clip, show
from cadence_guard.importers._n8n_waits import wait_of
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import LONGEST, is_number, some, text

LOOKS: Final = 300_000
"""Wires followed for one question. A workflow that asks for more is told so, not followed on."""
Targets: TypeAlias = list[tuple[str, int]]
"""The nodes that one output is wired to, each with the number of its input."""


class Wires:
    """The boxes of a workflow by their names, and what their outputs are wired to."""

    def __init__(self, source: Source, where: Where, data: Mapping[str, Any]) -> None:
        nodes, connections = data["nodes"], data["connections"]
        if not isinstance(nodes, list):
            raise source.error((*where, "nodes"), "nodes must be a list of nodes")
        if not isinstance(connections, dict):
            raise source.error(
                (*where, "connections"),
                "connections must map the name of a node to what its outputs are wired to",
            )
        self.where = where
        self.zone_name = text(at(data, "settings", "timezone"))
        self.stray: list[NotUnderstood] = []
        self.boxes = self._boxes(nodes)
        self.outs: dict[str, list[Targets]] = {}
        self.tools: dict[str, list[str]] = {}
        """The tools that hang on each agent."""
        self._wire(connections)
        self.back: set[tuple[str, str]] = set()
        """The wires that lead from a loop's body back to it."""
        self._find_turns()
        self._join()

    # -- reading ---------------------------------------------------------------------------------

    def _boxes(self, nodes: Sequence[object]) -> dict[str, Box]:
        boxes: dict[str, Box] = {}
        for index, node in enumerate(nodes):
            where = (*self.where, "nodes", index)
            name, kind = text(at(node, "name")), text(at(node, "type"))
            if not isinstance(node, dict) or name is None or kind is None:
                self.missed(f"node {index + 1}", where, "a node has a name and a type")
            elif name in boxes:
                why = f"another node is named {name!r}, too; n8n knows a node by its name"
                self.missed(f"node {index + 1}", (*where, "name"), why)
            else:
                what = f"node {name!r}"
                version, parameters = node.get("typeVersion", 1), node.get("parameters")
                if not is_number(version):
                    why = f"the version of its type is {clip(show(version))!r}, no number"
                    self.missed(what, (*where, "typeVersion"), why)
                if not isinstance(parameters, dict | None):
                    why = f"its parameters are {clip(show(parameters))!r}; expected a mapping"
                    self.missed(what, (*where, "parameters"), why)
                if node.get("disabled") not in (None, True, False):
                    why = "expected true or false, so it is taken as not disabled"
                    self.missed(what, (*where, "disabled"), why)
                boxes[name] = Box(
                    name,
                    kind,
                    kind.rpartition(".")[2].casefold(),
                    version if is_number(version) else 1,
                    parameters if isinstance(parameters, dict) else {},
                    where,
                    node.get("disabled") is True,
                    node.get("onError") == "continueErrorOutput",
                )
        return boxes

    def _wire(self, connections: Mapping[str, object]) -> None:
        lost: dict[str, None] = {}
        for name, entry in connections.items():
            where = (*self.where, "connections", name)
            if name not in self.boxes:
                lost[name] = None
                continue
            tools = self._targets(entry, "ai_tool", where) if at(entry, "ai_tool") else ()
            for target, _, _ in tools:
                if target in self.boxes:
                    self.tools.setdefault(target, []).append(name)
                else:
                    lost[target] = None
            outputs: list[Targets] = []
            for target, output, index in self._targets(entry, "main", where):
                if target not in self.boxes:
                    lost[target] = None
                    continue
                while len(outputs) <= output:
                    outputs.append([])
                outputs[output].append((target, index))
            self.outs[name] = outputs
        if lost:
            why = f"they speak of nodes that are not there: {some([*lost])}; n8n leaves them out"
            self.missed("connections", (*self.where, "connections"), why)

    def _targets(self, entry: object, kind: str, where: Where) -> list[tuple[str, int, int]]:
        """(node, output, input) of the wires of one kind that leave a node."""
        found: list[tuple[str, int, int]] = []
        wrong = not isinstance(entry, dict)
        outputs = at(entry, kind)
        wrong |= not isinstance(outputs, list | None)
        for output, targets in enumerate(outputs if isinstance(outputs, list) else ()):
            wrong |= not isinstance(targets, list | None)
            for target in targets if isinstance(targets, list) else ():
                name, index = at(target, "node"), at(target, "index")
                if isinstance(name, str):
                    found.append((name, output, index if isinstance(index, int) else 0))
                else:
                    wrong = True
        if wrong:
            why = "expected lists of nodes, one an output"
            self.missed(f"connections of {where[-1]!r}", where, why)
        return found

    # -- loops over items, and merges ------------------------------------------------------------

    def _find_turns(self) -> None:
        """Finds the wires that lead from a loop's body back to it."""
        looks = LOOKS
        for box in self.boxes.values():
            if not box.is_loop:
                continue
            body = {target for target, _ in self.loop(box)[0]}
            rest = list(body - {box.name})
            while rest and looks > 0:
                for target in self.next(rest.pop()):
                    looks -= 1
                    if target not in body:
                        body.add(target)
                        if target != box.name:
                            rest.append(target)
            if rest:
                self.too_many(box, "loops")
                return
            self.back |= {(name, box.name) for name in body}

    def loop(self, box: Box) -> tuple[Targets, Targets]:
        """What a loop over items is wired to: for each of them, and when all are done."""
        outputs = [*self.outs.get(box.name, ()), [], []][:2]
        first, second = outputs
        return (second, first) if box.version >= 3 else (first, second)

    def next(self, name: str) -> list[str]:
        return [target for targets in self.outs.get(name, ()) for target, _ in targets]

    def _join(self) -> None:
        """Leaves a merge one input of those that run side by side: it runs once, for all."""
        self.looks = LOOKS
        merges = [box for box in self.boxes.values() if box.short == "merge" and not box.disabled]
        if not merges:
            return
        before: dict[str, list[tuple[str, int]]] = {}
        for name, outputs in self.outs.items():
            for targets in outputs:
                for target, index in targets:
                    before.setdefault(target, []).append((name, index))
        cut: set[tuple[str, int]] = set()
        for box in merges:
            inputs = sorted({index for _, index in before.get(box.name, ())})
            above = {index: self._above(box.name, index, before) for index in inputs}
            kept = min(inputs, key=lambda index: (*self._own(index, above), index), default=0)
            for index in inputs:
                if index != kept and self._side_by_side(box.name, kept, index, above):
                    cut.add((box.name, index))
            if self.looks <= 0:
                self.too_many(box, "merges")
                break
        for outputs in self.outs.values():
            for targets in outputs:
                targets[:] = [target for target in targets if target not in cut]

    def _above(
        self, merge: str, index: int, before: Mapping[str, list[tuple[str, int]]]
    ) -> set[str]:
        """The nodes that lead to one input of a merge."""
        found = {name for name, number in before[merge] if number == index}
        rest = list(found)
        while rest and self.looks > 0:
            for name, _ in before.get(rest.pop(), ()):
                self.looks -= 1
                if name not in found and name != merge:
                    found.add(name)
                    rest.append(name)
        return found

    def _own(self, index: int, above: Mapping[int, set[str]]) -> tuple[bool, float]:
        """What lies above one input alone: whether it can end, and how long it does not wait."""
        own = above[index].difference(*(names for other, names in above.items() if other != index))
        boxes = [self.boxes[name] for name in own if not self.boxes[name].disabled]
        waits = [wait_of(box, self.zone_name) for box in boxes if box.short == "wait"]
        length = sum(wait.low if isinstance(wait, Elapsed) else LONGEST for wait, _ in waits)
        return any(box.short in ("if", "filter", "switch") for box in boxes), -length

    def _side_by_side(
        self, merge: str, one: int, other: int, above: Mapping[int, set[str]]
    ) -> bool:
        """Whether one output leads to both inputs of a merge, by two of its wires."""
        for name in above[one] & above[other]:
            for targets in self.outs[name]:
                self.looks -= len(targets)
                if self.looks <= 0:
                    return False
                to_one, to_other = (
                    {
                        number
                        for number, (target, at) in enumerate(targets)
                        if target in above[index] or (target == merge and at == index)
                    }
                    for index in (one, other)
                )
                if to_one and to_other and len(to_one | to_other) > 1:
                    return True
        return False

    def missed(self, what: str, where: Where, why: str) -> None:
        self.stray.append(NotUnderstood(what, where, why))

    def too_many(self, box: Box, what: str) -> None:
        self.missed(f"node {box.name!r}", box.where, f"too many {what} to follow them all")
