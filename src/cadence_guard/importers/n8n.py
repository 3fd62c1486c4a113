"""Workflows of n8n: nodes wired by name, each trigger an entry.

One contact is followed through the graph, as an item of data is. A loop over items is a loop over
contacts, so the contact goes through it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

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
    Where,
    fixed,
)
from cadence_guard.importers._addresses import Hidden, Sends
from cadence_guard.importers._labels import label_seconds
from cadence_guard.importers._n8n_boxes import Box, at
from cadence_guard.importers._n8n_conditions import if_arms, switch_arms
from cadence_guard.importers._n8n_files import is_workflow, recognises, workflows
from cadence_guard.importers._n8n_nodes import effect, literal
from cadence_guard.importers._n8n_waits import wait_of
from cadence_guard.importers._n8n_wires import LOOKS, Targets, Wires
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import Ids, named, seconds_of, text
from cadence_guard.instants import MINUTE

__all__ = ["FORMAT", "read", "recognises"]

FORMAT: Final = "n8n"

_THROTTLE: Final = 5 * MINUTE
"""A shorter wait spaces calls to a service; it is no schedule."""

_RECURRING: Final = frozenset({"scheduletrigger", "cron", "interval"})


def read(source: Source) -> CadenceFile:
    """The cadences of the workflows: one for each trigger that reaches something that sends.

    Raises CadenceError, with the place, where nodes or connections are none.
    """
    cadences: list[Cadence] = []
    for where, data in workflows(source.data):
        if not is_workflow(data):
            raise source.error(where, "expected a workflow of n8n, with nodes and connections")
        cadences += _Workflow(source, where, data).cadences()
    return CadenceFile(FORMAT, named(cadences))


class _Workflow(Wires):
    """One workflow, on its way from boxes and wires to cadences."""

    def __init__(self, source: Source, where: Where, data: Mapping[str, Any]) -> None:
        super().__init__(source, where, data)
        self.name = text(data.get("name")) or text(at(data, "meta", "name")) or "workflow"
        self.made: dict[str, Node] = {}
        self.said: dict[str, NotUnderstood] = {}
        self.labels: dict[str, Label] = {}
        self.assumed: dict[str, str] = {}
        self.fans: list[tuple[str, Box]] = []
        self.ids: dict[tuple[str, str], str] = {}
        self.taken = Ids(self.boxes)
        wired = {target for name in self.outs for target in self.next(name)}
        hung = {tool for tools in self.tools.values() for tool in tools}
        self.only_tools = {name for name in hung - wired if not self.next(name)}
        self.holders: dict[str, str] = {}
        self.hands = self._hands()
        for box in self.boxes.values():
            if box.name not in self.only_tools:
                self._make(box)
        self._one_by_one()
        self._settle()

    # -- from boxes to nodes ---------------------------------------------------------------------

    def _id(self, name: str, suffix: str) -> str:
        """The id of a node that a box needs besides the one of its own name."""
        if (name, suffix) not in self.ids:
            self.ids[name, suffix] = self.taken.fresh(f"{name} ({suffix})")
        return self.ids[name, suffix]

    def _head(self, name: str) -> str:
        """The first of the nodes of a box."""
        box = self.boxes[name]
        if box.disabled or not (box.error_output or name in self.hands):
            return name
        if self._may_fail(box):
            return self._id(name, "error output")
        tools = self.hands.get(name)
        return self._tool_id(tools[0], name) if tools else name

    def _may_fail(self, box: Box) -> bool:
        """Whether it sends, and has another way for when that fails."""
        outputs = self.outs.get(box.name, ())
        return box.error_output and len(outputs) > 1 and isinstance(self._effect(box), Sends)

    def _effect(self, box: Box) -> Sends | Hidden | None:
        return effect(box.kind, box.parameters)

    def _hands(self) -> dict[str, list[str]]:
        """For each agent the tools, its own and those of agents among them, that may send."""
        hands: dict[str, list[str]] = {}
        looks = LOOKS
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
                self.too_many(self.boxes[agent], "tools")
                break
        return hands

    def _tool_id(self, tool: str, agent: str) -> str:
        """A tool in the hands of one agent has its own name."""
        if tool in self.only_tools and self.holders.setdefault(tool, agent) == agent:
            return tool
        return self._id(tool, agent)

    def _together(self, box: Box, suffix: str, targets: Targets) -> str | None:
        """The one node that stands for all that an output is wired to."""
        heads = [
            self._id(target, "done") if (box.name, target) in self.back else self._head(target)
            for target, _ in targets
        ]
        if len(heads) < 2:
            return heads[0] if heads else None
        key = self._id(box.name, suffix)
        self.made[key] = Fan(key, box.named_at, tuple(heads))
        self.fans.append((key, box))
        return key

    def _one_by_one(self) -> None:
        """Tells of ways beside each other of which one waits: n8n follows them one after the other,
        so that the next ones wait, too, and by the place of their nodes on the screen.
        Source: https://docs.n8n.io/flow-logic/execution-order/
        """
        looks = LOOKS
        if not {Pause, Step} <= {type(node) for node in self.made.values()}:
            return
        for key, box in self.fans:
            waiting, making = set[int](), set[int]()
            for number, head in enumerate(_ways(self.made[key])):
                way = self._walk(head, key) if head is not None and looks > 0 else ()
                looks -= len(way)
                waiting.update(number for one in way if isinstance(self.made[one], Pause))
                making.update(number for one in way if isinstance(self.made[one], Step))
            if looks <= 0 or (waiting and making and len(waiting | making) > 1):
                why = "n8n takes its ways one after the other, each after the waits of those before"
                self.said[key] = NotUnderstood(f"ways out of {box.name!r}", box.named_at, why)

    def _pass(self, key: str, box: Box, then: str | None) -> None:
        """A node at which nothing happens that the contact would notice."""
        self.made[key] = Fan(key, box.named_at, () if then is None else (then,))

    def _make(self, box: Box) -> None:
        name, where = box.name, box.named_at
        outputs = self.outs.get(name, [])
        first = outputs[0] if outputs else []
        if box.short == "wait":
            self._make_wait(box, self._together(box, "then", first))
        elif box.disabled:
            self._pass(name, box, self._together(box, "then", first))
        elif box.is_loop:
            self._make_loop(box)
        elif isinstance(sends := self._effect(box), Sends):
            self._make_step(box, sends, outputs)
        else:
            if sends is not None:
                self.said[name] = NotUnderstood(f"node {name!r} ({box.kind})", where, sends.why)
            self._make_quiet(box, outputs)
        if not box.disabled:
            self._make_tools(box)

    def _make_wait(self, box: Box, then: str | None) -> None:
        name, where = box.name, box.named_at
        wait, wrong = (fixed(0), None) if box.disabled else wait_of(box, self.zone_name)
        seconds = seconds_of(wait)
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

    def _make_step(self, box: Box, sends: Sends, outputs: list[Targets]) -> None:
        name, where = box.name, box.named_at
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

    def _answer(self, box: Box, then: str | None) -> str:
        key = self._id(box.name, "answer")
        why = "until somebody answers the message"
        self.made[key] = Pause(key, box.named_at, Unknown(why), then)
        return key

    def _make_quiet(self, box: Box, outputs: list[Targets]) -> None:
        name, where = box.name, box.named_at
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

    def _make_loop(self, box: Box) -> None:
        each, done = self.loop(box)
        self._pass(box.name, box, self._together(box, "each", each))
        if each:
            self.assumed[box.name] = (
                f"the items of {box.name!r} are different contacts; each goes through it once"
            )
        key = self._id(box.name, "done")
        why = "until the loop is through with the other contacts"
        then = self._together(box, "all done", done)
        self.made[key] = Pause(key, box.named_at, Unknown(why), then)

    def _make_tools(self, box: Box) -> None:
        """What the tools of an agent may do, one after the other, before the agent is done."""
        ids = [(tool, self._tool_id(tool, box.name)) for tool in self.hands.get(box.name, ())]
        thens = (*(key for _, key in ids[1:]), box.name)
        for (tool, key), then in zip(ids, thens, strict=False):
            hung = self.boxes[tool]
            does = self._effect(hung)
            if isinstance(does, Sends):
                self.made[key] = Step(key, hung.named_at, does.channel, then, possible=True)
            else:
                assert does is not None  # what does nothing is in nobody's hands
                self._pass(key, hung, then)
                what = f"tool {tool!r} ({hung.kind})"
                self.said[key] = NotUnderstood(what, hung.named_at, does.why)

    def _arms(self, box: Box, outputs: list[Targets]) -> list[Arm] | None:
        """The ways out of a node that takes one of several; None if there is but one."""
        if box.short == "if":
            return if_arms(box)
        if box.short == "filter":
            passes, drops = if_arms(box)
            return [passes, replace(drops, text="it is filtered out")]
        if box.short == "switch":
            if at(box.parameters, "options", "allMatchingOutputs") is True:
                self.said[box.name] = NotUnderstood(
                    f"node {box.name!r}",
                    box.named_at,
                    "may take several outputs at once; it is read as if it took one",
                )
            return switch_arms(box, len(outputs))
        if any(outputs[1:]):
            arms = [Arm(None, text=f"output {index + 1}") for index in range(len(outputs))]
            if box.error_output:
                arms[-1] = Arm(None, text="it fails")
            return arms
        return None

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
            key: _led(node, self._end)
            for key, node in self.made.items()
            if self.goes.get(key) == key
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

    def _end(self, then: str | None) -> str | None:
        return self.goes[then] if then is not None and then in self.live else None

    def _entries(self) -> list[Box]:
        """The triggers, or where the workflow begins if it has none."""
        boxes = [box for box in self.boxes.values() if box.name not in self.only_tools]
        triggers = [box for box in boxes if box.is_trigger]
        if awake := [box for box in triggers if not box.disabled]:
            return awake
        if triggers:
            return triggers
        inner = {target for name in self.outs for target in self.next(name)}
        return [box for box in boxes if box.name not in inner]

    def _walk(self, start: str, end: str | None = None) -> set[str]:
        """The nodes reached from one, not by way of `end`."""
        seen = {start}
        rest = [start]
        while rest:
            for then in _ways(self.made[rest.pop()]):
                if then is not None and then != end and then not in seen:
                    seen.add(then)
                    rest.append(then)
        return seen

    def cadences(self) -> list[Cadence]:
        """The cadences: one for each entry that reaches a touch, or what may hide one."""
        flows: dict[str, tuple[list[Box], set[str]]] = {}
        seen: set[str] = set()
        looks = LOOKS
        for box in self._entries():
            if looks <= 0:
                self.too_many(box, "triggers")
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
        self, entry: Box | None, boxes: Sequence[Box], reached: Iterable[str], *, alone: bool
    ) -> Cadence:
        reached = sorted(reached, key=self.place.__getitem__)
        nodes = {key: self.kept[key] for key in reached if key in self.kept}
        for key, node in nodes.items():  # what nothing reaches may lead into another cadence
            if not all(then is None or then in nodes for then in _ways(node)):
                nodes[key] = _led(node, lambda then: then if then in nodes else None)
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


def _led(node: Node, end: Callable[[str | None], str | None]) -> Node:
    """The node, leading to where `end` says that each of its ways leads."""
    if isinstance(node, Fan):
        ends = map(end, node.thens)
        return replace(node, thens=tuple(then for then in ends if then is not None))
    if isinstance(node, Branch):
        return replace(node, arms=tuple(replace(arm, then=end(arm.then)) for arm in node.arms))
    assert isinstance(node, Step | Pause)
    return replace(node, then=end(node.then))


def _of(things: Mapping[str, Any], ids: Iterable[str]) -> list[Any]:
    return [things[key] for key in ids if key in things]


def _has_times(nodes: Mapping[str, Node]) -> bool:
    """Whether a wait among them is one that a schedule is made of."""
    waits = [node.wait for node in nodes.values() if isinstance(node, Pause)]
    return any(not isinstance(wait, Elapsed) or wait.low >= _THROTTLE for wait in waits)
