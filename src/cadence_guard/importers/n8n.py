"""Workflows of n8n: nodes wired by name, each trigger an entry.

One contact is followed through the graph, as an item of data is. A loop over items is a loop over
contacts, so the contact goes through it once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any, Final, TypeAlias, TypeGuard

from cadence_guard._struct import struct
from cadence_guard.cadence import (
    Arm,
    Branch,
    Cadence,
    CadenceFile,
    Elapsed,
    Fan,
    Label,
    Node,
    NotUnderstood,
    Pause,
    Step,
    Unknown,
    UntilDate,
    Wait,
    Where,
    fixed,
)
from cadence_guard.importers._labels import label_seconds
from cadence_guard.importers._n8n_files import is_workflow, recognises, workflows
from cadence_guard.importers._n8n_nodes import Hidden, Sends, effect, literal
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, MINUTE, SECOND, parse_instant, to_us, zone

__all__ = ["FORMAT", "read", "recognises"]

FORMAT: Final = "n8n"

_LOOKS: Final = 300_000
"""Wires followed for one question. A workflow that asks for more is told so, not followed on."""
_LONGEST_WAIT: Final = 100 * 366 * DAY
_THROTTLE: Final = 5 * MINUTE
"""A shorter wait spaces calls to a service; it is no schedule."""
_LONGEST_TEXT: Final = 120

_UNIT: Final = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
_TRIGGERS: Final = frozenset({"webhook", "cron", "interval", "start", "emailreadimap"})
_RECURRING: Final = frozenset({"scheduletrigger", "cron", "interval"})

Targets: TypeAlias = list[tuple[str, int]]
"""The nodes that one output is wired to, each with the number of its input."""


def read(source: Source) -> CadenceFile:
    """The cadences of the workflows: one for each trigger that reaches something that sends.

    Raises CadenceError, with the place, where nodes or connections are none.
    """
    cadences: list[Cadence] = []
    for where, data in workflows(source.data):
        if not is_workflow(data):
            raise source.error(where, "expected a workflow of n8n, with nodes and connections")
        cadences += _Workflow(source, where, data).cadences()
    taken = {cadence.name for cadence in cadences}
    counts: dict[str, int] = {}
    for index, cadence in enumerate(cadences):
        name = cadence.name
        counts[name] = count = counts.get(name, 0) + 1
        if count > 1:
            while f"{name} ({count})" in taken:
                count += 1
            taken.add(f"{name} ({count})")
            cadences[index] = replace(cadence, name=f"{name} ({count})")
    return CadenceFile(FORMAT, tuple(cadences))


@struct
class _Box:
    """A node as the file has it. `name` identifies it, `kind` is its type; `short` that without
    the package, in small letters."""

    name: str
    kind: str
    short: str
    version: float
    parameters: Mapping[str, Any]
    where: Where
    disabled: bool
    error_output: bool

    @property
    def is_trigger(self) -> bool:
        return self.short in _TRIGGERS or self.short.endswith("trigger")


class _Workflow:
    """One workflow, on its way from boxes and wires to cadences."""

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
        self.name = _text(data.get("name")) or _text(_at(data, "meta", "name")) or "workflow"
        self.zone = _text(_at(data, "settings", "timezone"))
        self.stray: list[NotUnderstood] = []
        self.boxes = self._boxes(nodes)
        self.outs: dict[str, list[Targets]] = {}
        self.tools: dict[str, list[str]] = {}
        self._wire(connections)
        self.back: set[tuple[str, str]] = set()
        self._find_turns()
        self._join()
        self.made: dict[str, Node] = {}
        self.said: dict[str, NotUnderstood] = {}
        self.labels: dict[str, Label] = {}
        self.assumed: dict[str, str] = {}
        self.ids: dict[tuple[str, str], str] = {}
        self.taken = set(self.boxes)
        wired = {target for name in self.outs for target in self._next(name)}
        hung = {tool for tools in self.tools.values() for tool in tools}
        self.only_tools = {name for name in hung - wired if not self._next(name)}
        self.holders: dict[str, str] = {}
        self.hands = self._hands()
        for box in self.boxes.values():
            if box.name not in self.only_tools:
                self._make(box)
        self._settle()

    # -- reading ---------------------------------------------------------------------------------

    def _boxes(self, nodes: Sequence[object]) -> dict[str, _Box]:
        boxes: dict[str, _Box] = {}
        for index, node in enumerate(nodes):
            where = (*self.where, "nodes", index)
            name, kind = _text(_at(node, "name")), _text(_at(node, "type"))
            if not isinstance(node, dict) or name is None or kind is None:
                self.stray.append(
                    NotUnderstood(f"node {index + 1}", where, "a node has a name and a type")
                )
            elif name in boxes:
                self.stray.append(
                    NotUnderstood(
                        f"node {index + 1}",
                        (*where, "name"),
                        f"another node is named {name!r}, too; n8n knows a node by its name",
                    )
                )
            else:
                version, parameters = node.get("typeVersion", 1), node.get("parameters")
                if not _is_number(version):
                    why = f"the version of its type is {_clip(_show(version))!r}, no number"
                    self.stray.append(NotUnderstood(f"node {name!r}", (*where, "typeVersion"), why))
                if node.get("disabled") not in (None, True, False):
                    why = "expected true or false, so it is taken as not disabled"
                    self.stray.append(NotUnderstood(f"node {name!r}", (*where, "disabled"), why))
                boxes[name] = _Box(
                    name,
                    kind,
                    kind.rpartition(".")[2].casefold(),
                    version if _is_number(version) else 1,
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
            tools = self._targets(entry, "ai_tool", where) if _at(entry, "ai_tool") else ()
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
            some = ", ".join(repr(name) for name in list(lost)[:3])
            more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
            self.stray.append(
                NotUnderstood(
                    "connections",
                    (*self.where, "connections"),
                    f"they speak of nodes that are not there: {some}{more}; n8n leaves them out",
                )
            )

    def _targets(self, entry: object, kind: str, where: Where) -> list[tuple[str, int, int]]:
        """(node, output, input) of the wires of one kind that leave a node."""
        found: list[tuple[str, int, int]] = []
        wrong = not isinstance(entry, dict)
        outputs = _at(entry, kind)
        wrong |= not isinstance(outputs, list | None)
        for output, targets in enumerate(outputs if isinstance(outputs, list) else ()):
            wrong |= not isinstance(targets, list | None)
            for target in targets if isinstance(targets, list) else ():
                name, index = _at(target, "node"), _at(target, "index")
                if isinstance(name, str):
                    found.append((name, output, index if isinstance(index, int) else 0))
                else:
                    wrong = True
        if wrong:
            self.stray.append(
                NotUnderstood(
                    f"connections of {where[-1]!r}", where, "expected lists of nodes, one an output"
                )
            )
        return found

    # -- loops over items, and merges ------------------------------------------------------------

    def _find_turns(self) -> None:
        """Finds the wires that lead from a loop's body back to it."""
        looks = _LOOKS
        for box in self.boxes.values():
            if not _is_loop(box):
                continue
            body = {target for target, _ in self._loop(box)[0]}
            rest = list(body - {box.name})
            while rest and looks > 0:
                for target in self._next(rest.pop()):
                    looks -= 1
                    if target not in body:
                        body.add(target)
                        if target != box.name:
                            rest.append(target)
            if rest:
                self._too_many(box, "loops")
                return
            self.back |= {(name, box.name) for name in body}

    def _loop(self, box: _Box) -> tuple[Targets, Targets]:
        """What a loop over items is wired to: for each of them, and when all are done."""
        outputs = [*self.outs.get(box.name, ()), [], []][:2]
        first, second = outputs
        return (second, first) if box.version >= 3 else (first, second)

    def _next(self, name: str) -> list[str]:
        return [target for targets in self.outs.get(name, ()) for target, _ in targets]

    def _join(self) -> None:
        """Leaves a merge one input of those that run side by side: it runs once, for all."""
        self.looks = _LOOKS
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
                self._too_many(box, "merges")
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
        waits = [self._wait(box) for box in boxes if box.short == "wait"]
        length = sum(wait.low if isinstance(wait, Elapsed) else _LONGEST_WAIT for wait, _ in waits)
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

    # -- from boxes to nodes ---------------------------------------------------------------------

    def _id(self, name: str, suffix: str) -> str:
        """The id of a node that a box needs besides the one of its own name."""
        if (known := self.ids.get((name, suffix))) is not None:
            return known
        key = f"{name} ({suffix})"
        while key in self.taken:
            key += "'"
        self.taken.add(key)
        self.ids[name, suffix] = key
        return key

    def _head(self, name: str) -> str:
        """The first of the nodes of a box."""
        box = self.boxes[name]
        if box.disabled or not (box.error_output or name in self.hands):
            return name
        if self._may_fail(box):
            return self._id(name, "error output")
        tools = self.hands.get(name)
        return self._tool_id(tools[0], name) if tools else name

    def _may_fail(self, box: _Box) -> bool:
        """Whether it sends, and has another way for when that fails."""
        outputs = self.outs.get(box.name, ())
        return box.error_output and len(outputs) > 1 and isinstance(self._effect(box), Sends)

    def _effect(self, box: _Box) -> Sends | Hidden | None:
        return effect(box.kind, box.parameters)

    def _hands(self) -> dict[str, list[str]]:
        """For each agent the tools, its own and those of agents among them, that may send."""
        hands: dict[str, list[str]] = {}
        looks = _LOOKS
        for agent in self.tools:
            if self.boxes[agent].disabled or agent in self.only_tools:
                continue
            seen = {agent}
            rest = self.tools[agent][::-1]
            while rest and looks > 0:
                looks -= 1
                name = rest.pop()
                if name not in seen:
                    seen.add(name)
                    rest += self.tools.get(name, ())[::-1]
                    box = self.boxes[name]
                    if not box.disabled and self._effect(box) is not None:
                        hands.setdefault(agent, []).append(name)
            if rest:
                self._too_many(self.boxes[agent], "tools")
                break
        return hands

    def _tool_id(self, tool: str, agent: str) -> str:
        """A tool in the hands of one agent has its own name."""
        if tool in self.only_tools and self.holders.setdefault(tool, agent) == agent:
            return tool
        return self._id(tool, agent)

    def _too_many(self, box: _Box, what: str) -> None:
        self.stray.append(
            NotUnderstood(f"node {box.name!r}", box.where, f"too many {what} to follow them all")
        )

    def _together(self, box: _Box, suffix: str, targets: Targets) -> str | None:
        """The one node that stands for all that an output is wired to."""
        heads = [
            self._id(target, "done") if (box.name, target) in self.back else self._head(target)
            for target, _ in targets
        ]
        if len(heads) < 2:
            return heads[0] if heads else None
        key = self._id(box.name, suffix)
        self.made[key] = Fan(key, (*box.where, "name"), tuple(heads))
        return key

    def _pass(self, key: str, box: _Box, then: str | None) -> None:
        """A node at which nothing happens that the contact would notice."""
        self.made[key] = Fan(key, (*box.where, "name"), () if then is None else (then,))

    def _make(self, box: _Box) -> None:
        name, where = box.name, (*box.where, "name")
        outputs = self.outs.get(name, [])
        first = outputs[0] if outputs else []
        if box.short == "wait":
            self._make_wait(box, self._together(box, "then", first))
        elif box.disabled:
            self._pass(name, box, self._together(box, "then", first))
        elif _is_loop(box):
            self._make_loop(box)
        elif isinstance(sends := self._effect(box), Sends):
            self._make_step(box, sends, outputs)
        else:
            if sends is not None:
                self.said[name] = NotUnderstood(f"node {name!r} ({box.kind})", where, sends.why)
            self._make_quiet(box, outputs)
        if not box.disabled:
            self._make_tools(box)

    def _make_wait(self, box: _Box, then: str | None) -> None:
        name, where = box.name, (*box.where, "name")
        wait, wrong = (fixed(0), None) if box.disabled else self._wait(box)
        seconds = None
        if isinstance(wait, Elapsed) and wait.low == wait.high:
            seconds = wait.low / SECOND
        default = None
        if not box.disabled and not {"amount", "unit"} <= box.parameters.keys():
            default = f"n8n's Wait, version {box.version:g}"
        labelled = label_seconds(name, seconds)
        self.labels[name] = Label(name, where, seconds, labelled, default)
        if wrong:
            self.said[name] = NotUnderstood(f"wait {name!r}", where, wrong)
        if box.disabled:
            self._pass(name, box, then)
        else:
            self.made[name] = Pause(name, where, wait, then)

    def _make_step(self, box: _Box, sends: Sends, outputs: list[Targets]) -> None:
        name, where = box.name, (*box.where, "name")
        if sends.fixed:
            self.assumed[name] = f"{name!r} writes to one fixed address: taken as the contact's own"
        then = self._together(box, "then", outputs[0] if outputs else [])
        if literal(box.parameters, "operation") == "sendAndWait":
            then = self._answer(box, then)
        self.made[name] = Step(name, where, sends.channel, then)
        if self._may_fail(box):
            failed = self._together(box, "error", [each for rest in outputs[1:] for each in rest])
            key = self._id(name, "error output")
            self.made[key] = Branch(
                key, where, (Arm(name, text="it is sent"), Arm(failed, text="sending fails"))
            )

    def _answer(self, box: _Box, then: str | None) -> str:
        key = self._id(box.name, "answer")
        why = "until somebody answers the message"
        self.made[key] = Pause(key, (*box.where, "name"), Unknown(why), then)
        return key

    def _make_quiet(self, box: _Box, outputs: list[Targets]) -> None:
        name, where = box.name, (*box.where, "name")
        arms = self._arms(box, outputs)
        if arms is None:
            then = self._together(box, "then", outputs[0] if outputs else [])
            if literal(box.parameters, "operation") == "sendAndWait" or box.short == "form":
                then = self._answer(box, then)
            self._pass(name, box, then)
        else:
            self.made[name] = Branch(
                name,
                where,
                tuple(
                    replace(arm, then=self._together(box, f"output {index + 1}", outputs[index]))
                    if index < len(outputs)
                    else arm
                    for index, arm in enumerate(arms)
                ),
            )

    def _make_loop(self, box: _Box) -> None:
        each, done = self._loop(box)
        self._pass(box.name, box, self._together(box, "each", each))
        if each:
            self.assumed[box.name] = (
                f"the items of {box.name!r} are different contacts; each goes through it once"
            )
        key = self._id(box.name, "done")
        why = "until the loop is through with the other contacts"
        then = self._together(box, "all done", done)
        self.made[key] = Pause(key, (*box.where, "name"), Unknown(why), then)

    def _make_tools(self, box: _Box) -> None:
        """What the tools of an agent may do, one after the other, before the agent is done."""
        ids = [(tool, self._tool_id(tool, box.name)) for tool in self.hands.get(box.name, ())]
        thens = (*(key for _, key in ids[1:]), box.name)
        for (tool, key), then in zip(ids, thens, strict=False):
            hung = self.boxes[tool]
            where = (*hung.where, "name")
            does = self._effect(hung)
            if isinstance(does, Sends):
                self.made[key] = Step(key, where, does.channel, then, possible=True)
            else:
                assert does is not None  # what does nothing is in nobody's hands
                self._pass(key, hung, then)
                self.said[key] = NotUnderstood(f"tool {tool!r} ({hung.kind})", where, does.why)

    def _arms(self, box: _Box, outputs: list[Targets]) -> list[Arm] | None:
        """The ways out of a node that takes one of several; None if there is but one."""
        if box.short == "if":
            return _if_arms(box)
        if box.short == "filter":
            passes, drops = _if_arms(box)
            return [passes, replace(drops, text="it is filtered out")]
        if box.short == "switch":
            if _at(box.parameters, "options", "allMatchingOutputs") is True:
                self.said[box.name] = NotUnderstood(
                    f"node {box.name!r}",
                    (*box.where, "name"),
                    "may take several outputs at once; it is read as if it took one",
                )
            return _switch_arms(box, len(outputs))
        if any(outputs[1:]):
            arms = [Arm(None, text=f"output {index + 1}") for index in range(len(outputs))]
            if box.error_output:
                arms[-1] = Arm(None, text="it fails")
            return arms
        return None

    # -- waits -----------------------------------------------------------------------------------

    def _wait(self, box: _Box) -> tuple[Wait, str | None]:
        """What a wait waits for, and what is wrong with it."""
        parameters = box.parameters
        resume = parameters.get("resume", "timeInterval")
        if resume == "timeInterval":
            units = ("hours", 1) if box.version == 1 else ("seconds", 5)
            return _interval(parameters.get("amount", units[1]), parameters.get("unit", units[0]))
        if resume == "specificTime":
            return self._until(parameters.get("dateTime"))
        if resume in ("webhook", "form"):
            what = "a webhook is called" if resume == "webhook" else "a form is sent in"
            if parameters.get("limitWaitTime") is not True:
                return Unknown(f"until {what}"), None
            if parameters.get("limitType", "afterTimeInterval") == "afterTimeInterval":
                longest, wrong = _interval(
                    parameters.get("resumeAmount", 1), parameters.get("resumeUnit", "hours")
                )
                if isinstance(longest, Elapsed):
                    return Elapsed(0, longest.high), None
                return longest, wrong
            return Unknown(f"until {what} or a date comes"), None
        if _is_expression(resume):
            return Unknown(f"until what {_clip(resume)} says"), None
        return Unknown(
            "for what is not known here"
        ), f"unknown way to resume: {_clip(_show(resume))!r}"

    def _until(self, date: object) -> tuple[Wait, str | None]:
        if _is_expression(date):
            return Unknown(f"until {_clip(date)}"), None
        text = _show(date).removeprefix("=")
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return UntilDate(to_us(parse_instant(moment))), None
            local = to_us(parse_instant(moment.replace(tzinfo=UTC)))
        except ValueError:
            why = f"expected a date and time, such as 2026-03-03T09:00:00, not {_clip(text)!r}"
            return Unknown("until a date that is none"), why
        try:
            return UntilDate(zone(self.zone or "DEFAULT").instant(local, latest=False)), None
        except ValueError:  # the zone of the machine that runs it
            return Unknown(f"until {_clip(text)}, in a zone that the file does not name"), None

    # -- from nodes to cadences ------------------------------------------------------------------

    def _settle(self) -> None:
        """Leaves out what leads to no touch, and what the contact would not notice."""
        before: dict[str, list[str]] = {}
        for key, node in self.made.items():
            for then in _ways(node):
                if then is not None:
                    before.setdefault(then, []).append(key)
        rest = [key for key, node in self.made.items() if isinstance(node, Step)]
        self.live = set(rest)
        while rest:
            for key in before.get(rest.pop(), ()):
                if key not in self.live:
                    self.live.add(key)
                    rest.append(key)
        self.goes: dict[str, str] = {}
        forks = [node for node in self.made.values() if isinstance(node, Branch)]
        rounds = 8  # in each, what all arms of a branch lead to comes nearer
        while rounds:
            rounds -= 1
            known, self.goes = self.goes, {}
            for key in self.made:
                if key in self.live:
                    self._find(key, known)
            if not any(
                self.goes.get(fork.id) == fork.id and _one_end(fork, self.goes) for fork in forks
            ):
                rounds = 0
        self.place = {key: index for index, key in enumerate(self.made)}
        self.kept = {
            key: self._turned(node) for key, node in self.made.items() if self.goes.get(key) == key
        }

    def _find(self, key: str, known: Mapping[str, str]) -> None:
        """Where one comes to from a live node without anything that the contact would notice."""
        path: list[str] = []
        while key not in self.goes:
            node = self.made[key]
            way = None
            if isinstance(node, Fan):
                ways = [then for then in node.thens if then in self.live]
                way = ways[0] if len(ways) == 1 else None
            elif isinstance(node, Branch):
                way = _one_end(node, known)
            if way is None:
                self.goes[key] = key
            else:
                path.append(key)
                key = way
        self.goes.update(dict.fromkeys(path, self.goes[key]))

    def _turned(self, node: Node) -> Node:
        """The node, leading to what its ways lead to in the end."""
        if isinstance(node, Fan):
            return replace(
                node, thens=tuple(self.goes[key] for key in node.thens if key in self.live)
            )
        if isinstance(node, Branch):
            arms = (replace(arm, then=self._end(arm.then)) for arm in node.arms)
            return replace(node, arms=tuple(arms))
        assert isinstance(node, Step | Pause)
        then = self._end(node.then)
        return node if then == node.then else replace(node, then=then)

    def _end(self, then: str | None) -> str | None:
        return self.goes[then] if then is not None and then in self.live else None

    def _entries(self) -> list[_Box]:
        """The triggers, or where the workflow begins if it has none."""
        boxes = [box for box in self.boxes.values() if box.name not in self.only_tools]
        triggers = [box for box in boxes if box.is_trigger]
        if awake := [box for box in triggers if not box.disabled]:
            return awake
        if triggers:
            return triggers
        inner = {target for name in self.outs for target in self._next(name)}
        return [box for box in boxes if box.name not in inner]

    def _walk(self, start: str) -> set[str]:
        seen = {start}
        rest = [start]
        while rest:
            for then in _ways(self.made[rest.pop()]):
                if then is not None and then not in seen:
                    seen.add(then)
                    rest.append(then)
        return seen

    def cadences(self) -> list[Cadence]:
        """The cadences: one for each entry that reaches a touch, or what may hide one."""
        flows: dict[str, tuple[list[_Box], set[str]]] = {}
        seen: set[str] = set()
        looks = _LOOKS
        for box in self._entries():
            if looks <= 0:
                self._too_many(box, "triggers")
                break
            head = self._head(box.name)
            reached = self._walk(head)
            looks -= len(reached)
            seen |= reached
            start = self._end(head)
            if start is not None or not reached.isdisjoint(self.said):
                boxes, found = flows.setdefault(start or f"\0{head}", ([], set()))
                boxes.append(box)
                found |= reached
        loose = self.made.keys() - seen
        made: list[Cadence] = []
        for boxes, found in flows.values() or [([], set())]:
            real = [box for box in boxes if box.short != "manualtrigger"]
            entry = next(iter(real or boxes), None)
            made.append(self._cadence(entry, boxes, found | loose, alone=len(flows) < 2))
            loose = set()
        made[0] = replace(made[0], unknown=(*made[0].unknown, *self.stray))
        return made

    def _cadence(
        self, entry: _Box | None, boxes: Sequence[_Box], reached: Iterable[str], *, alone: bool
    ) -> Cadence:
        reached = sorted(reached, key=self.place.__getitem__)
        nodes = {key: self.kept[key] for key in reached if key in self.kept}
        name = self.name if alone or entry is None else f"{self.name}: {entry.name}"
        again = [box for box in boxes if box.short in _RECURRING]
        assumes = [f"{box.name!r} runs at any time and lets a contact in once" for box in again]
        assumes += _of(self.assumed, reached)
        start = self._end(self._head(entry.name)) if entry else None
        has_steps = any(isinstance(node, Step) for node in nodes.values())
        return Cadence(
            name=name,
            where=(*self.where, "name"),
            nodes=nodes,
            start=start,
            labels=tuple(_of(self.labels, reached)),
            unknown=tuple(_of(self.said, reached)),
            schedule=not has_steps or (start is not None and (not again or _has_times(nodes))),
            assumes=tuple(assumes),
        )


