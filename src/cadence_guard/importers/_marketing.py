"""What the readers of marketing tools have in common: one flow while it is read."""

from __future__ import annotations

from collections.abc import Iterable

from cadence_guard.cadence import Cadence, Label, Node, NotUnderstood, Unknown, Where
from cadence_guard.importers._values import some


class Gathered:
    """What was read of a flow so far: its nodes, its waits by name, what is not understood, and of
    which nodes what is taken for granted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: dict[str, Node] = {}
        self.waits: list[Label] = []
        self.unknown: list[NotUnderstood] = []
        self.granted: dict[str, list[str]] = {}

    def missed(self, what: str, where: Where, why: str) -> None:
        """Keeps what could not be read."""
        self.unknown.append(NotUnderstood(what, where, why))

    def unknown_wait(self, what: str, where: Where, why: str) -> Unknown:
        """The wait that stands for one that could not be read."""
        self.missed(what, where, why)
        return Unknown(why)

    def assume(self, text: str, label: str) -> None:
        """Takes something for granted of a node. In the text, `{those}` are all such nodes and
        `{name}` is the flow."""
        self.granted.setdefault(text, []).append(label)

    def whole(
        self, where: Where, start: str | None, *, kept_back: bool, assumes: Iterable[str] = ()
    ) -> Cadence:
        """The cadence of it all. `kept_back`: the tool sends nothing after an unsubscription."""
        granted = (
            text.format(those=some(labels), name=repr(self.name))
            for text, labels in self.granted.items()
        )
        return Cadence(
            self.name,
            where,
            self.nodes,
            start,
            purpose="marketing",
            exits=frozenset(("opt_out",)) if kept_back else frozenset(),
            labels=tuple(self.waits),
            unknown=tuple(self.unknown),
            assumes=(*assumes, *granted),
        )