def _one_end(node: Branch, goes: Mapping[str, str]) -> str | None:
    """What all arms of a branch lead to, if that is one node that matters."""
    ends = {goes.get(arm.then) if arm.then is not None else None for arm in node.arms}
    return ends.pop() if len(ends) == 1 else None


def _ways(node: Node) -> Sequence[str | None]:
    """The nodes that may come right after one of those made here."""
    if isinstance(node, Fan):
        return node.thens
    if isinstance(node, Branch):
        return [arm.then for arm in node.arms]
    assert isinstance(node, Step | Pause)
    return (node.then,)


def _of(things: Mapping[str, Any], ids: Iterable[str]) -> list[Any]:
    return [things[key] for key in ids if key in things]


def _has_times(nodes: Mapping[str, Node]) -> bool:
    """Whether a wait among them is one that a schedule is made of."""
    waits = [node.wait for node in nodes.values() if isinstance(node, Pause)]
    return any(not isinstance(wait, Elapsed) or wait.low >= _THROTTLE for wait in waits)


def _is_loop(box: _Box) -> bool:
    return box.short == "splitinbatches" and not box.disabled


# -- values --------------------------------------------------------------------------------------


def _at(data: object, *keys: str) -> Any:
    """What mappings within one another hold, or None."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_expression(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and "{{" in value


def _show(value: object) -> str:
    """A value as text, if it is no list and no mapping."""
    return str(value) if isinstance(value, str | int | float | None) else type(value).__name__


def _clip(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def _interval(amount: object, unit: object) -> tuple[Wait, str | None]:
    if _is_expression(amount) or _is_expression(unit):
        return Unknown(f"for {_clip(f'{_show(amount)} {_show(unit)}')}"), None
    if isinstance(amount, str):
        try:
            amount = float(amount.removeprefix("="))
        except ValueError:
            amount = inf
    factor = _UNIT.get(unit) if isinstance(unit, str) else None
    if factor is None:
        why = f"expected seconds, minutes, hours or days, not {_clip(_show(unit))!r}"
        return Unknown("for a time in an unknown unit"), why
    if not _is_number(amount) or not 0 <= amount <= _LONGEST_WAIT // (factor * SECOND):
        return Unknown("for a time that is none"), "expected a number of them, 0 to 100 years"
    return fixed(amount * factor), None


# -- conditions ----------------------------------------------------------------------------------

_SIGNAL: Final = {
    "replied": "replied", "hasreplied": "replied", "isreplied": "replied", "reply": "replied",
    "responded": "replied", "hasresponded": "replied", "replyreceived": "replied",
    "unsubscribed": "opt_out", "isunsubscribed": "opt_out", "hasunsubscribed": "opt_out",
    "unsubscribe": "opt_out", "optout": "opt_out", "optedout": "opt_out", "hasoptedout": "opt_out",
    "isoptedout": "opt_out", "donotcontact": "opt_out", "dnc": "opt_out", "stop": "opt_out",
    "booked": "meeting_booked", "meetingbooked": "meeting_booked", "purchased": "purchased",
    "haspurchased": "purchased",
}  # fmt: skip
"""The names of fields, and the words in them, that plainly speak of a signal."""

_YES: Final = frozenset({"true", "yes", "y", "1"})
_NO: Final = frozenset({"false", "no", "n", "0"})
_POSITIVE: Final = {"equals": True, "equal": True, "contains": True, "is": True}
_NEGATIVE: Final = {"notEquals": False, "notEqual": False, "notContains": False}
_EQUAL: Final = _POSITIVE | _NEGATIVE
_FIELD: Final = re.compile(r"([A-Za-z_][\w -]*)[\"']?\]?\s*\}\}\s*$")


@struct
class _Condition:
    left: str
    operation: str
    right: str

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.left, self.operation, self.right) if part)

    @property
    def signal(self) -> tuple[str, bool] | None:
        """The signal that it asks for, and whether it holds if that came; None if not plain."""
        match = _FIELD.search(self.left[-_LONGEST_TEXT:])
        known = _SIGNAL.get(_plain(match[1])) if match else None
        if known is not None and self.operation in ("true", "false"):
            return known, self.operation == "true"
        if self.operation not in _EQUAL:
            return None
        holds = _EQUAL[self.operation]
        right = _plain(self.right)
        if known is not None and right in _YES | _NO:
            return known, holds is (right in _YES)
        said = _SIGNAL.get(right)
        return (said, holds) if said is not None else None


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _conditions(parameters: object) -> list[_Condition]:
    """The conditions of a node, of its first version or of a later one."""
    group = _at(parameters, "conditions")
    found: list[_Condition] = []
    listed = _at(group, "conditions")
    for each in listed if isinstance(listed, list) else ():
        operation = _at(each, "operator", "operation") or _at(each, "operator")
        found.append(_condition(_at(each, "leftValue"), operation, _at(each, "rightValue")))
    for kind in ("boolean", "number", "string", "dateTime"):
        listed = _at(group, kind)
        for each in listed if isinstance(listed, list) else ():
            right = _at(each, "value2")
            if right is None and kind == "boolean":
                right = False
            operation = _at(each, "operation") or "equal"
            found.append(_condition(_at(each, "value1"), operation, right))
    return found


def _condition(left: object, operation: object, right: object) -> _Condition:
    return _Condition(*(_word(part) for part in (left, operation, right)))


def _word(value: object) -> str:
    if isinstance(value, str):
        return _clip(value.removeprefix("=").strip())
    return str(value).casefold() if isinstance(value, bool | int | float) else ""


def _arm(conditions: Sequence[_Condition], any_of: bool, label: str = "") -> Arm:
    """The way that is taken if the conditions hold."""
    text = (" or " if any_of else " and ").join(each.text for each in conditions)
    asked = conditions[0].signal if len(conditions) == 1 else None
    return Arm(
        None,
        signal=asked[0] if asked else None,
        unless=asked is not None and not asked[1],
        text=_clip(label or text),
    )


def _any_of(parameters: object) -> bool:
    combined = _at(parameters, "conditions", "combinator") or _at(parameters, "combineOperation")
    return combined in ("or", "any")


def _if_arms(box: _Box) -> list[Arm]:
    yes = _arm(_conditions(box.parameters), _any_of(box.parameters))
    text = _clip(f"not: {yes.text}") if yes.text else "false"
    no = replace(yes, unless=yes.signal is not None and not yes.unless, text=text)
    return [replace(yes, text=yes.text or "true"), no]


def _switch_arms(box: _Box, outputs: int) -> list[Arm]:
    rules = _at(box.parameters, "rules", "values")
    arms: list[Arm] = []
    for rule in rules if isinstance(rules, list) else ():
        arms.append(_arm(_conditions(rule), _any_of(rule), _text(_at(rule, "outputKey")) or ""))
    if not arms:  # another version, or an expression that says the number of the output
        arms = [Arm(None, text=f"output {index + 1}") for index in range(outputs)]
    elif len(arms) < outputs:
        return [*arms, Arm(None, text="no rule fits")]
    if box.parameters.get("mode") == "expression" or _falls_back(box):
        return arms
    return [*arms, Arm(None, text="no rule fits")]


def _falls_back(box: _Box) -> bool:
    """Whether one of the outputs takes what no rule fits."""
    fallback = _at(box.parameters, "options", "fallbackOutput")
    if fallback is None:
        fallback = box.parameters.get("fallbackOutput", -1)
    return _is_number(fallback) and fallback >= 0
